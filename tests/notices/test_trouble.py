"""Trouble is told once a day: an attack, e-mails that do not arrive, "it was not me"; and nothing of one mailbox."""

import os
from collections.abc import Mapping
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.db import transaction
from app.models import Clue, Draft, Occasion, OutboxProgress, ProviderPace, Role, Signature, Suspicion
from app.outbox.enqueue import new_letter
from app.outbox.quota import ALL
from tests.factories import make_draft, make_petition, make_signature
from tests.notices.conftest import NOON, declined_is, petition_id, subjects, tell
from tests.organisers.people import OWNER, letters_to_organisers, make_organiser

pytestmark = pytest.mark.both_databases
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ATTACK, MAIL, OBJECTION = (
    "owner: Many signatures or forms at once",
    "owner: E-mails to signers do not arrive",
    "owner: People say “it was not me”",
)


@pytest.fixture(autouse=True)
def _owner(app: Flask, petition: str) -> None:
    make_organiser(app, OWNER, Role.OWNER)


def suspect(app: Flask, clue: Clue, **columns: object) -> None:
    """Let one more signature be pointed out."""
    public_id = make_signature(app, email=f"{os.urandom(4).hex()}@example.org")
    with app.app_context(), transaction() as session:
        signature_id = session.scalars(select(Signature.id).where(Signature.public_id == public_id)).one()
        session.add(Suspicion(signature_id=signature_id, petition_id=petition_id(app), clue=clue, **columns))


def queue(app: Flask, number: int, **columns: object) -> None:
    """Queue so many e-mails to signers, with these columns."""
    with app.app_context(), transaction() as session:
        for _ in range(number):
            session.execute(new_letter(Occasion.SIGNED, NOON - 2 * HOUR, petition_id(app)).values(columns))


def test_a_burst_is_told_once_a_day(app: Flask) -> None:
    suspect(app, Clue.INSTANT, since=NOON)
    suspect(app, Clue.NETWORK, since=NOON, dismissed_at=NOON)
    assert tell(app, NOON) == 0, "confirmed at once, or looked at already"
    suspect(app, Clue.NETWORK, since=NOON)
    told = [tell(app, NOON + minutes * timedelta(minutes=1)) for minutes in (0, 1, 60)]
    suspect(app, Clue.DOMAIN, since=NOON + HOUR)
    told.append(tell(app, NOON + HOUR))
    suspect(app, Clue.DOMAIN, since=NOON + DAY)
    told.append(tell(app, NOON + DAY))
    assert told == [1, 0, 0, 0, 1]
    assert subjects(app) == [ATTACK] * 2
    assert "/signatures" in letters_to_organisers(app)[-1]


def test_a_burst_just_before_midnight_is_not_told_again_after_it(app: Flask) -> None:
    midnight = NOON + timedelta(hours=12)
    suspect(app, Clue.NETWORK, since=midnight - timedelta(minutes=1))
    assert [tell(app, midnight - timedelta(seconds=30)), tell(app, midnight + timedelta(seconds=30))] == [1, 0]


def multiply(app: Flask, numbers: Mapping[type[Draft | Signature], int], **then: object) -> None:
    """Add so many rows like the first of each table, with these columns."""
    with app.app_context(), transaction() as session:
        for model, number in numbers.items():
            row = session.scalars(select(model)).first()
            kept = {column.key for column in model.__table__.columns} - {"id", "public_id", "email_key"}
            values = {name: getattr(row, name) for name in kept} | then
            more = [{**values, "public_id": os.urandom(16), "email_key": os.urandom(32)} for _ in range(number)]
            session.add_all(model(**one) for one in more)


@pytest.mark.parametrize(("unconfirmed", "confirmed", "told"), [(99, 0, 0), (100, 0, 1), (100, 19, 1), (100, 20, 0)])
def test_many_forms_that_nobody_confirms_are_told(app: Flask, unconfirmed: int, confirmed: int, told: int) -> None:
    make_draft(app)
    make_signature(app, email="bob@example.org")
    then = NOON - timedelta(minutes=90)
    multiply(app, {Draft: unconfirmed, Signature: confirmed}, signed_at=then, network_key=b"k" * 32)
    assert tell(app, NOON) == told
    assert subjects(app) == [ATTACK] * told


def test_neither_old_forms_nor_other_petitions_signatures_count_as_a_flood_or_against_one(app: Flask) -> None:
    make_draft(app)
    make_signature(app, make_petition(app, slug='"another"'), email="bob@example.org")
    then, before = NOON - timedelta(minutes=90), NOON - timedelta(hours=5)
    multiply(app, {Draft: 200}, signed_at=before, domain_key=b"d" * 32)
    assert tell(app, NOON) == 0
    multiply(app, {Draft: 100, Signature: 30}, signed_at=then, domain_key=b"d" * 32)
    assert tell(app, NOON) == 1


def test_e_mails_that_wait_for_more_than_an_hour_are_told_once_a_day(app: Flask) -> None:
    queue(app, 9)
    assert tell(app, NOON) == 0, "few, as of one mail server that is slow"
    queue(app, 9, priority=2)
    assert tell(app, NOON) == 0, "those refused for now, as made-up addresses are"
    queue(app, 1, queued_at=NOON - timedelta(minutes=59))
    assert tell(app, NOON) == 0, "not for so long"
    assert tell(app, NOON + timedelta(minutes=2)) == 1
    assert tell(app, NOON + timedelta(minutes=3)) == 0
    assert tell(app, NOON + DAY) == 1
    assert subjects(app) == [MAIL] * 2
    assert "waited for more than an hour" in letters_to_organisers(app)[0]


def test_where_all_e_mails_of_the_site_wait_a_single_one_is_enough_and_it_says_until_when(app: Flask) -> None:
    queue(app, 1)
    with app.app_context(), transaction() as session:
        session.merge(
            ProviderPace(provider_key=ALL, next_at=NOON, queue_end=NOON, paused_until=NOON + HOUR, reply="421 4.7.0")
        )
    assert tell(app, NOON) == 1
    assert "The mail server refuses all e-mails. The next are tried on" in letters_to_organisers(app)[0]


@pytest.mark.parametrize(("failed", "sent", "told"), [(9, 0, 0), (10, 0, 1), (10, 89, 1), (10, 90, 0)])
def test_many_e_mails_that_fail_are_told(app: Flask, failed: int, sent: int, told: int) -> None:
    queue(app, failed, progress=OutboxProgress.FAILED, ended_at=NOON - timedelta(minutes=1))
    queue(app, sent, progress=OutboxProgress.SENT, ended_at=NOON - timedelta(minutes=1))
    assert tell(app, NOON) == told
    assert subjects(app) == [MAIL] * told


def test_those_who_decline_are_told_in_tens_and_at_most_once_a_day(app: Flask) -> None:
    declined_is(app, 10, NOON)
    assert [tell(app, NOON), tell(app, NOON)] == [1, 0]
    declined_is(app, 30, NOON)
    assert [tell(app, NOON + HOUR), tell(app, NOON + DAY), tell(app, NOON + 2 * DAY)] == [0, 1, 0]
    declined_is(app, 20, NOON)
    assert tell(app, NOON + 3 * DAY) == 0
    declined_is(app, 30, NOON)
    assert tell(app, NOON + 4 * DAY) == 0
    assert subjects(app) == [OBJECTION] * 2
    assert "about 30 so far" in letters_to_organisers(app)[1]


def test_one_who_declines_is_not_told(app: Flask) -> None:
    declined_is(app, 0, NOON)
    assert tell(app, NOON) == 0
