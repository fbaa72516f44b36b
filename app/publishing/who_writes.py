"""Who may change the text of an opened petition: its editors, unless its owners keep that to themselves."""

from app.audit.log import record
from app.models import Act, Petition, Role
from app.organisers.access import Who
from app.organisers.acting import acting
from app.petition_files.tell_owners import WORDS


def may_write(petition: Petition, role: Role | None) -> bool:
    """Return whether somebody with this role may change the text, or take a translation back."""
    return role == Role.OWNER or petition.opened_at is None or not petition.owners_write


def changes_text(keys: set[str]) -> bool:
    """Return whether these keys of a petition file are the text, in any language."""
    return bool(keys & set(WORDS))


def set_owners_write(petition_id: int, organiser_id: int, *, to: bool) -> None:
    """Let owners alone change the text once the petition was opened, or editors too."""
    with acting(petition_id, organiser_id, Who.OWNERS) as (session, petition):
        if petition.owners_write != to:
            petition.owners_write = to
            record(session, Act.EDITED, petition_id, organiser_id, what="owners_write")
