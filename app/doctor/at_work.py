"""What is done all the time: the worker, the outbox, what becomes of e-mails, backups."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app import clock
from app.db import db
from app.doctor.finding import Finding, command, not_tried, ok, warning, wrong
from app.doctor.set_up import SetUp
from app.models import (
    BACKED_UP,
    JobSuccess,
    Kind,
    LedgerEntry,
    Occasion,
    OutboxProgress,
    OutboxRow,
    Returned,
    ReturnedEmail,
)
from app.outbox.lateness import seconds_late
from app.outbox.status import status
from app.outbox.waits import describe_wait

WORKER_SILENT = timedelta(minutes=5)  # it tells once a minute what it did
LATE_SECONDS, TOO_LATE_SECONDS = 5 * 60, 30 * 60
BACKUP_OLD, BACKUP_TOO_OLD = timedelta(days=2), timedelta(days=7)
DAY = timedelta(days=1)
TIME_TO_CONFIRM = timedelta(hours=2)
# So many e-mails without one confirmation are no chance: of three that arrive, one is confirmed at the least.
ENOUGH_EMAILS = 20
ENOUGH_RETURNED = 20


def check_worker(site: SetUp) -> Iterable[Finding]:
    """Look when any worker last told that it works."""
    last: datetime | None = db.session.scalar(
        select(func.max(JobSuccess.at, type_=JobSuccess.at.type)).where(JobSuccess.name != BACKED_UP)
    )
    start = f"Start it: `systemctl start countersign-worker`, or {command('outbox work')}."
    if last is None:
        yield wrong("Worker", "No worker has ever run: no e-mail leaves.", start)
    elif clock.now() - last > WORKER_SILENT:
        yield wrong("Worker", f"None has worked since {clock.iso(last)}: no e-mail leaves, nothing is purged.", start)
    else:
        yield ok("Worker", "It works.")


def check_outbox(site: SetUp) -> Iterable[Finding]:
    """Look for how long the e-mail has waited that is due longest."""
    late = seconds_late()
    if late < LATE_SECONDS:
        yield ok("Outbox", "Nothing is late.")
        return
    now = status()
    said = "; ".join([*map(describe_wait, now.waits[:3]), *(trouble.reply for trouble in now.troubles[:3])])
    words = f"An e-mail has been due for {late // 60} minutes."
    words += f" What is known: {said}." if said else ""
    if any(wait.setting for wait in now.waits):
        yield warning("Outbox", words, "It goes on by itself; a larger quota at the relay makes it sooner.")
        return
    change = f"See {command('outbox status')}, and 'Mail is not going out' in docs/operations.md."
    yield (wrong if late >= TOO_LATE_SECONDS else warning)("Outbox", words, change)


def check_arrival(site: SetUp) -> Iterable[Finding]:
    """Look whether anybody confirms: a relay may take everything and deliver nothing."""
    name = "Do e-mails arrive"
    now = clock.now()
    sent = _number(OutboxProgress.SENT, now - DAY - TIME_TO_CONFIRM, now - TIME_TO_CONFIRM)
    failed = _number(OutboxProgress.FAILED, now - DAY, now)
    if failed >= ENOUGH_EMAILS and failed * 10 > sent:
        yield warning(
            "Refused e-mails",
            f"The relay refused more than {failed // 10 * 10} e-mails within a day for good.",
            f"See {command('outbox status')} for what it said.",
        )
    yield from _returned(now)
    if sent < ENOUGH_EMAILS:
        test = f"Send a test: {command('doctor --mailbox ADDRESS')}."
        yield not_tried(name, "Too few were sent within a day to tell.", test)
        return
    confirmed = select(LedgerEntry.id).where(
        LedgerEntry.kind == Kind.CONFIRMED, LedgerEntry.at > now - DAY - TIME_TO_CONFIRM
    )
    if db.session.scalar(select(confirmed.exists())):
        yield ok(name, "People confirm what they get.")
    else:
        yield wrong(
            name,
            f"The relay took more than {sent // 10 * 10} e-mails that ask for a confirmation, and nobody has confirmed"
            " within a day: it takes them and delivers nothing, they all end up as spam, or somebody fills the form"
            " with invented addresses.",
            f"Send a test to mailboxes at several providers, {command('doctor --mailbox ADDRESS')}, look into their"
            " folders for spam, and into the relay's own log or web page: a quota, a lock, a queue that stands still.",
        )


def _returned(now: datetime) -> Iterable[Finding]:
    """Tell if many came back; those that were not sent, as others to their mailboxes had come back, do not count."""
    counts = ReturnedEmail.kind.in_([Returned.HARD, Returned.BLOCKED, Returned.COMPLAINT])
    number = db.session.scalar(select(func.count()).where(counts, ReturnedEmail.at > now - DAY)) or 0
    left = (OutboxRow.progress == OutboxProgress.SENT) & (OutboxRow.ended_at > now - DAY)
    if number >= ENOUGH_RETURNED and number * 10 > (db.session.scalar(select(func.count()).where(left)) or 0):
        yield warning(
            "E-mails that come back",
            f"More than {number // 10 * 10} came back within a day, a tenth of what was sent: providers watch that.",
            "Look at the dashboards for which petition: somebody may fill its form with invented addresses. If they are"
            f" blocked, {command('outbox status')} and the relay's log say why.",
        )


def _number(progress: OutboxProgress, since: datetime, until: datetime) -> int:
    ended = select(func.count()).where(
        OutboxRow.occasion == Occasion.SIGNED,
        OutboxRow.progress == progress,
        OutboxRow.ended_at.between(since, until),
    )
    return db.session.scalar(ended) or 0


def check_backups(site: SetUp) -> Iterable[Finding]:
    """Look when `backup` last made one, or was told of one."""
    last = db.session.scalar(select(JobSuccess.at).where(JobSuccess.name == BACKED_UP))
    change = (
        f"Enable deploy/countersign-backup.timer, or run {command('backup FOLDER --keys FOLDER')} each night, with the"
        f" keys in a folder of their own. If you back up in another way, tell it after each:"
        f" {command('backup --made-otherwise')}."
    )
    if last is None:
        yield (wrong if site.is_public else warning)("Backups", "There is no backup.", change)
        return
    age = clock.now() - last
    words = f"The newest is {age.days} days old ({clock.iso(last)})."
    if age > BACKUP_TOO_OLD:
        yield wrong("Backups", words, change)
    elif age > BACKUP_OLD:
        yield warning("Backups", words, change)
    else:
        yield ok("Backups", f"The newest is of {clock.iso(last)}.")
