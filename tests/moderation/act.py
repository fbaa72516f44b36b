"""What an editor does to signatures, without the pages around it: look first, then press."""

from flask import Flask
from sqlalchemy import func, select

from app.db import db
from app.ledger import ledger
from app.ledger.audit import audit
from app.models import AuditEntry, Petition, Reason, Signature, State
from app.moderation.bulk import invalidatable, invalidate, preview, restorable, restore
from app.watching.selection import Selection
from tests.watching.people import petition_id_of

EVERYBODY = Selection()


def invalidated(app: Flask, selection: Selection = EVERYBODY, reason: Reason = Reason.MADE_UP, note: str = "") -> int:
    """Invalidate what is selected, as it is now; return how many."""
    with app.app_context():
        petition_id = petition_id_of()
        fingerprint = preview(petition_id, invalidatable(selection)).fingerprint
        return invalidate(petition_id, selection, fingerprint, None, reason, note)


def restored(app: Flask, selection: Selection = EVERYBODY) -> int:
    """Restore what is selected, as it is now; return how many."""
    with app.app_context():
        petition_id = petition_id_of()
        fingerprint = preview(petition_id, restorable(selection)).fingerprint
        return restore(petition_id, selection, fingerprint, None)


def counted(app: Flask) -> int:
    """Return the count, having proved it against ledger and rows."""
    with app.app_context():
        petition = db.session.scalars(select(Petition)).one()
        verified = db.session.scalars(select(func.count()).where(Signature.state == State.VERIFIED)).one()
        assert audit(petition).sound
        assert ledger.read_count(petition.id).verified == verified
        return verified


def told(app: Flask) -> list[tuple[str, dict[str, int | str]]]:
    """Return what the audit log tells, the oldest first."""
    with app.app_context():
        return [(row.act.value, row.details) for row in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
