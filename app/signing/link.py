"""What a link in a confirmation letter leads to: its draft, or the signature that became of it."""

from datetime import datetime
from enum import StrEnum

from app import clock
from app.db import db
from app.models import Signature
from app.signing.draft import DraftEntry, declined_mark, find_draft
from app.signing.entry import Entry, find_entry


class LinkStatus(StrEnum):
    """What a link leads to at this moment."""

    PENDING = "pending"
    VERIFIED = "verified"
    WITHDRAWN = "withdrawn"
    INVALIDATED = "invalidated"
    DECLINED = "declined"
    EXPIRED = "expired"


def follow_link(public_id: bytes) -> tuple[Entry | DraftEntry | None, LinkStatus]:
    """Return what the link with this random id leads to, and its status; what was deleted has expired."""
    draft = find_draft(public_id)
    if draft is not None:
        return draft, _status(draft, clock.now())
    entry = find_entry(public_id)  # looked for last: a draft that is confirmed meanwhile has become a signature
    return entry, LinkStatus(entry.signature.state.value) if entry else LinkStatus.EXPIRED


def _status(entry: DraftEntry, now: datetime) -> LinkStatus:
    if entry.draft.signature_id is not None:  # the mailbox confirmed another one of its drafts
        return LinkStatus(db.session.get_one(Signature, entry.draft.signature_id, populate_existing=True).state.value)
    if entry.draft.sealed is None:
        return LinkStatus.DECLINED if declined_mark(db.session(), entry.draft) else LinkStatus.EXPIRED
    return LinkStatus.PENDING if entry.is_confirmable(now) else LinkStatus.EXPIRED
