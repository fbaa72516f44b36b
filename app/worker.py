"""The worker: sends the outbox, does periodic jobs, makes PDF deliveries, looks at the set-up, reads what came back.

None of these waits for another.
"""

import logging
import random
import secrets
import threading
from collections.abc import Callable, Collection

from flask import Flask, current_app

from app import jobs, logs
from app.auth import password_reset
from app.bounces.place import CannotRead
from app.bounces.read import read_configured
from app.confirmation import letter
from app.confirmation.confirm import letter_ended
from app.confirmation.letters_for_many import ended_many, take_back_many, write_many
from app.confirmation.typed_domains import typed_domains
from app.db import db, is_away
from app.doctor import kept
from app.email import smtp
from app.email.letter import Letter
from app.export import pdf_job
from app.models import Occasion, OutboxRow
from app.organisers.letter import recipient_domains
from app.organisers.letter import render_letter as write_to_organiser
from app.outbox.callbacks import LetterCallbacks
from app.outbox.deliver import deliver
from app.petition_files.tell_owners import render_change
from app.stop_signal import StopSignal
from app.updates.letter import write_news
from app.updates.trial import render_test


def choose_email(row: OutboxRow) -> Callable[[], Letter] | None:
    """Return the function that writes the letter that a row of the outbox asks for; None if nothing is to be said."""
    if row.occasion != Occasion.ORGANISER:
        return letter.choose_letter(row)
    message = write_to_organiser(row) or password_reset.render_password_reset(row) or render_change(row)
    message = message or render_test(row)
    return (lambda: message) if message else None


def domains_of(row_ids: Collection[int]) -> dict[int, str]:
    """Return the domains that rows of the outbox were asked for, by the rows' ids."""
    return typed_domains(row_ids) | recipient_domains(row_ids)


LETTERS = LetterCallbacks(
    choose=choose_email,
    ended=letter_ended,
    write_many=write_many,
    ended_many=ended_many,
    take_back_many=take_back_many,
    domains_of=domains_of,
    write_once=write_news,
)
IDLE_SECONDS = 0.5
IDLE_DELIVERIES_SECONDS = 5  # a PDF takes many seconds anyway
IDLE_HEALTH_SECONDS = 30
HEALTH_BEGINS_AFTER_SECONDS = 60  # what starts together with the worker is not up at once
IDLE_BOUNCES_SECONDS = 30
MAX_PAUSE_SECONDS = 30
JOIN_SECONDS = 3
WATCH_SECONDS = 5  # how soon the command ends should the letters' thread be gone
log = logging.getLogger(__name__)


def work_once() -> int:
    """Do all jobs, send all letters and make all deliveries that are due now; return how many letters were claimed."""
    jobs.Schedule(jobs.JOBS).run_due()
    total = 0
    while handled := deliver(LETTERS):
        total += handled
    pdf_job.run_due()
    return total


class Worker:
    """Loops, each in a thread, until asked to stop: letters, jobs, PDF deliveries, system health, what came back.

    The last is there if settings name a place for that. So no letter waits for a slow job, and no job for a mail server
    that does not answer.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        schedule = jobs.Schedule()
        self.letters = Loop(lambda: deliver(LETTERS, self._stop.is_set), self._stop)
        self.jobs = Loop(schedule.run_due, self._stop)
        self.deliveries = Loop(lambda: pdf_job.run_due(self._stop.is_set), self._stop, IDLE_DELIVERIES_SECONDS)
        self.health = Loop(kept.refresh_due, self._stop, IDLE_HEALTH_SECONDS, HEALTH_BEGINS_AFTER_SECONDS)
        self.bounces = Loop(self._read_bounces, self._stop, IDLE_BOUNCES_SECONDS)

    def run(self) -> None:
        """Work until asked to stop by SIGTERM or SIGINT, and until the letter in hand is through."""
        stop = StopSignal()
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        letters = threading.Thread(target=self._run, args=(app, self.letters), name="letters")
        reads_bounces = app.config["BOUNCE_MAILDIR"] or app.config["BOUNCE_IMAP_URL"]
        loops = [("jobs", self.jobs), ("deliveries", self.deliveries), ("health", self.health)]
        loops += [("bounces", self.bounces)] if reads_bounces else []
        # Daemons, so that what takes long holds up no end: a job works in transactions, and a half-made delivery is
        # begun anew later.
        others = [threading.Thread(target=self._run, args=(app, loop), name=name, daemon=True) for name, loop in loops]
        for thread in (letters, *others):
            thread.start()
        while letters.is_alive() and not stop.wait(WATCH_SECONDS):
            pass
        self._stop.set()
        letters.join()
        for thread in others:
            thread.join(JOIN_SECONDS)

    def _read_bounces(self) -> int:
        read_configured(self._stop.is_set)
        return 0  # the next turn has time

    def _run(self, app: Flask, loop: "Loop") -> None:
        with app.app_context():
            loop.run()


class Loop:
    """Does `work` again and again, `after` some seconds; it tells how much it found to do.

    After nothing it waits for `idle` seconds. A mail server or a database that is away makes it wait, longer each time,
    and never ends it.
    """

    def __init__(
        self, work: Callable[[], int], stop: threading.Event, idle: float = IDLE_SECONDS, after: float = 0
    ) -> None:
        self._work = work
        self._stop = stop
        self._idle = idle
        self._after = after
        self._troubles = 0

    def run(self) -> None:
        """Work until asked to stop."""
        self._stop.wait(self._after)
        while not self._stop.is_set():
            self._stop.wait(self.turn())

    def turn(self) -> float:
        """Do what is due; return how many seconds to wait before the next turn. Its lines in the log share a number."""
        logs.correlation_id.set(secrets.token_hex(6))
        try:
            handled = self._work()
        except (smtp.NoConnection, CannotRead) as error:
            return self._pause(str(error))  # holds no words of the server
        except Exception as error:  # noqa: BLE001 - the loop outlives any fault
            if is_away(error):
                return self._pause("the database is away")
            log.error("fault in the worker: %s", logs.describe_error(error))  # noqa: TRY400 - its text may name a signer
            return self._pause("a fault of our own")
        finally:
            db.session.remove()
        self._troubles = 0
        return 0 if handled else self._idle * random.uniform(0.5, 1.5)  # so that nobody knows when it begins

    def _pause(self, words: str) -> float:
        self._troubles += 1
        seconds = min(2.0**self._troubles, MAX_PAUSE_SECONDS) * random.uniform(0.5, 1)
        log.warning("%s; next try in %.0f s", words, seconds)
        return seconds
