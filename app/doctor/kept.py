"""The newest findings, kept by a worker for the page System health: a request must not wait for what they take."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, update

from app import clock
from app.db import db, insert, transaction
from app.doctor.finding import Finding, Verdict, worst_first
from app.doctor.run import examine
from app.models import HealthReport

EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker found, the worst first, and when."""

    at: datetime
    findings: list[Finding]


def refresh_due() -> int:
    """Look anew if that was not begun within EVERY by any worker, and keep what is found; return how many findings."""
    now = clock.now()
    new = insert(HealthReport).values(id=1, begun_at=now, findings=[])
    is_due = or_(
        HealthReport.begun_at <= now - EVERY, HealthReport.begun_at > now + EVERY
    )  # then the clock has gone back
    begin = new.on_conflict_do_update(index_elements=["id"], set_={"begun_at": now}, where=is_due)
    with transaction() as session:
        began = session.scalar(begin.returning(HealthReport.id))
    if began is None:
        return 0
    findings = examine()
    kept = update(HealthReport).values(at=clock.now(), findings=[finding.as_dict() for finding in findings])
    with transaction() as session:
        session.execute(kept)
    return len(findings)


def newest_report() -> Report | None:
    """Return what was found last; None if no worker has looked yet."""
    row = db.session.get(HealthReport, 1)
    if row is None or row.at is None:
        return None
    found = [Finding(one["name"], Verdict(one["verdict"]), one["found"], one["change"]) for one in row.findings]
    return Report(row.at, worst_first(found))
