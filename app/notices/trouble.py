"""What goes wrong with a petition: many signatures or forms at once, e-mails that do not arrive, "it was not me".

Nothing is told that one mailbox alone can cause: a single server that is slow, a single person who declines.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, or_, select

from app.db import db
from app.models import (
    BURSTS,
    Draft,
    HourlyNumbers,
    Notice,
    NoticeKind,
    Occasion,
    OutboxProgress,
    OutboxRow,
    Signature,
    Suspicion,
)
from app.notices.found import Found
from app.outbox.enqueue import PRIORITY_REFUSED
from app.outbox.waits import MANY_EMAILS, told_to_organisers, waits

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MANY_FORMS, MANY_TO_ONE = 100, 5  # that nobody has confirmed an hour later, and so many to each that somebody has
FAILED_OF = 10  # one in so many


def new_trouble(now: datetime) -> list[Found]:
    """Return the trouble that there is now; what was told before is among it."""
    return [*_bursts(now), *_floods(now), *_mail(now), *_objections(now)]


def _bursts(now: datetime) -> list[Found]:
    since = func.max(Suspicion.since, type_=Suspicion.since.type)
    lately = (Suspicion.since > now - 2 * HOUR) & Suspicion.clue.in_(BURSTS) & Suspicion.dismissed_at.is_(None)
    flagged = select(Suspicion.petition_id, since).where(lately).group_by(Suspicion.petition_id)
    # The day is that of the burst: found again after midnight, it is the same.
    return [Found(petition_id, NoticeKind.ATTACK, _day(at)) for petition_id, at in db.session.execute(flagged)]


def _floods(now: datetime) -> list[Found]:
    """Find forms that nobody confirms, of those that people had at least an hour to."""
    drafts = (
        select(Draft.petition_id, func.count().label("number"))
        .where(
            Draft.signed_at > now - 2 * HOUR,
            Draft.signed_at <= now - HOUR,
            Draft.sealed.is_not(None),
            _is_traced(Draft),
        )
        .group_by(Draft.petition_id)
        .having(func.count() >= MANY_FORMS)
    )
    return [
        Found(petition_id, NoticeKind.ATTACK, _day(now))
        for petition_id, number in db.session.execute(drafts).all()
        if number > MANY_TO_ONE * _confirmed(petition_id, now)
    ]


def _confirmed(petition_id: int, now: datetime) -> int:
    signed_then = (Signature.signed_at > now - 2 * HOUR) & (Signature.signed_at <= now - HOUR)
    of_petition = select(func.count()).where(Signature.petition_id == petition_id, signed_then, _is_traced(Signature))
    return db.session.scalars(of_petition).one()


def _is_traced(table: type[Draft | Signature]) -> ColumnElement[bool]:
    """Return the condition of the partial indexes that forms of the last two days are found by."""
    return or_(table.network_key.is_not(None), table.domain_key.is_not(None))


def _mail(now: datetime) -> list[Found]:
    failing, waiting = _failing(now), _waiting(now)
    if not failing and not waiting:
        return []
    told = told_to_organisers(waits(db.session(), now))
    is_stopped = any(one.number is None for one in told)
    late = {petition_id for petition_id, number in waiting.items() if number >= MANY_EMAILS or is_stopped}
    return [
        Found(
            petition_id,
            NoticeKind.MAIL,
            _day(now),
            {"is_waiting": petition_id in late, "is_failing": petition_id in failing, "waits": told},
        )
        for petition_id in sorted(failing | late)
    ]


def _waiting(now: datetime) -> dict[int, int]:
    """Return how many e-mails that people wait for have waited for an hour, by petition.

    One that a mail server has refused for now is not among them: made-up addresses are, by the thousands.
    """
    waiting = (
        select(OutboxRow.petition_id, func.count())
        .where(OutboxRow.progress == OutboxProgress.WAITING, OutboxRow.priority < PRIORITY_REFUSED)
        .where(OutboxRow.occasion != Occasion.ORGANISER, OutboxRow.queued_at < now - HOUR)
        .group_by(OutboxRow.petition_id)
    )
    return {petition_id: number for petition_id, number in db.session.execute(waiting) if petition_id}


def _failing(now: datetime) -> set[int]:
    """Return the petitions of which many e-mails failed in the last hour. News tells of its own."""
    failed = func.sum(case((OutboxRow.progress == OutboxProgress.FAILED, 1), else_=0))
    ended = OutboxRow.progress.in_([OutboxProgress.SENT, OutboxProgress.FAILED]) & (OutboxRow.ended_at > now - HOUR)
    many = (
        select(OutboxRow.petition_id)
        .where(ended, OutboxRow.occasion.not_in([Occasion.ORGANISER, Occasion.NEWS]))
        .group_by(OutboxRow.petition_id)
        .having(failed >= MANY_EMAILS, failed * FAILED_OF > func.count())
    )
    return {one for one in db.session.scalars(many) if one}


def _objections(now: datetime) -> list[Found]:
    """Find where more mailboxes declined than was told, by the number that viewers see: see app/watching/hourly.py."""
    about = (Notice.petition_id == HourlyNumbers.petition_id) & (Notice.kind == NoticeKind.OBJECTION)
    lately = select(Notice.petition_id).where(about, Notice.at > now - DAY).exists()
    told = select(func.coalesce(func.max(Notice.number), 0)).where(about).scalar_subquery()
    more = select(HourlyNumbers.petition_id, HourlyNumbers.declined).where(HourlyNumbers.declined > told, ~lately)
    return [
        Found(petition_id, NoticeKind.OBJECTION, number, {"declined": number})
        for petition_id, number in db.session.execute(more)
    ]


def _day(moment: datetime) -> int:
    return moment.toordinal()
