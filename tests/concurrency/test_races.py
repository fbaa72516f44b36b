"""Concurrent requests and workers: exact counts, one signature per mailbox, each e-mail sent once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db import db
from app.ledger import ledger
from app.ledger.audit import audit
from app.models import Draft, LedgerEntry, Occasion, OutboxProgress, OutboxRow, Petition, Signature, State
from app.outbox import claim
from app.outbox.deliver import deliver
from app.worker import LETTERS
from tests.factories import hidden_fields, sign, verified
from tests.mail_server import MailServer, link_in

pytestmark = pytest.mark.both_databases

THREADS = 50
Result = TypeVar("Result")


def at_once(number: int, task: Callable[[int], Result]) -> list[Result]:
    """Run `task` in that many threads that all begin at the same moment; return their results."""
    barrier = threading.Barrier(number)

    def run(which: int) -> Result:
        barrier.wait()
        return task(which)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def number_of(app: Flask, *conditions: object) -> int:
    with app.app_context():
        return db.session.scalars(select(func.count()).where(*conditions)).one()  # type: ignore[arg-type]


def test_fifty_confirmations_of_one_signature_count_once(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    sign(client)
    work()
    link = link_in(mail_server.letters[0])
    answers = {"name": "Ann Example", "country": "SE", "visibility": "public", **hidden_fields(client.get(link).text)}
    statuses = at_once(THREADS, lambda _: app.test_client().post(link, data=answers).status_code)
    assert sorted(set(statuses)) == [200, 303]
    assert statuses.count(303) == 1
    assert verified(client) == 1
    assert number_of(app, LedgerEntry.id.is_not(None)) == 1
    assert number_of(app, OutboxRow.occasion == Occasion.CONFIRMED) == 1


def test_fifty_forms_from_one_mailbox_cause_at_most_three_emails_and_make_one_signature(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    def press(which: int) -> int:
        email, where = f"a.nn+{which}@gmail.com", f"198.51.100.{which}"
        return sign(app.test_client(), email=email, name=f"Ann {which}", where=where).status_code

    assert set(at_once(THREADS, press)) == {303}
    assert number_of(app, Draft.public_id.is_not(None)) == number_of(app, OutboxRow.id.is_not(None)) == THREADS
    work()
    assert len(mail_server.letters) == 3
    links = [link_in(letter) for letter in mail_server.letters]
    answers = {"name": "Ann", "country": "SE", "visibility": "public"}
    statuses = at_once(30, lambda which: app.test_client().post(links[which % 3], data=answers).status_code)
    assert statuses.count(303) == 1
    assert set(statuses) == {200, 303}
    assert verified(client) == number_of(app, Signature.id.is_not(None)) == 1
    assert number_of(app, LedgerEntry.id.is_not(None)) == 1


def test_confirmations_during_folding_are_all_counted(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    people = 24
    for which in range(people):
        sign(client, email=f"person{which}@example.org")
    work()
    links = [link_in(letter) for letter in mail_server.letters]

    def confirm_or_fold(which: int) -> None:
        if which >= people:
            with app.app_context():
                ledger.fold_all()
            return
        other = app.test_client()
        fields = hidden_fields(other.get(links[which]).text)
        other.post(links[which], data={"name": "Ann", "country": "SE", "visibility": "public", **fields})

    at_once(people + 6, confirm_or_fold)
    assert verified(client) == people
    assert number_of(app, Signature.state == State.VERIFIED) == people
    with app.app_context():
        ledger.fold_all()
        assert audit(db.session.scalars(select(Petition)).one()).sound


def test_concurrent_workers_never_claim_one_email_twice(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer
) -> None:
    for which in range(60):
        sign(client, email=f"person{which}@example.org", where=f"198.51.100.{which}")

    def work_through(_: int) -> None:
        with app.app_context():
            while deliver(LETTERS):
                pass

    at_once(4, work_through)
    recipients = [letter["To"] for letter in mail_server.letters]
    assert len(recipients) == len(set(recipients)) == 60
    assert number_of(app, OutboxRow.progress == OutboxProgress.SENT) == 60


def test_concurrent_workers_together_keep_the_mailbox_limit(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer
) -> None:
    for _ in range(12):
        sign(client)
    original, claim.BATCH_SIZE = claim.BATCH_SIZE, 1  # each takes one, so that they meet over the same mailbox
    try:

        def work_through(_: int) -> None:
            with app.app_context():
                while deliver(LETTERS):
                    pass

        at_once(6, work_through)
    finally:
        claim.BATCH_SIZE = original
    assert len(mail_server.letters) == 3
