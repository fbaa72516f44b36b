"""Retrying failed letters: their drafts do not expire meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.models import NewsState, Occasion, OutboxProgress, OutboxRow
from app.outbox.status import retry
from tests.factories import drafts, sign
from tests.mail_server import MailServer, free_port
from tests.updates.conftest import Make, agree, make_news, set_state

__all__ = ["make_news"]


@pytest.mark.both_databases
def test_a_draft_does_not_expire_while_its_failed_letter_waits_for_a_retry(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    work: Callable[[], int],
    runner: FlaskCliRunner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mail_server.answer = lambda recipient: "550 5.7.1 not from you"
    sign(client)
    work()
    assert drafts(app)[0].expires_at is not None
    runner.invoke(args=["outbox", "retry"])

    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    runner.invoke(args=["signatures", "purge"])
    assert [draft.expires_at for draft in drafts(app)] == [None]
    mail_server.answer = lambda recipient: None
    work()
    assert len(mail_server.letters) == 1


@pytest.mark.postgresql_alone
def test_it_waits_for_no_letter_that_a_worker_holds_or_each_could_wait_for_the_other(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int],
    runner: FlaskCliRunner,
) -> None:  # fmt: skip
    mail_server.answer = lambda recipient: "451 later"
    for who in ("ann", "bob"):
        sign(client, email=f"{who}@example.org")
    work()
    operator = ThreadPoolExecutor(1)
    with app.app_context(), transaction() as session:
        session.execute(select(OutboxRow.id).order_by(OutboxRow.id).limit(1).with_for_update())
        assert operator.submit(runner.invoke, args=["outbox", "retry"]).result(30).output == "1 due now\n"
    assert runner.invoke(args=["outbox", "retry"]).output == "1 due now\n"


@pytest.mark.both_databases
def test_the_command_says_why_letters_cannot_be_sent(
    app: Flask, client: FlaskClient, petition: str, runner: FlaskCliRunner
) -> None:
    sign(client)
    state = app.extensions["mail"]
    state.port = free_port()
    refused = runner.invoke(args=["outbox", "work", "--once"])
    assert refused.exit_code == 1
    assert "e-mails wait: no connection" in refused.output

    state.server = None
    runner.invoke(args=["outbox", "retry"])
    assert "no mail server is set: see MAIL_SERVER" in runner.invoke(args=["outbox", "work", "--once"]).output


@pytest.mark.both_databases
def test_failed_news_is_tried_again_while_it_is_being_sent_alone_or_it_would_wait_for_ever(
    app: Flask,
    mail_server: MailServer,
    work: Callable[[], int],
    make_news: Make,
) -> None:
    mail_server.answer = lambda recipient: "554 5.3.0 broken"
    agree(app, "ann@example.org")
    make_news()
    work()
    of_news = select(OutboxRow.progress).where(OutboxRow.occasion == Occasion.NEWS)
    for state in (NewsState.SENT, NewsState.CANCELLED):
        set_state(app, state)
        with app.app_context():
            assert retry() == 0
            assert db.session.scalars(of_news).all() == [OutboxProgress.FAILED]
    set_state(app, NewsState.SENDING)
    with app.app_context():
        assert retry() == 1
        assert db.session.scalars(of_news).all() == [OutboxProgress.WAITING]
