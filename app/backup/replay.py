"""Replay: what people took back after the backup was made is taken back again, by what did it then."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.crypto.sealing import CannotOpen
from app.crypto.tokens import ID_BYTES
from app.db import db, transaction
from app.models import Change, Draft, Petition, Signature
from app.models.journal import moment_from_bytes
from app.organisers.members import erase_again
from app.outbox import unwanted
from app.retention.consent import end_consent_again
from app.retention.journal import Line
from app.signers.correct import hide_outdated
from app.signers.decline import decline_again, lift
from app.signers.withdraw import withdraw_again
from app.signing.draft import delete_again

# Forms can be sent on for an hour after a petition has closed, and a clock can be wrong.
SIGNED_AFTER_CLOSING = timedelta(days=1)
# What takes another change back.
GIVEN_AGAIN = {Change.LIFTED, Change.WANTED}
Report = Callable[[str], None]


def replay(journals: Iterable[Iterable[Line]], report: Report) -> Counter[Change]:
    """Make the changes in these journals again, in their order; return how many of each kind changed something.

    Each can be made any number of times. What is about rows that the database does not have changes nothing, and so
    does what it has already. What cannot have been is left out, and reported.
    """
    done: Counter[Change] = Counter()
    for line in _in_order(journals):
        done[line.change] += _make_again(line, report)
    return +done


def _in_order(journals: Iterable[Iterable[Line]]) -> list[Line]:
    """Return the lines of all journals by their moments; but what took back is after all that was written before it.

    Within a journal lines stand as the changes were made, whatever the clock said: where moments tell another order, it
    was set back, or somebody put an old line in once more. Taking back wins then. Several journals may hold copies.
    """
    lines: list[tuple[datetime, bool, Line]] = []
    for journal in journals:
        latest: dict[bytes, datetime] = {}
        for line in dict.fromkeys(journal):
            latest[line.key] = max(latest.get(line.key, line.at), line.at)
            takes_back = line.change not in GIVEN_AGAIN
            lines.append((latest[line.key] if takes_back else line.at, takes_back, line))
    return [line for *_, line in sorted(lines)]


def _make_again(line: Line, report: Report) -> bool:
    first, rest = line.key[:ID_BYTES], line.key[ID_BYTES:]
    match line.change:
        case Change.WITHDRAWN:
            return withdraw_again(first, rest, line.at)
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
            return _close_for_good(first, moment_from_bytes(rest), report)


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


def _close_for_good(petition_id: bytes, closed_at: datetime, report: Report) -> bool:
    """Close a petition whose signers were being erased; the periodic job then erases them by the clock.

    Not one that was signed later: who writes in the database can have the site erase after a closing that never was.
    """
    open_then = or_(Petition.closes_at.is_(None), Petition.closes_at > closed_at)
    was_open = select(Petition).where(Petition.public_id == petition_id, open_then).with_for_update()
    with transaction() as session:
        petition = session.scalars(was_open.execution_options(populate_existing=True)).one_or_none()
        if petition is None:
            return False
        if _was_signed_after(session, petition, closed_at + SIGNED_AFTER_CLOSING):
            report(
                f"{petition.slug}: NOT ERASED, though the journal says that it closed on {closed_at:%Y-%m-%d}: it was"
                " signed after that"
            )
            return False
        petition.closes_at = closed_at
    return True


def _was_signed_after(session: Session, petition: Petition, moment: datetime) -> bool:
    """Tell whether a form of it came in later. It may have been confirmed later still, if its letter was late."""
    return any(
        session.scalars(
            select(table.public_id).where(table.petition_id == petition.id, table.signed_at > moment).limit(1)
        ).first()
        for table in (Draft, Signature)
    )


def _find_petition(public_id: bytes) -> Petition | None:
    return db.session.scalars(select(Petition).where(Petition.public_id == public_id)).one_or_none()
