"""Whatever stands around a token of ours, no more than its one e-mail and that one's mailbox is touched."""

from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.bounces.apply import Outcome, take
from app.bounces.verdict import Kind
from app.db import all_columns, db, transaction
from app.models import BouncedMailbox, Draft, OutboxRow, ReturnedEmail, Signature, Unwanted
from app.outbox import bounced, unwanted
from tests.bounces import worked_set
from tests.bounces.conftest import coming_back, newest_row, sent
from tests.bounces.returned import ADDRESS
from tests.factories import make_signature

__all__ = ["sent"]
pytestmark = pytest.mark.both_databases
WORKED = [one.raw for one in worked_set.samples()]
CHANGED = (ReturnedEmail, BouncedMailbox, Unwanted)
ODD = st.binary(max_size=60) | st.sampled_from(
    [b"\0", b"\r", b"\n\n", b"=?utf-8?q?=FF?=", b"Content-Type: message/delivery-status\n\n", b"--=_edge--\n", b"\x1b["]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.sampled_from(WORKED) | st.binary(max_size=300).map(lambda some: some + ADDRESS.encode()),
    odd=st.lists(st.tuples(st.integers(0, 4000), ODD), max_size=4),
    is_cut=st.booleans(),
)
def test_it_changes_that_one_e_mail_and_mailbox_at_most(
    app: Flask, sent: Callable[..., str], raw: bytes, odd: list[tuple[int, bytes]], is_cut: bool
) -> None:
    if not written(app):
        make_signature(app, email="carl@example.org")
        sent("bea@example.org")
        sent("ann@example.org")
    before = written(app)
    for place, some in odd:
        at = place % (len(raw) + 1)
        raw = raw[:at] + some + raw[at:]
    came = coming_back(app, raw[: -len(raw) // 3] if is_cut else raw)
    with app.app_context():
        outcome = take(came)
        assert isinstance(outcome, (Kind, Outcome))
        assert set(db.session.scalars(select(ReturnedEmail.public_id))) <= {newest_row(app).public_id}
        session = db.session()
        assert set(db.session.scalars(select(BouncedMailbox.mailbox))) <= {
            bounced.mailbox_finder(session)("ann@example.org")
        }
        assert set(db.session.scalars(select(Unwanted.mailbox))) <= {unwanted.mailbox_of(session, "ann@example.org")}
    assert written(app) == before
    with app.app_context(), transaction() as session:
        for table in CHANGED:
            session.execute(delete(table))


def written(app: Flask) -> list[object]:
    """Return all drafts, signatures and e-mails."""
    with app.app_context():
        kinds = ((Draft, Draft.public_id), (Signature, Signature.id), (OutboxRow, OutboxRow.id))
        return [all_columns(row) for kind, by in kinds for row in db.session.scalars(select(kind).order_by(by))]
