"""Letters that were waiting in a restored database: held until somebody says whether they are to go out.

Most of them went out after the backup was made.
"""

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import in_batches, transaction
from app.models import Draft, News, NewsState, Occasion, OutboxProgress, OutboxRow, PauseReason
from app.outbox.enqueue import PRIORITY_BY_STRANGER
from app.signing.expiry import LINK_WORKS_FOR

HELD = OutboxRow.progress == OutboxProgress.HELD
WAITING = OutboxRow.progress == OutboxProgress.WAITING


def hold_letters() -> int:
    """Hold all letters that wait, whoever had them in hand; return how many.

    Requests that strangers can cause, such as for a new password, are deleted: they are made anew instead.
    """
    requests = delete(OutboxRow).where(WAITING, OutboxRow.priority == PRIORITY_BY_STRANGER)
    # Who has got news since the backup is not known, and nobody gets it twice.
    sending = update(News).where(News.state.in_((NewsState.SENDING, NewsState.PAUSED)))
    stopped = sending.values(state=NewsState.PAUSED, pause_reason=PauseReason.RESTORED)
    # What had not begun is not sent of itself: a person knows whether it went out since, and asks anew if not.
    not_asked = dict.fromkeys(("asked_by", "asked_at", "due_at", "consented_by"))
    asked = update(News).where(News.state == NewsState.ASKED)
    taken_back = asked.values(not_asked | {"state": NewsState.DRAFT})
    with transaction() as session:
        for statement in (requests, stopped, taken_back):
            session.execute(statement.execution_options(synchronize_session=False))

    def hold(session: Session, ids: Sequence[int]) -> None:
        _change(session, ids, progress=OutboxProgress.HELD, claim=None, leased_until=None)

    return in_batches(select(OutboxRow.id).where(WAITING).order_by(OutboxRow.id), hold)


def release_letters() -> int:
    """Let the letters that are held go out; return how many. The worker sends those that are still to be sent."""
    now = clock.now()

    def release(session: Session, ids: Sequence[int]) -> None:
        _change(session, ids, progress=OutboxProgress.WAITING, due_at=now, queued_at=now)

    return in_batches(select(OutboxRow.id).where(HELD).order_by(OutboxRow.id), release)


def discard_letters() -> int:
    """End the letters that are held, as if they had been sent; return how many.

    Links in those that were sent work for a week from now on, and drafts do not stay for ever.
    """
    now = clock.now()
    ended = {"progress": OutboxProgress.SILENT, "ended_at": now, "sealed": None, "lane_key": None}

    def discard(session: Session, ids: Sequence[int]) -> None:
        confirming = (OutboxRow.occasion == Occasion.SIGNED) & OutboxRow.draft_id.is_not(None)
        of_letters = select(OutboxRow.draft_id).where(OutboxRow.id.in_(ids), confirming)
        drafts = update(Draft).where(Draft.public_id.in_(of_letters), Draft.expires_at.is_(None))
        expire = drafts.values(expires_at=now + LINK_WORKS_FOR)
        session.execute(expire.execution_options(synchronize_session=False))
        _change(session, ids, **ended)

    return in_batches(select(OutboxRow.id).where(HELD).order_by(OutboxRow.id), discard)


def _change(session: Session, ids: Sequence[int], **values: object) -> None:
    change = update(OutboxRow).where(OutboxRow.id.in_(ids)).values(**values)
    session.execute(change.execution_options(synchronize_session=False))
