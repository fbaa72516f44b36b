"""Send a form out again to the right address, for whoever mistyped it."""

from dataclasses import replace

from sqlalchemy import select

from app import clock
from app.db import transaction
from app.models import Draft, Petition
from app.models.signer import signer_of
from app.signing.draft import CORRECTABLE_FOR
from app.signing.sign import new_draft

REPEATED = ("text_id", "notice_id", "language", "network_key")


def readdress(petition: Petition, draft_id: bytes, address: str) -> bytes | None:
    """Make a draft like this one for another deliverable address, delete this one, and return the new one's id.

    A letter to the first address that still waits is not sent, and a link in one that was sent has nothing to confirm.
    Returns None, and changes nothing, if the draft is gone: confirmed, declined, an hour old, or sent on already.
    """
    young = (Draft.public_id == draft_id) & (Draft.signed_at > clock.now() - CORRECTABLE_FOR)
    with transaction() as session:
        open_draft = select(Draft).where(young, Draft.sealed.is_not(None)).with_for_update()
        draft = session.scalars(open_draft.execution_options(populate_existing=True)).one_or_none()
        if draft is None:
            return None
        again = replace(signer_of(draft), email=address)
        values = {column: getattr(draft, column) for column in REPEATED}
        # One proof of work stands for one letter: this one may have to wait.
        new_id, statements = new_draft(petition, again, values, had_proof_of_work=False)
        for statement in statements:
            session.execute(statement)
        session.delete(draft)
    return new_id
