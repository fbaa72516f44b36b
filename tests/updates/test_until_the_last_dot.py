"""Who gets no news although it was queued, or was to be: whose mailbox turns out not to be there, or who came late."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from app import clock
from app.db import transaction
from app.models import NewsState, Returned
from app.outbox.bounced import end_emails
from app.updates import queue
from tests.mail_server import MailServer
from tests.updates.conftest import Make, agree, stored

pytestmark = pytest.mark.both_databases
Work = Callable[[], int]


def test_what_comes_back_while_an_e_mail_is_handed_over_holds_it_back(
    app: Flask, make_news: Make, mail_server: MailServer, work: Work
) -> None:
    agree(app, "ann@example.org", "bo@example.org")
    make_news()

    def come_back() -> None:
        with app.app_context(), transaction() as session:
            end_emails(session, "ann@example.org", Returned.HARD, clock.now(), timedelta(0))

    with ThreadPoolExecutor(1) as reader:

        def come_back_meanwhile(recipient: str) -> None:
            if recipient == "ann@example.org":
                reader.submit(come_back).result()

        mail_server.answer = come_back_meanwhile
        work()
        work()
    assert [letter["To"] for letter in mail_server.letters] == ["bo@example.org"]


def test_who_confirms_after_it_began_gets_none_though_others_still_wait_to_be_queued(
    app: Flask, make_news: Make, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "WINDOW", 1)
    agree(app, "ann@example.org", "bo@example.org")
    make_news()
    work()
    agree(app, "late@example.org")
    for _ in range(4):
        work()
    assert stored(app).state == NewsState.SENT
    assert sorted(letter["To"] for letter in mail_server.letters) == ["ann@example.org", "bo@example.org"]
