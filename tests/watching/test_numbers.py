"""The dashboard's numbers match the rows of this petition, on both databases."""

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from app.db import snapshot, transaction
from app.models import Occasion, OutboxProgress, OutboxRow, State
from app.outbox.enqueue import new_letter
from app.watching.numbers import Numbers, numbers
from app.watching.shares import Delays, delays, places
from tests.factories import make_draft, make_mailbox, make_petition, make_signature, signatures
from tests.watching.people import add_people, petition_id_of

pytestmark = pytest.mark.both_databases

FEW = {State.VERIFIED: 5, State.WITHDRAWN: 3, State.INVALIDATED: 4}
UNCONFIRMED = {"draft": 2, "declined": 1}


def test_each_state_is_counted_for_this_petition_alone(app: Flask, petition: str) -> None:
    make_petition(app, slug='"another"')
    for state, number in FEW.items():
        add_people(app, number, state)
        add_people(app, 7, state, slug="another")
    for has, number in UNCONFIRMED.items():
        for which in range(7):
            make_mailbox(app, has, f"{has}{which}@example.org", slug="another")
            if which < number:
                make_mailbox(app, has, f"{has}{which}@example.org")
    with app.app_context():
        assert numbers(petition_id_of(), exact=True) == Numbers(
            verified=5, withdrawn=3, invalidated=4, pending=2, declined=1, sent=0, waiting=0, failed=0
        )


def test_emails_are_counted_by_progress(app: Flask, petition: str) -> None:
    make_signature(app)
    signature = signatures(app)[0]
    ends = [OutboxProgress.SENT] * 3 + [OutboxProgress.FAILED] * 2 + [OutboxProgress.SILENT]
    with app.app_context():
        with transaction() as session:
            for _ in range(7):
                about = {"petition_id": signature.petition_id, "signature_id": signature.id}
                session.execute(new_letter(Occasion.SIGNED, signature.signed_at, **about))
            for number, progress in enumerate(ends, 1):
                session.execute(update(OutboxRow).where(OutboxRow.id == number).values(progress=progress))
        found = numbers(signature.petition_id, exact=True)
    assert (found.sent, found.waiting, found.failed) == (3, 1, 2)


def test_the_share_confirmed_leaves_out_mailboxes_that_declined() -> None:
    found = Numbers(verified=5, withdrawn=1, invalidated=1, pending=3, declined=90, sent=0, waiting=0, failed=0)
    assert (found.confirmed, found.share_confirmed) == (7, 70)
    assert Numbers(0, 0, 0, 0, 4, 0, 0, 0).share_confirmed is None


def test_places_count_verified_signatures_largest_first(app: Flask, petition: str) -> None:
    add_people(app, 3, country="NO", language="sv")
    add_people(app, 2, country="SE", language="sv")
    add_people(app, 2, country="", language="en")
    add_people(app, 9, State.INVALIDATED, country="DK", language="da")
    make_draft(app)
    with app.app_context():
        found = places(petition_id_of(), exact=True)
    assert found.countries == [("NO", 3), ("", 2), ("SE", 2)]
    assert found.languages == [("sv", 5), ("en", 2)]


def test_percentiles_are_whole_seconds_and_buckets_add_up(app: Flask, petition: str) -> None:
    for took in (0.999, 59, 60, 599, 600, 3599, 3600, 86399, 86400, 200000):
        add_people(app, 1, took=timedelta(seconds=took))
    add_people(app, 3, State.INVALIDATED)
    make_draft(app)
    with app.app_context():
        assert delays(petition_id_of(), exact=True) == Delays(
            number=10, median=600, ninetieth=86400, buckets=(2, 2, 2, 2, 2)
        )


def test_without_signatures_there_are_no_delays(app: Flask, petition: str) -> None:
    add_people(app, 1, State.INVALIDATED)
    make_draft(app)
    with app.app_context():
        assert delays(petition_id_of(), exact=True) is None


def test_a_snapshot_does_not_change_while_others_sign(app: Flask, petition: str) -> None:
    add_people(app, 1)
    with app.app_context():
        petition_id = petition_id_of()
        with snapshot():
            before = numbers(petition_id, exact=True)
            with app.app_context():  # another's session
                add_people(app, 2)
            assert numbers(petition_id, exact=True) == before
            assert places(petition_id, exact=True).countries == [("SE", 1)]
        assert numbers(petition_id, exact=True).verified == 3


@given(
    st.builds(Numbers, *(st.integers(0, 10**7) for _ in range(8))),
)
def test_the_share_confirmed_is_between_0_and_100(found: Numbers) -> None:
    assert found.share_confirmed is None or 0 <= found.share_confirmed <= 100
    assert (found.share_confirmed == 100) == (found.confirmed > 0 and found.pending == 0)
