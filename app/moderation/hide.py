"""Hide a public signature, or its comment, from the petition's page; it still counts."""

from enum import StrEnum

from sqlalchemy import update

from app.audit.log import record
from app.models import Act, Signature
from app.organisers.access import Who
from app.organisers.acting import acting


class HideablePart(StrEnum):
    """What can be hidden of a signature. Hiding the name hides the whole entry."""

    NAME = "name"
    COMMENT = "comment"


COLUMNS = {HideablePart.NAME: Signature.hidden_name, HideablePart.COMMENT: Signature.hidden_comment}


def hide_part(petition_id: int, public_id: bytes, part: HideablePart, organiser_id: int | None) -> bool:
    """Hide a part of the signature with this random id; return whether that changed anything."""
    return _set(petition_id, public_id, part, organiser_id, hidden=True)


def show_part(petition_id: int, public_id: bytes, part: HideablePart, organiser_id: int | None) -> bool:
    """Show a part of the signature with this random id again; return whether that changed anything."""
    return _set(petition_id, public_id, part, organiser_id, hidden=False)


def _set(petition_id: int, public_id: bytes, part: HideablePart, organiser_id: int | None, *, hidden: bool) -> bool:
    column = COLUMNS[part]
    of_signature = update(Signature).where(Signature.petition_id == petition_id, Signature.public_id == public_id)
    statement = of_signature.where(column.is_not(hidden)).values({column: hidden}).returning(Signature.id)
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, _petition):
        changed = session.execute(statement.execution_options(synchronize_session=False)).first() is not None
        if changed:
            record(session, Act.HID if hidden else Act.SHOWED, petition_id, organiser_id, part=part.value)
    return changed
