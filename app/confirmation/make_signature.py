"""Make a signature of a draft: in one statement on PostgreSQL, and in one transaction on SQLite.

Both do the same, in the same order: lock what belongs to the mailbox, insert the signature and what refers to it, close
the mailbox's other drafts, delete the one that was confirmed.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, bindparam, delete, exists, func, select, update
from sqlalchemy.orm import Session

from app.db import UtcDateTime, db, insert, transaction
from app.models import Draft, Signature
from app.models.draft import CLOSED
from app.new_rows import NewRow, Shape, insert_following, insert_rows, named, rows_alone, shape
from app.signing.draft import close_drafts, delete_draft, lock_mailbox, locked_drafts, locked_letters
from app.signing.expiry import LINK_WORKS_FOR

ONE_OF_MAILBOX = ("petition_id", "email_key")
# No name of a column: an insert beside it would take the value for that one.
THIS = bindparam("this_draft", type_=Draft.public_id.type)
LINK = "signature_id"


def make_signature(public_id: bytes, signature: NewRow, followers: Sequence[NewRow], now: datetime) -> bool:
    """Make this signature of the draft with this id, and the rows that refer to it in their column `signature_id`.

    Returns False, and changes nothing, if the draft is not open any more or its mailbox has a signature already, as the
    unique key decides.
    """
    if db.engine.dialect.name != "postgresql":
        with transaction() as session:
            return _make_one_by_one(session, public_id, signature, followers, now)
    followers = [NewRow(table, {name: values[name] for name in values if name != LINK}) for table, values in followers]
    statement = _all_at_once(shape(signature), tuple(shape(row) for row in followers))
    about = {"this_draft": public_id, "kept_until": now + LINK_WORKS_FOR}
    with rows_alone() as session:
        return session.scalar(statement, {**about, **named([signature, *followers])}) is not None


def _make_one_by_one(
    session: Session, public_id: bytes, signature: NewRow, followers: Sequence[NewRow], now: datetime
) -> bool:
    drafts = {draft.public_id: draft for draft in lock_mailbox(session, public_id)}
    draft = drafts.pop(public_id, None)
    if draft is None or not draft.is_open:
        return False
    new = insert(Signature).on_conflict_do_nothing(index_elements=ONE_OF_MAILBOX).returning(Signature.id)
    signature_id = session.scalar(new, signature.values)
    if signature_id is None:
        return False
    insert_rows(session, [NewRow(table, {**values, LINK: signature_id}) for table, values in followers])
    close_drafts(session, list(drafts), now, email_key=None, signature_id=signature_id)
    delete_draft(session, public_id)
    return True


@cache
def _all_at_once(signature: Shape, followers: tuple[Shape, ...]) -> Executable:
    """Return the statement, made once: making it costs more than what the database does.

    Each part needs what the one before returns, so that the database takes them in this order: its locks are those of
    everybody else (see `lock_mailbox`), and of two that come at once the second finds what the first has left.
    """
    letters = locked_letters().cte("letters")
    are_locked = select(func.count()).select_from(letters).scalar_subquery() >= 0
    drafts = locked_drafts().where(are_locked).cte("drafts")
    is_open = exists().where(drafts.c.public_id == THIS, drafts.c.is_open)
    row = select(*signature.parameters().values()).where(is_open)
    new = insert(Signature).from_select([*signature.parameters()], row, include_defaults=False)
    made = new.on_conflict_do_nothing(index_elements=ONE_OF_MAILBOX).returning(Signature.id).cte("made")
    is_made = exists(select(made.c.id))
    is_other = Draft.public_id.in_(select(drafts.c.public_id)) & (Draft.public_id != THIS)
    close = update(Draft).where(is_other, is_made)
    kept_until = func.coalesce(Draft.expires_at, bindparam("kept_until", type_=UtcDateTime()))
    closed = {**CLOSED, "email_key": None, LINK: select(made.c.id).scalar_subquery(), "expires_at": kept_until}
    return select(made.c.id).add_cte(
        *(insert_following(made, one, LINK).cte(f"new_{one.table.__tablename__}") for one in followers),
        close.values(closed).cte("closed"),
        delete(Draft).where(Draft.public_id == THIS, is_made).cte("gone"),
    )
