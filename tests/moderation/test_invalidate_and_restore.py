"""Invalidating and restoring: only the previewed signatures, only from the right state, and the count is exact."""

import os
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app import clock
from app.db import db, transaction
from app.models import Kind, LedgerEntry, Reason, Signature, State
from app.models.signer import note_of
from app.moderation import bulk
from app.moderation.bulk import invalidatable, invalidate, preview, restore
from app.watching.selection import Selection
from tests.concurrency.test_races import at_once
from tests.factories import drafts, make_draft, make_petition, signatures
from tests.moderation.act import EVERYBODY, counted, invalidated, restored, told
from tests.watching.people import NOON, add_people, petition_id_of

pytestmark = pytest.mark.both_databases

THREADS = 20


def states(app: Flask) -> list[State]:
    return [one.state for one in signatures(app)]


def test_invalidating_and_restoring_one_changes_the_count(app: Flask, petition: str) -> None:
    one, _ = add_people(app, 2)
    only = Selection(entries=(one,))
    assert invalidated(app, only, Reason.DUPLICATE) == 1
    assert counted(app) == 1
    first, second = signatures(app)
    assert (first.state, first.reason) == (State.INVALIDATED, Reason.DUPLICATE)
    assert (second.state, second.reason) == (State.VERIFIED, None)
    before = first.verified_at
    assert restored(app, only) == 1
    assert counted(app) == 2
    first = signatures(app)[0]
    assert (first.state, first.reason, first.verified_at) == (State.VERIFIED, None, before)
    with app.app_context():
        mine = select(LedgerEntry.change, LedgerEntry.kind).where(LedgerEntry.signature_id == first.id)
        assert [tuple(row) for row in db.session.execute(mine.order_by(LedgerEntry.change))] == [
            (1, Kind.CONFIRMED),
            (2, Kind.INVALIDATED),
            (3, Kind.RESTORED),
        ]


def test_a_filter_invalidates_all_that_match_and_no_others(app: Flask, petition: str) -> None:
    make_petition(app, slug='"another"')
    add_people(app, 5, country="NO", slug="another")
    add_people(app, 37, country="NO")
    add_people(app, 3, country="SE")
    add_people(app, 2, country="NO", signed_at=NOON + timedelta(days=3))
    with app.app_context():
        found = preview(petition_id_of(), Selection(State.VERIFIED, "NO", NOON.date()))
    assert (found.number, found.matching, found.erased) == (37, 37, 0)
    assert invalidated(app, Selection(country="NO", day=NOON.date())) == 37
    assert states(app).count(State.INVALIDATED) == 37
    assert states(app).count(State.VERIFIED) == 10


@pytest.mark.parametrize("country", ["NO", None])
@pytest.mark.parametrize("before", [None, NOON + timedelta(days=1)])
def test_a_preview_counts_all_that_match_whether_from_sums_or_row_by_row(
    app: Flask, petition: str, country: str | None, before: datetime | None
) -> None:
    add_people(app, 5, State.INVALIDATED, country="NO")
    add_people(app, 3, State.INVALIDATED, country="SE")
    erased, _ = add_people(app, 2, State.INVALIDATED, country="NO")
    add_people(app, 2, State.INVALIDATED, country="NO", signed_at=NOON + timedelta(days=3))
    add_people(app, 4)
    with app.app_context():
        with transaction() as session:
            gone = update(Signature).where(Signature.public_id == erased)
            session.execute(gone.values(sealed=None))
        chosen = Selection(State.INVALIDATED, country, before=before)
        found = preview(petition_id_of(), chosen)
        everybody = db.session.scalars(select(Signature).where(*chosen.conditions(petition_id_of()))).all()
    assert found.matching == sum(one.sealed is not None for one in everybody)
    assert found.erased == sum(one.sealed is None for one in everybody) == 1


def test_the_log_has_number_and_reason_and_no_names(app: Flask, petition: str) -> None:
    add_people(app, 3)
    invalidated(app, reason=Reason.AUTOMATED, note="Looks like Ann Example's work")
    restored(app)
    assert told(app)[-2:] == [
        ("invalidated", {"number": 3, "reason": "automated"}),
        ("restored", {"number": 3}),
    ]


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.INVALIDATED])
def test_only_verified_signatures_are_invalidated(app: Flask, petition: str, state: State) -> None:
    add_people(app, 2, state)
    assert invalidated(app) == 0
    assert states(app) == [state] * 2
    assert "invalidated" not in [act for act, _ in told(app)]


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.VERIFIED])
def test_only_invalidated_signatures_are_restored(app: Flask, petition: str, state: State) -> None:
    add_people(app, 2, state)
    assert restored(app) == 0
    assert states(app) == [state] * 2


def test_a_draft_is_neither_invalidated_nor_restored(app: Flask, petition: str) -> None:
    draft = make_draft(app)
    for chosen in (Selection(), Selection(entries=(draft,))):
        assert invalidated(app, chosen) == restored(app, chosen) == 0
    assert [one.public_id for one in drafts(app) if one.sealed] == [draft]
    assert signatures(app) == []


def test_an_erased_signature_is_not_restored(app: Flask, petition: str) -> None:
    kept, gone = add_people(app, 2, State.INVALIDATED)
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).where(Signature.public_id == gone).values(sealed=None))
    with app.app_context():
        found = preview(petition_id_of(), Selection(State.INVALIDATED))
    assert (found.number, found.matching, found.erased) == (1, 1, 1)
    assert restored(app, Selection(entries=(gone,))) == 0
    assert restored(app) == 1
    assert {one.public_id: one.state for one in signatures(app)} == {kept: State.VERIFIED, gone: State.INVALIDATED}


def test_a_note_is_sealed_in_each_row_and_deleted_on_restoring(app: Flask, petition: str) -> None:
    add_people(app, 2)
    invalidated(app, note="Wrote to us that he never signed")
    first, second = signatures(app)
    with app.app_context():
        assert note_of(first) == note_of(second) == "Wrote to us that he never signed"
    assert first.note_sealed and b"never signed" not in first.note_sealed
    restored(app)
    assert [one.note_sealed for one in signatures(app)] == [None, None]


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"state": State.INVALIDATED}, "reason_of_invalidated"),
        ({"reason": Reason.OTHER}, "reason_of_invalidated"),
        ({"note_sealed": b"note"}, "note_of_invalidated"),
        ({"state": State.INVALIDATED, "reason": Reason.OTHER, "note_sealed": b"n", "sealed": None}, "note_of_inv"),
    ],
)
def test_the_database_refuses_a_reason_or_note_in_the_wrong_state(
    app: Flask, petition: str, change: dict[str, object], check: str
) -> None:
    add_people(app, 1)
    with app.app_context(), pytest.raises(IntegrityError, match=check), transaction() as session:
        session.execute(update(Signature).values(change))


class TestOptimisticLocking:
    """An act changes exactly the previewed signatures, or none."""

    def test_a_signature_that_left_since_the_preview_stops_the_act(self, app: Flask, petition: str) -> None:
        one, _, _ = add_people(app, 3)
        with app.app_context():
            petition_id = petition_id_of()
            fingerprint = preview(petition_id, Selection(State.VERIFIED)).fingerprint
        invalidated(app, Selection(entries=(one,)))
        with app.app_context():
            assert invalidate(petition_id, EVERYBODY, fingerprint, None, Reason.OTHER) == 0
        assert counted(app) == 2

    def test_another_signature_in_its_place_stops_the_act(self, app: Flask, petition: str) -> None:
        one, other = add_people(app, 2, State.INVALIDATED)
        restored(app, Selection(entries=(one,)))
        with app.app_context():
            petition_id = petition_id_of()
            fingerprint = preview(petition_id, Selection(State.INVALIDATED)).fingerprint
        invalidated(app, Selection(entries=(one,)))
        restored(app, Selection(entries=(other,)))
        with app.app_context():
            assert restore(petition_id, EVERYBODY, fingerprint, None) == 0

    def test_signatures_after_the_preview_are_left_out(self, app: Flask, petition: str) -> None:
        add_people(app, 2)
        shown = Selection(before=clock.now())
        with app.app_context():
            petition_id = petition_id_of()
            fingerprint = preview(petition_id, invalidatable(shown)).fingerprint
        add_people(app, 1, signed_at=clock.now())
        with app.app_context():
            assert invalidate(petition_id, shown, fingerprint, None, Reason.OTHER) == 2
        assert counted(app) == 1

    def test_entries_of_another_petition_are_not_changed(self, app: Flask, petition: str) -> None:
        make_petition(app, slug='"another"')
        (stranger,) = add_people(app, 1, slug="another")
        assert invalidated(app, Selection(entries=(stranger, os.urandom(16)))) == 0
        assert states(app) == [State.VERIFIED]

    def test_of_too_many_the_newest_are_changed_first(
        self, app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk, "MAX_AT_A_PRESS", 4)
        people = add_people(app, 10)
        with app.app_context():
            found = preview(petition_id_of(), Selection(State.VERIFIED))
        assert (found.number, found.matching) == (4, 10)
        assert [invalidated(app) for _ in range(4)] == [4, 4, 2, 0]
        with app.app_context():
            order = select(Signature.public_id).join(LedgerEntry).where(LedgerEntry.kind == Kind.INVALIDATED)
            first = db.session.scalars(order.order_by(LedgerEntry.at, LedgerEntry.id).limit(4)).all()
        assert set(first) == set(people[-4:])


def test_twenty_acts_at_once_on_the_same_signatures_keep_the_count_exact(app: Flask, petition: str) -> None:
    people = add_people(app, 3)

    def press(which: int) -> int:
        only = Selection(entries=tuple(people[: 1 + which % 3]))
        act = invalidated if which % 2 else restored
        return sum(act(app, only) for _ in range(3))

    at_once(THREADS, press)
    counted(app)
    with app.app_context():
        for one in db.session.scalars(select(Signature)):
            kinds = db.session.scalars(
                select(LedgerEntry.kind).where(LedgerEntry.signature_id == one.id).order_by(LedgerEntry.change)
            ).all()
            turns = [Kind.RESTORED, Kind.INVALIDATED]
            assert kinds == [Kind.CONFIRMED, *(turns[number % 2] for number in range(1, len(kinds)))]
        assert db.session.scalars(select(func.max(Signature.changes))).one() > 1
