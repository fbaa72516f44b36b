"""Retrying failed letters: their drafts do not expire meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from app import clock
from tests.factories import drafts, sign
from tests.mail_server import MailServer, free_port

pytestmark = pytest.mark.both_databases


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


def test_the_command_says_why_letters_cannot_be_sent(
    app: Flask, client: FlaskClient, petition: str, runner: FlaskCliRunner
) -> None:
    sign(client)
    state = app.extensions["mail"]
    state.port = free_port()
    refused = runner.invoke(args=["outbox", "work", "--once"])
    assert refused.exit_code == 1
    assert "letters wait: no connection" in refused.output

    state.server = None
    runner.invoke(args=["outbox", "retry"])
    assert "no mail server is set: see MAIL_SERVER" in runner.invoke(args=["outbox", "work", "--once"]).output
