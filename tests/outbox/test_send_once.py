"""What must never come twice is marked as sent before the mail server has its end; whatever happens there is told."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import IO, Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.email.render import Rendered
from app.models import News, NewsState, OutboxRow, PauseReason, Petition
from app.outbox import send_once
from app.outbox.enqueue import UNCERTAIN
from app.updates import letter
from app.updates.queue import send_news
from app.updates.write import Written
from tests.factories import make_petition
from tests.updates.conftest import Make, agree, make_news  # noqa: F401 - a fixture

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]


class Server:
    """A mail server that does `at_the_dot` what it is told, and else takes everything."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.at_the_dot: Callable[[], bytes | None] = lambda: b"250 taken"
        self.before_the_dot: Callable[[], None] = lambda: None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                self._converse(connection, lines)

    def _converse(self, connection: socket.socket, lines: IO[bytes]) -> None:
        connection.sendall(b"220 here\r\n")
        for line in lines:
            if line[:4].upper() != b"DATA":
                connection.sendall(b"250 ok\r\n")
                continue
            connection.sendall(b"354 go on\r\n")
            content = b""
            for part in lines:
                if part == b".\r\n":
                    break
                content += part
            else:
                return  # it hung up before the end: nothing was taken
            answer = self.at_the_dot()
            if answer is None or answer.startswith(b"250"):
                self.taken.append(content)
            if answer is None:
                return
            connection.sendall(answer + b"\r\n")

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server(app: Flask, make_news: Make) -> Iterator[Server]:  # noqa: F811
    """The server that the worker sends to; news to two signers waits."""
    agree(app, "ann@example.org", "bo@example.org")
    make_news()
    with app.app_context():
        assert send_news() == 2
    server = Server()
    app.extensions["mail"].port = server.port
    yield server
    server.close()


def rows(app: Flask) -> list[tuple[str, str, int]]:
    with app.app_context():
        found = db.session.execute(
            select(OutboxRow.progress, OutboxRow.reply, OutboxRow.attempts).where(OutboxRow.news_id.is_not(None))
        )
        return sorted((progress.value, reply, attempts) for progress, reply, attempts in found)


def make_due(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now(), claim=None, leased_until=None))


def test_it_is_marked_before_the_server_has_its_end(app: Flask, server: Server, work: Work) -> None:
    seen: list[list[tuple[str, str, int]]] = []
    server.at_the_dot = lambda: seen.append(rows(app)) or b"250 taken"  # type: ignore[func-returns-value]
    work()
    sent, waiting, doubtful = ("sent", "", 1), ("waiting", "", 0), ("sent", UNCERTAIN, 1)
    assert seen == [[doubtful, waiting], sorted([sent, doubtful])]
    assert rows(app) == [sent, sent]


def test_what_the_server_refuses_at_the_end_is_tried_again_or_has_failed(
    app: Flask, server: Server, work: Work
) -> None:
    answers = [b"451 4.3.0 later", b"554 5.7.1 no"]
    server.at_the_dot = lambda: answers.pop(0) if answers else b"250 taken"
    work()
    assert rows(app) == [("failed", "554 5.7.1: security or policy", 1), ("waiting", "451 4.3.0: the mail system", 1)]
    make_due(app)
    work()
    assert [row[0] for row in rows(app)] == ["failed", "sent"]
    assert len(server.taken) == 1


def test_where_the_connection_breaks_at_the_end_it_is_told_and_not_tried_again(
    app: Flask, server: Server, work: Work
) -> None:
    server.at_the_dot = lambda: None
    work()
    make_due(app)
    work()
    assert rows(app) == [("sent", UNCERTAIN, 1)] * 2
    assert len(server.taken) == 2, "none came twice"


class Killed(BaseException):
    """As a worker that is killed: nothing is recorded any more."""


def test_a_worker_that_dies_before_the_mark_has_sent_nothing_and_another_one_does(
    app: Flask, server: Server, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> list[int]:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(send_once._Hand, "_mark", die)
        patched.setattr("app.outbox.deliver.release", lambda *_: None)
        with pytest.raises(Killed):
            work()
    assert server.taken == []
    assert rows(app) == [("waiting", "", 0)] * 2
    make_due(app)
    work()
    assert len(server.taken) == 2


def test_a_pause_between_the_content_and_its_end_holds_it_back(app: Flask, server: Server, work: Work) -> None:
    marking = send_once._Hand._mark

    def pause_and_mark(hand: send_once._Hand, session: object, row_id: int, letter: object) -> list[int]:
        values = {"state": NewsState.PAUSED, "pause_reason": PauseReason.OWNER}
        session.execute(update(News).values(values))  # type: ignore[attr-defined]
        return marking(hand, session, row_id, letter)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(send_once._Hand, "_mark", pause_and_mark)
        work()
    assert server.taken == []
    assert rows(app) == [("waiting", "", 0)] * 2
    work()
    assert server.taken == [], "what is paused waits"
    with app.app_context(), transaction() as session:
        session.execute(update(News).values(state=NewsState.SENDING, pause_reason=None))
    work()
    assert len(server.taken) == 2


def test_news_that_cannot_be_laid_out_does_not_hold_up_that_of_another_petition(
    app: Flask,
    server: Server,
    work: Work,
    make_news: Make,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_petition(app, slug='"another"')
    agree(app, "cleo@example.org", slug="another")
    make_news({"en": Written("Faulty", "Words.")}, slug="another")
    render = letter.render_news

    def fail_for_one(petition: Petition, *args: Any) -> Rendered:
        if petition.slug == "another":
            raise ValueError("words that may name cleo@example.org")
        return render(petition, *args)

    monkeypatch.setattr(letter, "render_news", fail_for_one)
    with app.app_context():
        assert send_news() == 1
    work()
    *sent, (progress, reply, attempts) = rows(app)
    assert sent == [("sent", "", 1)] * 2
    assert (progress, attempts) == ("waiting", 1)
    assert reply.startswith("could not be made: ValueError at ")
    assert "cleo" not in reply
    assert len(server.taken) == 2
