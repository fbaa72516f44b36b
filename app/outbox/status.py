"""The outbox's status for operators, and how they have failed letters tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, union_all, update
from sqlalchemy.orm import Session

from app import clock, kept_sums
from app.db import db, in_batches, is_one_of
from app.models import Draft, News, NewsState, Occasion, OutboxProgress, OutboxRow
from app.outbox.claim import MAY_LEAVE
from app.outbox.enqueue import PRIORITY_BY_STRANGER, UNCERTAIN
from app.outbox.waits import Wait, waits

MAX_TROUBLES = 10
MAX_REPLIES_READ = 10_000


@dataclass(frozen=True, slots=True)
class Trouble:
    """Letters with the same last reply of a mail server: how many, their progress, and the reply."""

    number: int
    progress: OutboxProgress
    reply: str


@dataclass(frozen=True, slots=True)
class Status:
    """The queue at a glance."""

    numbers: dict[tuple[Occasion, OutboxProgress], int]
    oldest_waiting: datetime | None
    next_due: datetime | None
    in_hand: int
    slow_lane: int
    slow_lane_ends: datetime | None
    paused_news: int
    troubles: list[Trouble]
    waits: list[Wait]


def status() -> Status:
    """Return how many letters wait, were sent, failed or were not needed, and what mail servers replied."""
    waiting = OutboxRow.progress == OutboxProgress.WAITING
    when = OutboxRow.queued_at.type
    in_lane = OutboxRow.deferred_until.is_not(None)
    oldest, due, in_hand, slow, ends, paused = db.session.execute(
        select(
            func.min(OutboxRow.queued_at, type_=when).filter(MAY_LEAVE),
            func.min(OutboxRow.due_at, type_=when).filter(MAY_LEAVE),
            func.count(OutboxRow.id).filter(OutboxRow.leased_until > clock.now()),
            func.count(OutboxRow.id).filter(in_lane),
            func.max(OutboxRow.due_at, type_=when).filter(in_lane),
            func.count(OutboxRow.id).filter(~MAY_LEAVE),
        ).where(waiting)
    ).one()
    return Status(
        numbers=_numbers(),
        oldest_waiting=oldest,
        next_due=due,
        in_hand=in_hand,
        slow_lane=slow,
        slow_lane_ends=ends,
        paused_news=paused,
        troubles=_troubles(),
        waits=waits(db.session(), clock.now()),
    )


def _numbers() -> dict[tuple[Occasion, OutboxProgress], int]:
    rows = kept_sums.letters_of_site().subquery()
    kind = (rows.c.occasion, rows.c.progress)
    summed = select(*kind, func.sum(rows.c.number)).group_by(*kind)
    return {(occasion, progress): int(number) for occasion, progress, number in db.session.execute(summed) if number}


def _troubles() -> list[Trouble]:
    """Return what mail servers replied most, among many that wait and many that failed, and what is uncertain."""
    read = [
        select(newest.c.progress, newest.c.reply).where(newest.c.reply != "")
        for newest in (
            select(OutboxRow.progress, OutboxRow.reply)
            .where(OutboxRow.progress == progress)
            .order_by(OutboxRow.priority.desc(), OutboxRow.due_at.desc(), OutboxRow.id.desc())
            .limit(MAX_REPLIES_READ)
            .subquery()
            for progress in (OutboxProgress.WAITING, OutboxProgress.FAILED)
        )
    ]
    # News of which nobody knows whether it was sent, but for what a worker has in hand at this moment.
    settled = OutboxRow.claim.is_(None) | (OutboxRow.leased_until <= clock.now())
    uncertain = OutboxRow.news_id.is_not(None) & (OutboxRow.reply == UNCERTAIN) & settled
    read.append(select(OutboxRow.progress, OutboxRow.reply).where(uncertain))
    replied = union_all(*read).subquery()
    kind = (replied.c.progress, replied.c.reply)
    troubles = select(func.count(), *kind).group_by(*kind).order_by(func.count().desc()).limit(MAX_TROUBLES)
    return [Trouble(*row) for row in db.session.execute(troubles)]


def retry() -> int:
    """Make every letter that failed, or waits for its next try, due now; return how many.

    Those that a worker has in hand are left: it is trying them. So are those of news that is not being sent, which
    nobody would ever claim.
    """
    now = clock.now()
    can_be_written = or_(
        *(column.is_not(None) for column in (OutboxRow.signature_id, OutboxRow.draft_id, OutboxRow.sealed))
    )
    # A request that strangers can cause is made anew instead: one at most waits for each mailbox.
    by_stranger = OutboxRow.priority == PRIORITY_BY_STRANGER
    failed = OutboxRow.progress == OutboxProgress.FAILED
    waits = (OutboxRow.progress == OutboxProgress.WAITING) & (OutboxRow.attempts > 0) & (OutboxRow.due_at > now)
    again = {"progress": OutboxProgress.WAITING, "due_at": now, "queued_at": now, "ended_at": None}

    def make_due(session: Session, ids: Sequence[int]) -> None:
        # Locked, so that news does not end while they are chosen: it ends when none of its e-mails waits.
        sending = select(News.id).where(News.state == NewsState.SENDING).order_by(News.id)
        of_news = session.scalars(sending.with_for_update()).all()
        these = is_one_of(OutboxRow.id, ids) & (OutboxRow.news_id.is_(None) | OutboxRow.news_id.in_(of_news))
        change = update(OutboxRow).where(these).values(again)
        session.execute(change.execution_options(synchronize_session=False))
        # A draft does not expire while its letter waits.
        asking = select(OutboxRow.draft_id).where(these, OutboxRow.occasion == Occasion.SIGNED)
        of_letters = Draft.sealed.is_not(None) & Draft.public_id.in_(asking)
        drafts = session.scalars(select(Draft.public_id).where(of_letters).order_by(Draft.public_id).with_for_update())
        keep = update(Draft).where(is_one_of(Draft.public_id, drafts.all())).values(expires_at=None)
        session.execute(keep.execution_options(synchronize_session=False))

    in_order = (OutboxRow.priority, OutboxRow.due_at, OutboxRow.id)
    chosen = select(OutboxRow.id).where(can_be_written, ~by_stranger, MAY_LEAVE).order_by(*in_order)
    return sum(in_batches(chosen.where(which), make_due) for which in (failed, waits))
