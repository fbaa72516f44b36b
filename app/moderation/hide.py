"""Hide: a public signature or its comment is not shown on the petition's page, and counts all the same."""

from enum import StrEnum

from sqlalchemy import update

from app.audit.log import record
from app.db import transaction
from app.models import Act, Signature


class HideablePart(StrEnum):
    """What of a signature can be hidden. Without its name, nothing of it is shown."""

    NAME = "name"
    COMMENT = "comment"


COLUMNS = {HideablePart.NAME: Signature.hidden_name, HideablePart.COMMENT: Signature.hidden_comment}


def hide_part(petition_id: int, public_id: bytes, part: HideablePart, organiser_id: int | None) -> bool:
    """Hide a part of the signature with this random id; return whether it was there and shown until now."""
    return _set(petition_id, public_id, part, organiser_id, hidden=True)


def show_part(petition_id: int, public_id: bytes, part: HideablePart, organiser_id: int | None) -> bool:
    """Show a part of the signature with this random id again; return whether it was there and hidden until now."""
    return _set(petition_id, public_id, part, organiser_id, hidden=False)


def _set(petition_id: int, public_id: bytes, part: HideablePart, organiser_id: int | None, *, hidden: bool) -> bool:
    column = COLUMNS[part]
    mine = update(Signature).where(Signature.petition_id == petition_id, Signature.public_id == public_id)
    turned = mine.where(column.is_not(hidden)).values({column: hidden}).returning(Signature.id)
    with transaction() as session:
        changed = session.execute(turned.execution_options(synchronize_session=False)).first() is not None
        if changed:
            record(session, Act.HID if hidden else Act.SHOWED, petition_id, organiser_id, part=part.value)
    return changed
