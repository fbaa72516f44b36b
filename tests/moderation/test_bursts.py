"""Bursts: pointed out from their threshold on, without changing anything."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app import jobs
from app.db import db, transaction
from app.ledger import ledger
from app.models import BURSTS, TOO_SOON, AuditEntry, Clue, Draft, Signature, State, Suspicion
from app.moderation import bursts
from app.moderation.bulk import dismiss, preview, suspected
from app.signers.withdraw import withdraw
from app.signing import traces
from app.watching.selection import ANY, Selection
from tests.confirmation.test_confirm import link_of
from tests.factories import drafts, make_draft, press_confirm, sign, signatures, verified
from tests.mail_server import MailServer, link_in
from tests.moderation.act import counted, invalidated, restored
from tests.moderation.conftest import TODAY
from tests.watching.people import NOON, add_people, petition_id_of

pytestmark = pytest.mark.both_databases

KEYS = {Clue.NETWORK: Signature.network_key, Clue.DOMAIN: Signature.domain_key}
EACH = pytest.mark.parametrize("clue", BURSTS)


def trace(app: Flask, people: Sequence[bytes], clue: Clue, key: bytes = b"k" * 32) -> None:
    """Give these signatures the trace of one network or domain."""
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).where(Signature.public_id.in_(people)).values({KEYS[clue]: key}))


def group(app: Flask, clue: Clue, number: int, lasting: timedelta, key: bytes = b"k" * 32) -> list[bytes]:
    """Add signatures from one place, confirmed evenly over a time that ends at noon; return their public ids."""
    apart = lasting / (number - 1)
    people = add_people(app, number, signed_at=NOON - lasting, took=timedelta(0), apart=apart)
    trace(app, people, clue, key)
    return people


def flag(app: Flask, now: datetime = NOON) -> int:
    with app.app_context():
        ledger.fold_all()
        return bursts.flag_bursts(now)


def flagged(app: Flask, clue: str = ANY) -> set[bytes]:
    """Return the public ids that an organiser's filter by clue shows."""
    with app.app_context():
        meant = Selection(clue=clue).conditions(petition_id_of())
        return set(db.session.scalars(select(Signature.public_id).where(*meant)))


@EACH
def test_a_burst_is_flagged_from_its_threshold_on(app: Flask, petition: str, clue: Clue) -> None:
    burst = BURSTS[clue]
    group(app, clue, burst.number - 1, burst.within / 2, b"a" * 32)
    group(app, clue, burst.number, burst.within + timedelta(seconds=1), b"b" * 32)
    assert flag(app) == 0
    people = group(app, clue, burst.number, burst.within, b"c" * 32)
    assert flag(app) == burst.number
    assert flagged(app) == flagged(app, clue) == set(people)


@EACH
def test_all_signatures_of_a_burst_are_flagged_and_others_are_not(app: Flask, petition: str, clue: Clue) -> None:
    burst = BURSTS[clue]
    hurried = add_people(app, burst.number + 3, signed_at=NOON - timedelta(minutes=90), took=timedelta(0))
    late = add_people(app, 2, signed_at=NOON, took=timedelta(0))
    trace(app, [*hurried, *late], clue)
    others = add_people(app, burst.number * 2, signed_at=NOON, took=timedelta(0))
    with app.app_context(), transaction() as session:
        for one in others:  # as many again, each from another place
            session.execute(update(Signature).where(Signature.public_id == one).values({KEYS[clue]: os.urandom(32)}))
    flag(app)
    assert flagged(app) == set(hurried)


@EACH
def test_a_growing_burst_is_flagged_and_no_signature_twice(app: Flask, petition: str, clue: Clue) -> None:
    first = group(app, clue, BURSTS[clue].number, timedelta(minutes=5))
    assert flag(app) == len(first)
    assert flag(app) == 0
    more = add_people(app, 2, signed_at=NOON + timedelta(seconds=5), took=timedelta(0))
    trace(app, more, clue)
    assert flag(app, NOON + timedelta(minutes=1)) == 2
    assert flagged(app) == {*first, *more}


def test_drafts_and_invalidated_signatures_do_not_count_towards_a_burst(app: Flask, petition: str) -> None:
    people = group(app, Clue.NETWORK, 9, timedelta(minutes=2))
    trace(app, add_people(app, 9, State.INVALIDATED, signed_at=NOON, took=timedelta(0)), Clue.NETWORK)
    for number in range(9):
        make_draft(app, email=f"draft{number}@example.org")
    with app.app_context(), transaction() as session:
        session.execute(update(Draft).values(signed_at=NOON, network_key=b"k" * 32))
    assert flag(app) == 0
    assert len(people) == 9


@pytest.mark.parametrize(("after", "noticed"), [(TOO_SOON - timedelta(milliseconds=1), True), (TOO_SOON, False)])
def test_confirming_within_seconds_is_flagged_and_counts(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    work: Callable[[], int],
    at: Callable[[datetime], None],
    after: timedelta,
    noticed: bool,
) -> None:
    sign(client)
    work()
    at(TODAY + after)
    assert press_confirm(client, link_in(mail_server.letters[0])).status_code == 303
    assert verified(client) == counted(app) == 1
    assert bool(flagged(app, Clue.INSTANT)) == noticed


def test_a_newer_letter_does_not_make_an_older_one_too_soon(
    app: Flask, client: FlaskClient, petition: str, work: Callable[[], int], at: Callable[[datetime], None]
) -> None:
    sign(client)
    work()
    (first,) = drafts(app)
    at(TODAY + TOO_SOON)
    sign(client)
    press_confirm(client, link_of(app, first.public_id))
    assert [one.public_id for one in signatures(app)] == [first.public_id]
    assert flagged(app) == set()


def test_confirming_before_the_letter_was_sent_is_flagged(app: Flask, client: FlaskClient, petition: str) -> None:
    sign(client)
    (draft,) = drafts(app)
    press_confirm(client, link_of(app, draft.public_id))
    assert flagged(app, Clue.INSTANT) == {draft.public_id}


@EACH
def test_flagging_does_not_change_the_count(app: Flask, client: FlaskClient, petition: str, clue: Clue) -> None:
    group(app, clue, BURSTS[clue].number, timedelta(minutes=1))
    with app.app_context():
        before = db.session.scalars(select(func.count()).select_from(AuditEntry)).one()
    assert counted(app) == BURSTS[clue].number
    flag(app)
    assert counted(app) == verified(client) == BURSTS[clue].number
    assert {one.state for one in signatures(app)} == {State.VERIFIED}
    with app.app_context():
        assert db.session.scalars(select(func.count()).select_from(AuditEntry)).one() == before


def test_a_burst_can_be_invalidated_as_a_whole_and_restored(app: Flask, petition: str) -> None:
    burst = group(app, Clue.NETWORK, 10, timedelta(minutes=1))
    add_people(app, 3)
    flag(app)
    assert invalidated(app, Selection(clue=Clue.NETWORK)) == len(burst)
    assert counted(app) == 3
    assert restored(app, Selection(clue=Clue.NETWORK)) == len(burst)
    assert counted(app) == 13


def test_a_dismissed_clue_does_not_return_but_another_may(app: Flask, petition: str) -> None:
    people = group(app, Clue.NETWORK, 20, timedelta(minutes=1))
    flag(app)
    with app.app_context():
        petition_id = petition_id_of()
        everybody = Selection(clue=Clue.NETWORK)
        fingerprint = preview(petition_id, suspected(everybody)).fingerprint
        assert dismiss(petition_id, everybody, "another", None) == 0
        assert dismiss(petition_id, everybody, fingerprint, None) == 20
        assert dismiss(petition_id, everybody, fingerprint, None) == 0
    assert flag(app) == 0 and flagged(app) == set()
    trace(app, people, Clue.DOMAIN)
    assert flag(app) == 20
    assert flagged(app, Clue.NETWORK) == set() and flagged(app, Clue.DOMAIN) == set(people)


def test_the_worker_flags_bursts_and_deletes_traces(
    app: Flask, client: FlaskClient, petition: str, at: Callable[[datetime], None]
) -> None:
    burst = group(app, Clue.NETWORK, 10, timedelta(minutes=1))
    at(NOON)
    with app.app_context():
        jobs.run_all(jobs.JOBS)
    assert flagged(app) == set(burst)
    assert all(one.network_key for one in signatures(app))
    at(NOON + traces.RETENTION + timedelta(seconds=1))
    with app.app_context():
        jobs.run_all(jobs.JOBS)
    assert {one.network_key for one in signatures(app)} == {None}
    assert flagged(app) == set(burst)


def test_withdrawing_deletes_traces_and_suspicions_for_good(app: Flask, petition: str) -> None:
    burst = group(app, Clue.NETWORK, 10, timedelta(minutes=1))
    flag(app)
    with app.app_context():
        for one in burst[:2]:
            assert withdraw(one)
    assert flagged(app) == set(burst[2:])
    gone = [one for one in signatures(app) if one.state == State.WITHDRAWN]
    assert len(gone) == 2 and {(one.network_key, one.domain_key) for one in gone} == {(None, None)}
    with app.app_context():
        ids = [one.id for one in gone]
        assert db.session.scalars(select(Suspicion).where(Suspicion.signature_id.in_(ids))).all() == []
        about = {"petition_id": petition_id_of(), "clue": Clue.NETWORK, "since": NOON}
        assert bursts._add_suspicions(ids, about) == 0
