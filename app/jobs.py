"""Periodic jobs: one table of what is done again and again, each by itself, so that none keeps another from running."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app import clock, counters, kept_sums, logs
from app.auth import login_throttle, sessions
from app.confirmation.remind import queue_reminders
from app.db import db, insert, transaction
from app.export import pdf_job
from app.ledger import audit, ledger
from app.models import JobSuccess
from app.moderation import bursts
from app.notices.tell import tell_organisers
from app.organisers.accounts import forget_expired_invitations
from app.outbox.bounced import forget_bounced
from app.outbox.forget_paces import forget_paces
from app.retention.consent import end_consent
from app.retention.erase import erase_after_closing
from app.retention.journal import write_journal
from app.retention.purge import (
    forget_declined,
    purge_drafts,
    purge_ended_emails,
    purge_form_copies,
    purge_returned_emails,
    purge_spent_proofs,
)
from app.signing import code, traces
from app.updates.queue import send_news
from app.watching.hourly import round_numbers

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
RETRY_SECONDS = 30  # what fails each second must not fill the log
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do at each interval, by every worker, first when it starts.

    `run` opens its own transactions, bears being done by two workers at once, and returns how many rows it changed;
    where that is 0 the log stays silent.
    """

    name: str
    interval: timedelta
    run: Callable[[], int]


# What `signatures purge` does too: the privacy notice and docs/operations.md promise that these are forgotten in time.
RETENTION = (
    Job("purge unconfirmed drafts", MINUTE, purge_drafts),
    Job("purge copies of forms", MINUTE, purge_form_copies),
    Job("purge ended e-mails", MINUTE, purge_ended_emails),
    Job("purge e-mails that came back", MINUTE, purge_returned_emails),
    Job("forget mailboxes that were not there", MINUTE, forget_bounced),
    Job("purge spent proofs of work", MINUTE, purge_spent_proofs),
    Job("forget declined mailboxes", MINUTE, forget_declined),
    Job("erase signatures after closing", MINUTE, erase_after_closing),
    Job("forget traces of bursts", MINUTE, traces.forget_traces),
    Job("end consent of unsubscribed mailboxes", MINUTE, end_consent),
    Job("forget tries of codes", MINUTE, code.forget_tries),
    Job("forget departures", HOUR, forget_paces),
)
JOBS = (
    Job("fold the ledger", timedelta(seconds=1), ledger.fold_all),
    Job("add up kept sums", MINUTE, kept_sums.add_up),
    Job("recount sums", MINUTE, kept_sums.recount_due),
    Job("write the journal of erasures", timedelta(seconds=10), write_journal),
    *RETENTION,
    Job("round numbers for viewers", MINUTE, round_numbers),
    Job("queue reminders", MINUTE, queue_reminders),
    Job("send news", timedelta(seconds=20), send_news),
    Job("flag bursts", MINUTE, bursts.flag_bursts),
    Job("tell organisers", MINUTE, tell_organisers),
    Job("expire invitations", MINUTE, forget_expired_invitations),
    Job("forget ended sessions", MINUTE, sessions.forget_ended),
    Job("forget login attempts", MINUTE, login_throttle.forget_old_attempts),
    Job("forget deliveries", MINUTE, pdf_job.forget_old_deliveries),
    Job("compare counts with signatures", MINUTE, audit.check_counts),
    Job("write counters", timedelta(seconds=counters.WRITTEN_AFTER_SECONDS), counters.write),
)


def run(job: Job) -> int | None:
    """Do a job now; return how many rows it dealt with, or None if it failed: that is logged."""
    began = time.perf_counter()
    try:
        done = job.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs are still to be done
        log.error("job failed: %s: %s", job.name, logs.describe_error(error))  # noqa: TRY400 - its text may name a signer
        return None
    finally:
        db.session.remove()
    level = logging.INFO if done else logging.DEBUG
    log.log(level, "job: %s", job.name, extra={"about": {"done": done, "ms": _milliseconds_since(began)}})
    return done


def run_all(jobs: Iterable[Job]) -> dict[str, int | None]:
    """Do each of these jobs now; return by its name what `run` does."""
    return {job.name: run(job) for job in jobs}


class Schedule:
    """When each job is to be done next, and when each last succeeded, which the database is told once a minute."""

    def __init__(self, jobs: Iterable[Job] = JOBS) -> None:
        self._due = dict.fromkeys(jobs, float("-inf"))
        self._succeeded: dict[str, datetime] = {}
        self._told_next = float("-inf")

    def run_due(self) -> int:
        """Do every job whose time has come; return how many rows they dealt with.

        One that failed is tried again after its interval, at the earliest after RETRY_SECONDS.
        """
        total = 0
        for job, due in self._due.items():
            if time.monotonic() < due:
                continue
            seconds = job.interval.total_seconds()
            done = run(job)
            if done is None:
                seconds = max(seconds, RETRY_SECONDS)
            else:
                self._succeeded[job.name] = clock.now()
            self._due[job] = time.monotonic() + seconds
            total += done or 0
        if self._succeeded and time.monotonic() >= self._told_next:
            self._told_next = time.monotonic() + MINUTE.total_seconds()
            self._tell()
        return total

    def _tell(self) -> None:
        # In one order everywhere, so that two workers never wait for each other.
        rows = [{"name": name, "at": at} for name, at in sorted(self._succeeded.items())]
        new = insert(JobSuccess).values(rows)
        try:
            with transaction() as session:
                session.execute(new.on_conflict_do_update(index_elements=["name"], set_={"at": new.excluded.at}))
        except Exception as error:  # noqa: BLE001 - the jobs go on, and it is tried again in a minute
            log.error("cannot keep when jobs succeeded: %s", logs.describe_error(error))  # noqa: TRY400
        else:
            self._succeeded.clear()
        finally:
            db.session.remove()


def _milliseconds_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
