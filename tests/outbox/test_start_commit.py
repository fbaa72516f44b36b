"""The end of an e-mail that must never come twice follows while its mark is being committed, not after it."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db import transaction
from app.outbox import send_once
from app.outbox.enqueue import UNCERTAIN
from app.outbox.start_commit import start_commit
from tests.outbox.at_the_dot import Server, Work, make_due, rows

pytestmark = pytest.mark.postgresql_alone

COMMITS = """
CREATE SEQUENCE commits;
CREATE FUNCTION hinder() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER hinder AFTER UPDATE ON outbox DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.progress = 'waiting' AND NEW.progress = 'sent') EXECUTE FUNCTION hinder();
"""


@pytest.fixture
def hinder_commits(app: Flask) -> Iterator[Callable[[str], None]]:
    """Let PostgreSQL do something when a transaction is committed that marks an e-mail as sent."""

    def execute(statements: str) -> None:
        with app.app_context(), transaction() as session:
            session.execute(text(statements))

    yield lambda how: execute(COMMITS % how)
    execute("DROP FUNCTION hinder CASCADE; DROP SEQUENCE commits")


def test_the_end_follows_while_the_mark_is_being_committed(
    app: Flask, server: Server, work: Work, hinder_commits: Callable[[str], None]
) -> None:
    """Else a worker that is killed while it waits for the database has marked as sent what the server never got."""
    hinder_commits("PERFORM pg_sleep(1);")
    seen: list[str] = []
    server.at_the_dot = lambda: seen.extend(row[0] for row in rows(app)) or b"250 taken"  # type: ignore[func-returns-value]
    work()
    assert seen == ["waiting", "waiting", "sent", "waiting"]
    assert rows(app) == [("sent", "", 1)] * 2


@pytest.mark.parametrize(
    "how", ["RAISE EXCEPTION 'no';", "PERFORM pg_terminate_backend(pg_backend_pid());"], ids=["refused", "broken off"]
)
def test_a_commit_that_fails_behind_the_end_is_made_again_and_nothing_is_sent_twice(
    app: Flask, server: Server, work: Work, hinder_commits: Callable[[str], None], how: str
) -> None:
    hinder_commits(f"IF nextval('commits') = 1 THEN {how} END IF;")
    work()
    make_due(app)
    work()
    assert rows(app) == [("sent", "", 1), ("sent", UNCERTAIN, 1)]
    assert len(server.taken) == 2


def test_where_the_commit_cannot_be_started_nothing_is_sent_and_it_is_tried_again(
    app: Flask, server: Server, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_the_connection(session: Session) -> Callable[[], None]:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.close()
        return start_commit(session)

    with monkeypatch.context() as patched:
        patched.setattr(send_once, "start_commit", lose_the_connection)
        with pytest.raises(OperationalError):
            work()
    assert server.taken == []
    assert rows(app) == [("waiting", "", 0)] * 2
    make_due(app)
    work()
    assert rows(app) == [("sent", "", 1)] * 2
    assert len(server.taken) == 2
