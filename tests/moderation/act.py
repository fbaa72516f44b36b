"""An editor's acts on signatures, without the pages: preview first, then act."""

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
    """Preview and invalidate the selection; return how many."""
    with app.app_context():
        petition_id = petition_id_of()
        fingerprint = preview(petition_id, invalidatable(selection)).fingerprint
        return invalidate(petition_id, selection, fingerprint, None, reason, note)


def restored(app: Flask, selection: Selection = EVERYBODY) -> int:
    """Preview and restore the selection; return how many."""
    with app.app_context():
        petition_id = petition_id_of()
        fingerprint = preview(petition_id, restorable(selection)).fingerprint
        return restore(petition_id, selection, fingerprint, None)


def counted(app: Flask) -> int:
    """Return the count, after checking it against ledger and rows."""
    with app.app_context():
        petition = db.session.scalars(select(Petition)).one()
        verified = db.session.scalars(select(func.count()).where(Signature.state == State.VERIFIED)).one()
        assert audit(petition).sound
        assert ledger.read_count(petition.id).verified == verified
        return verified


def told(app: Flask) -> list[tuple[str, dict[str, int | str]]]:
    """Return the entries of the audit log, oldest first."""
    with app.app_context():
        return [(row.act.value, row.details) for row in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
