"""What must never come twice is marked as sent before the mail server has its end; whatever happens there is told."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.db import transaction
from app.email.render import Rendered
from app.models import News, NewsState, PauseReason, Petition
from app.outbox import send_once
from app.outbox.enqueue import UNCERTAIN
from app.updates import letter
from app.updates.queue import send_news
from app.updates.write import Written
from tests.factories import make_petition
from tests.outbox.at_the_dot import Server, Work, make_due, rows
from tests.site import wait_until
from tests.updates.conftest import Make, agree

pytestmark = pytest.mark.both_databases


def test_it_is_marked_before_the_server_has_its_end(app: Flask, server: Server, work: Work) -> None:
    sent, waiting, doubtful = ("sent", "", 1), ("waiting", "", 0), ("sent", UNCERTAIN, 1)
    expected = [[doubtful, waiting], sorted([sent, doubtful])]
    seen: list[list[tuple[str, str, int]]] = []

    def look() -> bytes:
        wait_until(lambda: rows(app) == expected[len(seen)])  # on PostgreSQL the commit is on its way
        seen.append(rows(app))
        return b"250 taken"

    server.at_the_dot = look
    work()
    assert seen == expected
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
    make_news: Make,
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
