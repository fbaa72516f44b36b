"""What works in batches while the site runs: how many rows a second, and for how long its longest transaction is open.

One database, in which nothing was ever forgotten, goes through all of it, on PostgreSQL in this process.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import Connection, event, func, insert, select
from sqlalchemy.orm import Session, SessionTransaction

import config
from app import clock, kept_sums
from app.connections import WRITES
from app.crypto import sealing
from app.data_keys.rotate import rotate
from app.db import db, transaction
from app.models import Reason, Signature, Unwanted
from app.moderation import bulk
from app.outbox.unwanted import mailbox_finder
from app.retention.consent import end_consent
from app.retention.erase import erase_after_closing
from app.retention.purge import purge_drafts, purge_ended_emails
from app.signing.traces import forget_traces
from app.watching.selection import Selection
from bench import people
from bench.figure import Figure, number
from bench.stage import Stage

ROWS = 50_000
OF_WHICH_ONE_UNSUBSCRIBED = 100
BULK_ACTS = 2  # of as many signatures as one act takes
MOST_MILLISECONDS = 200
# A million in 28 and in 59 seconds: a third of what they took at first.
ERASED_A_SECOND, ROTATED_A_SECOND = 36_000, 17_000
LATER = timedelta(days=20)  # by then all traces are due, though signatures are made a second apart

# A ledger row and a letter for each signature, and a letter for each draft, which outlives it by a day.
BESIDE = """
INSERT INTO ledger (petition_id, signature_id, change, kind, delta, at, folded)
SELECT petition_id, id, 1, 'confirmed', 1, verified_at, true FROM signature;
UPDATE tally SET base = (SELECT count(*) FROM signature);
INSERT INTO outbox (public_id, signature_id, petition_id, occasion, priority, progress, queued_at, due_at, ended_at)
SELECT uuid_send(gen_random_uuid()), id, petition_id, 'confirmed', 0, 'sent', at, at, at
FROM signature, (SELECT now() - interval '8 days' AS at) AS ago;
INSERT INTO outbox (public_id, draft_id, petition_id, occasion, priority, progress, queued_at, due_at, ended_at)
SELECT uuid_send(gen_random_uuid()), public_id, petition_id, 'signed', 0, 'sent', at, at, at
FROM draft, (SELECT now() - interval '6 days' AS at) AS ago;
INSERT INTO recount_due SELECT id FROM petition ON CONFLICT DO NOTHING;
"""
CLOSED_LONG_AGO = "UPDATE petition SET closes_at = now() - interval '10 years'"


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done to so many `rows`; `run` returns how many it changed, which must be `changes`."""

    name: str
    rows: int
    run: Callable[[], int]
    changes: int
    at_least: int | None = None


def run(stage: Stage) -> Iterator[Figure]:
    """Measure each job once, in an order in which each finds its rows."""
    database = stage.database("batches")
    app = stage.app(database)
    _fill(stage, database, app)
    with app.app_context():
        for job in (
            Job("forgetting traces", ROWS, lambda: forget_traces(clock.now() + LATER), ROWS),
            Job("purging drafts", ROWS, purge_drafts, ROWS),
            Job("purging ended e-mails", ROWS, purge_ended_emails, ROWS),
            Job(f"ending consent of 1 in {OF_WHICH_ONE_UNSUBSCRIBED}", ROWS, end_consent, len(_unsubscribed())),
        ):
            yield from _measured(stage, database, job)
    with stage.app(database, DATA_KEYS=[config.new_data_key(), *app.config["DATA_KEYS"]]).app_context():
        yield from _measured(stage, database, Job("rotating data keys", ROWS, _rotate, ROWS, ROTATED_A_SECOND))
        many = BULK_ACTS * bulk.MAX_AT_A_PRESS
        yield from _measured(stage, database, Job("invalidating in bulk", many, _invalidate, many))
        with stage.connect(database) as connection:
            connection.execute(CLOSED_LONG_AGO)
        yield from _measured(stage, database, Job("erasing", ROWS, erase_after_closing, ROWS, ERASED_A_SECOND))


def _measured(stage: Stage, database: str, job: Job) -> Iterator[Figure]:
    with stage.connect(database) as connection:
        connection.execute("VACUUM ANALYZE signature, draft, outbox, ledger")  # as autovacuum does between jobs
    with _timed_transactions() as took:
        began = time.perf_counter()
        changed = job.run()
        seconds = time.perf_counter() - began
    if changed != job.changes:
        raise RuntimeError(f"{job.name} changed {changed} rows, and not {job.changes}")
    db.session.remove()
    detail = f"{number(seconds)} s for {job.rows:,}, so {number(seconds * 1e6 / job.rows)} s for a million"
    yield Figure(f"batches: {job.name}", [job.rows / seconds], "/s", at_least=job.at_least, detail=detail)
    detail = f"of {len(took):,}; the middle one {number(median(took))} ms"
    yield Figure(f"batches: {job.name}, longest", [max(took)], "ms", at_most=MOST_MILLISECONDS, detail=detail)


@contextmanager
def _timed_transactions() -> Iterator[list[float]]:
    """Collect for how many milliseconds each transaction was open that writes, from its beginning to its commit."""
    took: list[float] = []
    began: dict[Session, float] = {}

    def begin(session: Session, part: SessionTransaction, connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES):
            began[session] = time.perf_counter()

    def end(session: Session) -> None:
        if session in began:
            took.append((time.perf_counter() - began.pop(session)) * 1000)

    heard: dict[str, Callable[..., Any]] = {"after_begin": begin, "after_commit": end}
    for name, listener in heard.items():
        event.listen(db.session, name, listener)
    try:
        yield took
    finally:
        for name, listener in heard.items():
            event.remove(db.session, name, listener)


def _rotate() -> int:
    rotate(lambda message: None)
    head = sealing.prefix(sealing.data_keys()[0])
    resealed = select(func.count()).where(func.substr(Signature.sealed, 1, len(head)) == head)
    return db.session.scalars(resealed).one()


def _invalidate() -> int:
    """Invalidate the newest signatures, act by act, each as the page does: what it shows, and then exactly that."""
    petition_id = people.edition().petition.id
    chosen = bulk.invalidatable(Selection())
    total = 0
    for _ in range(BULK_ACTS):
        shown = bulk.preview(petition_id, chosen)
        total += bulk.invalidate(petition_id, chosen, shown.fingerprint, None, Reason.OTHER, "A note of the bench.")
    return total


def _unsubscribed() -> range:
    """Return the numbers of those who want no e-mails any more."""
    return range(OF_WHICH_ONE_UNSUBSCRIBED, ROWS + 1, OF_WHICH_ONE_UNSUBSCRIBED)


def _fill(stage: Stage, database: str, app: Flask) -> None:
    with stage.connect(database) as connection:
        connection.execute("SET synchronous_commit = off")
        people.make_verified(app, connection, ROWS, updates=True, traced=True)
        people.make_many_drafts(connection, ROWS + 1, 2 * ROWS, expires_in=-timedelta(hours=1))
        connection.execute("SET session_replication_role = replica")
        connection.execute(BESIDE)
    with app.app_context():
        kept_sums.recount_due()
        with transaction() as session:
            mailbox = mailbox_finder(session)
            gone = [{"mailbox": mailbox(people.address_of(one)), "since": clock.now()} for one in _unsubscribed()]
            session.execute(insert(Unwanted), gone)
        db.session.remove()
