"""Replay: what people took back after the backup was made is taken back again, by what did it then."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import or_, select, update

from app.crypto.sealing import CannotOpen
from app.crypto.tokens import ID_BYTES
from app.db import db, transaction
from app.models import Change, Petition
from app.models.journal import moment_from_bytes
from app.organisers.members import erase_again
from app.outbox import unwanted
from app.retention.consent import end_consent_again
from app.retention.journal import Line
from app.signers.correct import hide_outdated
from app.signers.decline import decline_again, lift
from app.signers.withdraw import withdraw_again
from app.signing.draft import delete_again


def replay(lines: Iterable[Line]) -> Counter[Change]:
    """Make the changes in a journal again, in their order; return how many of each kind changed something.

    Each can be made any number of times. What is about rows that the database does not have changes nothing, and so
    does what it has already.
    """
    done: Counter[Change] = Counter()
    for line in sorted(lines):
        done[line.change] += _make_again(line)
    return +done


def _make_again(line: Line) -> bool:
    first, rest = line.key[:ID_BYTES], line.key[ID_BYTES:]
    match line.change:
        case Change.WITHDRAWN:
            return withdraw_again(first, line.at)
        case Change.DRAFT:
            return delete_again(first)
        case Change.CORRECTED:
            return _if_unaltered(lambda: hide_outdated(first, rest.hex()))
        case Change.CONSENT:
            return _if_unaltered(lambda: end_consent_again(first))
        case Change.ACCOUNT:
            return erase_again(first)
        case Change.DECLINED | Change.LIFTED:
            return _set_declined(first, rest, line)
        case Change.UNWANTED | Change.WANTED:
            return _set_unwanted(first, line)
        case Change.ENDED:
            return _close_for_good(first, moment_from_bytes(rest))


def _if_unaltered(change: Callable[[], bool]) -> bool:
    try:
        return change()
    except CannotOpen:
        return False  # it was altered in the database: no page shows it, and `count audit` tells of it


def _set_declined(petition_id: bytes, email_key: bytes, line: Line) -> bool:
    petition = _find_petition(petition_id)
    if petition is None:
        return False
    if line.change == Change.DECLINED:
        return decline_again(petition, email_key, line.at)
    with transaction() as session:
        return lift(session, [email_key])


def _set_unwanted(mailbox: bytes, line: Line) -> bool:
    with transaction() as session:
        if line.change == Change.UNWANTED:
            return unwanted.stop_emails(session, mailbox, line.at)
        return unwanted.resume_emails(session, mailbox)


def _close_for_good(petition_id: bytes, closed_at: datetime) -> bool:
    """Close a petition whose signers were being erased; the periodic job then erases them by the clock."""
    open_then = or_(Petition.closes_at.is_(None), Petition.closes_at > closed_at)
    close = update(Petition).where(Petition.public_id == petition_id, open_then).values(closes_at=closed_at)
    with transaction() as session:
        closed = session.execute(close.returning(Petition.id).execution_options(synchronize_session=False))
        return closed.first() is not None


def _find_petition(public_id: bytes) -> Petition | None:
    return db.session.scalars(select(Petition).where(Petition.public_id == public_id)).one_or_none()
