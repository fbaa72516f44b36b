"""Kept sums equal what counting the rows says, after whatever happens to the rows, on both databases."""

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import flask_migrate
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Executable, delete, select, update
from sqlalchemy.exc import DBAPIError

from app import clock, kept_sums
from app.db import db, transaction
from app.ledger import ledger
from app.ledger.audit import audit, repair
from app.models import (
    HourSum,
    LedgerEntry,
    Occasion,
    OutboxProgress,
    OutboxRow,
    Petition,
    RecountDue,
    Signature,
    SignatureSum,
    State,
    Visibility,
)
from app.outbox.enqueue import new_letter
from app.outbox.status import status
from app.retention.erase import erase_after_closing
from app.retention.purge import purge_ended_emails
from app.signers.correct import correct
from app.signers.withdraw import withdraw
from app.signing.entry import Correction, entry_digest, find_entry
from app.watching.growth import Step, growth
from app.watching.numbers import numbers
from app.watching.selection import Selection
from app.watching.shares import choices, places
from tests.concurrency.test_races import at_once
from tests.factories import SLUG, make_petition
from tests.ledger.test_ledger import empty_all_tables
from tests.moderation.act import invalidated, restored
from tests.watching.people import add_people, petition_id_of

pytestmark = pytest.mark.both_databases

UNTOUCHED = "another-petition"


def rows_say(kind: str) -> Counter[object]:
    """Count the petition's rows one by one."""
    petition_id = petition_id_of()
    if kind == "hours":
        changed: Counter[object] = Counter()
        entries = select(LedgerEntry.at, LedgerEntry.delta).where(LedgerEntry.petition_id == petition_id)
        for at, delta in db.session.execute(entries):
            changed[at.replace(minute=0, second=0, microsecond=0)] += delta
        return changed
    if kind == "letters":
        return Counter(db.session.scalars(select(OutboxRow.progress).where(OutboxRow.petition_id == petition_id)))
    rows = db.session.scalars(select(Signature).where(Signature.petition_id == petition_id)).all()
    if kind == "states":
        return Counter(row.state for row in rows)
    return Counter(row.country for row in rows if row.state == State.VERIFIED)


def check(app: Flask) -> None:
    """Compare what pages and commands tell with what counting the rows says."""
    with app.app_context():
        petition_id, now = petition_id_of(), clock.now()
        found = numbers(petition_id, exact=True)
        states, letters = rows_say("states"), rows_say("letters")
        assert [found.verified, found.withdrawn, found.invalidated] == [states[state] for state in State]
        assert [found.sent, found.waiting] == [letters[OutboxProgress.SENT], letters[OutboxProgress.WAITING]]
        assert sum(status().numbers.values()) == letters.total()
        assert Counter(dict(places(petition_id, exact=True).countries)) == rows_say("countries")
        of_petition = (Signature.petition_id == petition_id) & (Signature.state == State.VERIFIED)
        verified = db.session.scalars(select(Signature).where(of_petition)).all()
        chosen = choices(petition_id, exact=True)
        assert chosen.updates == sum(row.updates for row in verified)
        assert Counter(chosen.visibilities) == Counter(row.visibility for row in verified)
        curve = growth(petition_id, Step.HOUR, now - timedelta(days=9), now, found.verified)
        hours = rows_say("hours")
        assert [step.net for step in curve] == [hours[step.begins] for step in curve]
        assert audit(db.session.get_one(Petition, petition_id)).sound
        assert places(petition_id_of(UNTOUCHED), exact=True).countries == [("DK", 1)]


def play(app: Flask, act: str, country: str) -> None:
    if act == "sign":
        add_people(app, 2, country=country, language="sv", signed_at=clock.now() - timedelta(hours=3))
    elif act in {"invalidate", "restore"}:
        (invalidated if act == "invalidate" else restored)(app)
    with app.app_context():
        petition = db.session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
        if act in UPKEEP:
            UPKEEP[act](petition)
            return
        first = select(Signature).where(Signature.petition_id == petition.id, Signature.sealed.is_not(None))
        signature = db.session.scalars(first).first()
        if signature is not None and act == "withdraw":
            withdraw(signature.public_id)
        elif signature is not None and act == "correct":
            entry = find_entry(signature.public_id)
            assert entry is not None
            seen_by = Visibility.DELIVERY if country else Visibility.PUBLIC
            said = Correction("Anna", "Writer", country, "I read.", seen_by, updates=country == "SE")
            correct(signature.public_id, entry_digest(entry), said)


def erase_all(petition: Petition) -> None:
    with transaction() as session:
        long_ago = clock.now() - timedelta(days=200)
        session.execute(update(Petition).where(Petition.slug == SLUG).values(closes_at=long_ago))
    erase_after_closing()


def send_letters(petition_id: int) -> None:
    """End the letters that wait, as if that was long ago, and queue another."""
    old = clock.now() - timedelta(days=8)
    with transaction() as session:
        session.execute(update(OutboxRow).values(progress=OutboxProgress.SENT, ended_at=old))
        session.execute(new_letter(Occasion.CONFIRMED, clock.now(), petition_id))


UPKEEP: dict[str, Callable[[Petition], object]] = {
    "fold": lambda petition: ledger.fold_all(),
    "add up": lambda petition: kept_sums.add_up(),
    "recount": lambda petition: kept_sums.recount(petition.id),
    "repair": repair,
    "send": lambda petition: send_letters(petition.id),
    "purge letters": lambda petition: purge_ended_emails(),
    "erase": erase_all,
}
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["sign", "invalidate", "restore", "withdraw", "correct", *UPKEEP]),
        st.sampled_from(["SE", "NO", ""]),
    ),
    max_size=14,
)


@given(acts=ACTS)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_equal_the_rows_after_any_sequence_of_acts(app: Flask, acts: list[tuple[str, str]]) -> None:
    empty_all_tables(app)
    make_petition(app)
    make_petition(app, slug=f'"{UNTOUCHED}"')
    add_people(app, 1, country="DK", slug=UNTOUCHED)
    for act, country in acts:
        play(app, act, country)
    check(app)


@pytest.fixture
def two_petitions(app: Flask, petition: str) -> None:
    make_petition(app, slug=f'"{UNTOUCHED}"')
    add_people(app, 1, country="DK", slug=UNTOUCHED)


def test_a_recount_and_adding_up_lose_nothing_that_others_change_meanwhile(app: Flask, two_petitions: None) -> None:
    def task(which: int) -> None:
        for _ in range(6):
            with app.app_context():
                if which == 0:
                    kept_sums.add_up()
                elif which == 1:
                    ledger.fold_all()
                elif which == 2:
                    with contextlib.suppress(DBAPIError):  # another added up what this one counted: the next will do it
                        kept_sums.recount(petition_id_of())
                    continue
            if which > 2:
                add_people(app, 5, country="NO", signed_at=clock.now() - timedelta(hours=3))
                invalidated(app, Selection(country="NO"))
                restored(app)

    at_once(5, task)
    with app.app_context():
        kept_sums.recount_due()
        check(app)
        kept_sums.recount(petition_id_of())
    check(app)


def test_adding_up_leaves_one_part_of_each_sum(app: Flask, two_petitions: None) -> None:
    for country in ("SE", "NO", "SE", "SE"):
        add_people(app, 3, country=country)
    with app.app_context():
        kept_sums.add_up()
        sums = select(SignatureSum.country, SignatureSum.part, SignatureSum.number).order_by(SignatureSum.number)
        assert db.session.execute(sums).all() == [("DK", 0, 1), ("NO", 0, 3), ("SE", 0, 9)]
        assert kept_sums.add_up() == 0
    check(app)


def test_no_sum_tells_of_a_country_that_nobody_is_left_of(app: Flask, two_petitions: None) -> None:
    add_people(app, 2, country="TV")
    with app.app_context():
        kept_sums.add_up()
        erase_all(db.session.scalars(select(Petition).where(Petition.slug == SLUG)).one())
        kept_sums.add_up()
        assert sorted(db.session.scalars(select(SignatureSum.country))) == ["", "DK"]
    add_people(app, 1, country="TV")
    check(app)


@pytest.mark.parametrize("damage", [update(SignatureSum).values(number=77), delete(HourSum)], ids=["states", "hours"])
def test_an_audit_finds_sums_that_are_off_and_repairs_them(app: Flask, two_petitions: None, damage: Executable) -> None:
    add_people(app, 3, signed_at=clock.now() - timedelta(hours=3))
    with app.app_context():
        ledger.fold_all()
        kept_sums.add_up()
        with transaction() as session:
            session.execute(damage)
        petition = db.session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
        assert audit(petition).sums_off > 0
        repair(petition)
        assert audit(petition).sound
        db.session.rollback()
        repair(db.session.scalars(select(Petition).where(Petition.slug == UNTOUCHED)).one())
    check(app)


def test_until_the_rows_from_before_an_upgrade_are_counted_pages_count_them(app: Flask, two_petitions: None) -> None:
    add_people(app, 3, signed_at=clock.now() - timedelta(hours=3))
    with app.app_context():
        send_letters(petition_id_of())
        ledger.fold_all()
        flask_migrate.downgrade(revision="20261129_1330")
        add_people(app, 2, State.INVALIDATED, country="NO", signed_at=clock.now() - timedelta(hours=2))
        ledger.fold_all()
        flask_migrate.upgrade()
        assert set(db.session.scalars(select(RecountDue.petition_id))) == {0, *db.session.scalars(select(Petition.id))}
        add_people(app, 1, country="FI", signed_at=clock.now() - timedelta(hours=1))
        check(app)
        assert kept_sums.recount_due() == 3
    check(app)
