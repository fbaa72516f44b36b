"""Send a form out again to the right address, for whoever mistyped it."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import delete, exists, select, update

from app import clock
from app.db import transaction
from app.models import Change, Draft, FormCopy, Occasion, OutboxProgress, OutboxRow, Petition, Visibility
from app.models.journal import enter
from app.models.signer import Signer, signer_of_copy
from app.new_rows import insert_rows
from app.signing.sign import FormIds, new_draft

REPEATED = ("text_id", "notice_id", "language", "network_key")


def readdress(petition: Petition, ids: FormIds, mistyped: str, address: str, networks: Sequence[str]) -> FormIds | None:
    """Make a draft of the same form for another deliverable address, once; return its ids, or None when it is too late.

    Of the draft for the mistyped one nothing stays that was typed but that address: if its letter still waits, both are
    deleted; if it was sent, its link opens an empty form. Were that deleted too, strangers could type somebody's
    address, use up the letters of her day, and leave her links that do nothing.
    The statements are the same whatever became of that draft: its mailbox's reader may have confirmed or declined it.
    """
    empty = Signer("", "", "", mistyped, "", Visibility.ORGANISERS, updates=False)
    said = {"country": empty.country, "visibility": empty.visibility, "updates": empty.updates, "reminded": True}
    is_draft = (Draft.public_id == ids.draft) & Draft.sealed.is_not(None)
    # Not by whether a worker has claimed it: without its draft a row takes a turn from that mailbox for no letter.
    is_unwritten = Draft.code_hash.is_(None)
    of_draft = OutboxRow.draft_id == ids.draft
    waits = of_draft & (OutboxRow.occasion == Occasion.SIGNED) & (OutboxRow.progress == OutboxProgress.WAITING)
    copy_id, copy_key = ids.of_copy()
    take = delete(FormCopy).where(FormCopy.public_id == copy_id, FormCopy.until > clock.now()).returning(FormCopy)
    with transaction() as session:
        session.execute(select(OutboxRow.id).where(of_draft).order_by(OutboxRow.id).with_for_update())
        copy = session.scalars(take.execution_options(synchronize_session=False)).one_or_none()
        if copy is None:
            return None
        sealed = empty.sealed_for(ids.draft, petition.public_id)
        again = replace(signer_of_copy(copy, copy_key), email=address)
        values = {column: getattr(copy, column) for column in REPEATED}
        # One proof of work stands for one letter: this one may have to wait.
        new_ids, rows = new_draft(petition, again, values, networks, had_proof_of_work=False)
        for statement in (
            delete(OutboxRow).where(waits, OutboxRow.attempts == 0, exists().where(is_draft, is_unwritten)),
            delete(Draft).where(is_draft, is_unwritten),
            update(Draft).where(is_draft).values(sealed=sealed, **said),
        ):
            session.execute(statement.execution_options(synchronize_session=False))
        enter(session, Change.DRAFT, ids.draft)
        insert_rows(session, rows)
    return new_ids
