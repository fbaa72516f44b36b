"""The site's metrics for Prometheus: the whole site's numbers, whichever process is asked.

Each is a few rows or the first entry of an index, so that asking costs the same at ten million signatures. None moves
with one draft (see app/counters.py): who looks at them must not learn that somebody typed an address, or what became of
it.
"""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from app import counters
from app.db import db
from app.jobs import JOBS
from app.ledger import ledger
from app.models import CountCheck, Counter, JobSuccess, OutboxProgress
from app.outbox.lateness import seconds_late
from app.outbox.record import PUT_OFF

RESULTS = (OutboxProgress.SENT, OutboxProgress.FAILED, OutboxProgress.SILENT, PUT_OFF)


class Site(Collector):
    """Reads the metrics from the database, each time that it is asked."""

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its values."""
        yield from _counted()
        yield GaugeMetricFamily(
            "countersign_verified_signatures", "Verified signatures, of all petitions.", ledger.verified_on_site()
        )
        yield GaugeMetricFamily(
            "countersign_outbox_late_seconds",
            "For how long the e-mail that is due longest has been due, in whole minutes; the slow lane is left out.",
            seconds_late(),
        )
        yield _job_successes()
        yield from _count_checks()


def _counted() -> Iterator[Metric]:
    rows = db.session.execute(select(Counter.name, Counter.labels, Counter.total).order_by(Counter.labels))
    totals = {(name, labels): total for name, labels, total in rows}
    requests = CounterMetricFamily(
        "countersign_requests", "Requests, in tens, as chance has it.", labels=["endpoint", "method", "status"]
    )
    for (name, labels), total in totals.items():
        if name == counters.REQUESTS:
            requests.add_metric(labels.split(" "), total)
    yield requests
    yield CounterMetricFamily(
        "countersign_server_errors",
        "Requests answered with a status of 500 or more.",
        totals.get((counters.SERVER_ERRORS, ""), 0),
    )
    emails = CounterMetricFamily(
        "countersign_emails", "E-mails by what became of them, in tens, as chance has it.", labels=["result"]
    )
    for result in RESULTS:
        emails.add_metric([result], totals.get((counters.EMAILS, result), 0))
    yield emails


def _job_successes() -> Metric:
    succeeded = GaugeMetricFamily(
        "countersign_job_last_success_timestamp_seconds",
        "When a periodic job last ended well, to the minute; 0 if never.",
        labels=["name"],
    )
    at = {name: moment.timestamp() for name, moment in db.session.execute(select(JobSuccess.name, JobSuccess.at))}
    for job in JOBS:
        succeeded.add_metric([job.name], at.get(job.name, 0))
    return succeeded


def _count_checks() -> Iterator[Metric]:
    checks = select(
        func.coalesce(func.sum(CountCheck.differences), 0), func.min(CountCheck.at, type_=CountCheck.at.type)
    )
    differences, oldest = db.session.execute(checks).one()
    yield GaugeMetricFamily(
        "countersign_count_drift",
        "By how much counts, ledger and signatures differed when they were last compared; anything but 0 is wrong.",
        int(differences),
    )
    yield GaugeMetricFamily(
        "countersign_count_checked_timestamp_seconds",
        "When the petition whose count was compared longest ago was compared; 0 if none was.",
        oldest.timestamp() if oldest else 0,
    )
