"""Nobody is reminded at a mailbox that an e-mail came back from."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.bounces.apply import take
from app.bounces.verdict import Kind
from app.confirmation.remind import queue_reminders
from tests.bounces.conftest import coming_back, sent
from tests.bounces.worked_forms import postfix
from tests.confirmation.test_remind import let_pass
from tests.mail_server import MailServer

__all__ = ["sent"]
pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize("is_queued_before", [False, True])
def test_a_mailbox_that_is_not_there_gets_no_reminder(
    app: Flask, sent: Callable[..., str], mail_server: MailServer, work: Callable[[], int], is_queued_before: bool
) -> None:
    sent("gone@example.org")
    bounce = coming_back(app, postfix("550 5.1.1 <gone@example.org>: User unknown"))
    sent("there@example.org")
    let_pass(app, days=1)
    with app.app_context():
        if is_queued_before:
            assert queue_reminders() == 2
        assert take(bounce) == Kind.HARD
    mail_server.reset()
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["there@example.org"]
