"""Cost against size: what pages, lists, jobs and exports take at 1,000 signatures, at 100,000 and at a million.

All runs in this process, on PostgreSQL, without HTTP: what grows is the database's work and the rows handed over.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import median

from flask import Flask
from sqlalchemy import select

from app import clock, jobs, kept_sums
from app.audit import log
from app.db import db, snapshot
from app.export.handover import begin_handover
from app.export.list_stream import stream_list
from app.export.rows import Choice
from app.ledger import audit, ledger
from app.models import Format, Petition, Role, Signature
from app.moderation import bulk
from app.organisers.accounts import invite
from app.outbox.status import status
from app.pages.petition_page import render_petition
from app.petitions.names import PAGE_SIZE, PURPOSE, names_page
from app.watching import growth, listing, numbers, shares
from app.watching.selection import Selection
from app.web.cursor import Cursor
from bench import people
from bench.figure import Figure, number
from bench.filled import verified
from bench.stage import Stage

SIZES = {"1k": 1_000, "100k": 100_000, "1M": 1_000_000}
TEN_MILLION = {"10M": 10_000_000}
UNFOLDED = 1_000
PAGE_FAR_DOWN = 10_000
READS = 9
FLAT = 3  # times as long at the largest size as at the smallest, at most: a deeper index, colder pages
MAX_MILLISECONDS = {"dashboard": 50, "preview of invalidating all": 50, "outbox status": 50, "slowest idle purge": 5}
LINEAR = ("export as CSV", "count audit")

# As after some days of confirming: a ledger row for each, the newest not folded yet, and a letter, which was sent. In
# the petition's log owners take turns, so that each has lines on every page of it.
BESIDE = """
INSERT INTO ledger (petition_id, signature_id, change, kind, delta, at, folded)
SELECT petition_id, id, 1, 'confirmed', 1, verified_at - interval '12 days', id <= {folded} FROM signature;
UPDATE tally SET base = {folded};
INSERT INTO outbox (public_id, signature_id, petition_id, occasion, priority, progress, queued_at, due_at, ended_at)
SELECT decode(md5(id::text), 'hex'), id, petition_id, 'confirmed', 0, 'sent', now(), now(), now() FROM signature;
INSERT INTO recount_due SELECT id FROM petition ON CONFLICT DO NOTHING;
INSERT INTO audit_entry (at, petition_id, organiser_id, act, details)
SELECT now(), petition_id, organiser.id, 'listed', '{{}}' FROM signature JOIN organiser
ON signature.id % ({a_line} * {organisers}) = {a_line} * (organiser.id % {organisers}) ORDER BY signature.id;
"""
ORGANISERS = 5
SIGNATURES_A_LINE = 10  # in the petition's log, so that one page of it is full at the smallest size


def run(stage: Stage, sizes: dict[str, int] = SIZES) -> Iterator[Figure]:
    """Measure each at all sizes, smallest first; a figure is that of the largest."""
    took: dict[str, dict[str, list[float]]] = {}
    for name, rows in sizes.items():
        app = _filled(stage, rows)
        with app.test_request_context():
            for what, once in _tasks(rows).items():
                took.setdefault(what, {})[name] = _milliseconds(once, 1 if what in LINEAR else READS)
    largest, smallest = list(sizes)[-1], next(iter(sizes))
    for what, by_size in took.items():
        others = ", ".join(f"{name} {number(median(by_size[name]))}" for name in list(sizes)[:-1])
        at_most = MAX_MILLISECONDS.get(what)
        yield Figure(f"sizes: {what}, {largest}", by_size[largest], "ms", at_most=at_most, detail=f"{others} ms")
        if what not in LINEAR:
            low = median(by_size[smallest])
            grown = [one / low for one in by_size[largest]]
            yield Figure(f"sizes: {what}, {largest} / {smallest}", grown, "x", at_most=FLAT)


def _filled(stage: Stage, rows: int) -> Flask:
    """Let a database have what else comes with so many signatures. No figure reads it after this one."""
    database = verified(stage, rows)
    app = stage.app(database)
    with app.app_context():
        for which in range(ORGANISERS):
            invite(f"organiser.{which}@example.org", people.edition().petition, Role.OWNER)
        db.session.remove()
    with stage.connect(database) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")
        made = {"folded": rows - UNFOLDED, "a_line": SIGNATURES_A_LINE, "organisers": ORGANISERS}
        connection.execute(BESIDE.format(**made))
        connection.execute("VACUUM ANALYZE")
    with app.app_context():
        kept_sums.recount_due()
        db.session.remove()
    return app


def _tasks(rows: int) -> dict[str, Callable[[], object]]:
    edition = people.edition()
    petition = edition.petition
    far = _cursor_at(petition, min(PAGE_FAR_DOWN, rows // PAGE_SIZE - 1))
    key = db.session.scalars(select(Signature.email_key).where(Signature.id == rows // 2)).one()
    assert key is not None
    everybody = bulk.invalidatable(Selection(before=clock.now() + timedelta(days=20)))
    return {
        "petition page": lambda: render_petition(edition),
        "count": lambda: ledger.read_count(petition.id),
        "names, page 1": lambda: names_page(petition),
        f"names, page {PAGE_FAR_DOWN:,}": lambda: names_page(petition, before=far),
        "dashboard": lambda: _dashboard(petition.id),
        "list": lambda: listing.list_page(petition.id, Selection()),
        "find": lambda: listing.find_by_mailbox(petition.id, key),
        "log": lambda: log.entries(petition.id),
        "preview of invalidating all": lambda: bulk.preview(petition.id, everybody),
        "outbox status": status,
        "slowest idle purge": _slowest_purge,
        "export as CSV": lambda: sum(1 for _ in stream_list(edition, begin_handover(petition, None, *_CSV))),
        "count audit": lambda: audit.audit(petition),
    }


_CSV = (Format.CSV, Choice(), "the bench")


def _cursor_at(petition: Petition, page: int) -> str:
    """Return the cursor of a page of names."""
    newest = select(Signature).order_by(Signature.verified_at.desc(), Signature.id.desc())
    row = db.session.scalars(newest.offset(page * PAGE_SIZE).limit(1)).one()
    return Cursor(row.verified_at, row.id.to_bytes(8, "big")).encrypt(PURPOSE, petition.public_id)


def _dashboard(petition_id: int) -> None:
    """Read what the dashboard reads."""
    now = clock.now()
    with snapshot():
        found = numbers.numbers(petition_id, exact=True)
        shares.places(petition_id, exact=True)
        shares.delays(petition_id, exact=True)
        shares.choices(petition_id, exact=True)
        numbers.number_suspected(petition_id)
        growth.lately(petition_id, now)
        growth.growth(petition_id, growth.Step.DAY, now - timedelta(days=90), now, found.verified)


def _slowest_purge() -> float:
    """Run each job that forgets, where nothing is due; return what the slowest took."""
    return max(_milliseconds(job.run, 1)[0] for job in jobs.RETENTION)


def _milliseconds(once: Callable[[], object], times: int) -> list[float]:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        told = once()
        passed = (time.perf_counter() - began) * 1000
        took.append(told if isinstance(told, float) else passed)
        db.session.rollback()  # as at the end of a request
    return took
