"""The worker: sends what is in the outbox, makes deliveries, folds the ledger, forgets what is to be forgotten."""

import logging
import random
import secrets
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from flask import Flask, current_app
from flask_mail import Message
from sqlalchemy.exc import InterfaceError, OperationalError

from app import clock
from app.auth import login_throttle, password_reset, sessions
from app.confirmation import letter
from app.confirmation.confirm import letter_ended
from app.confirmation.remind import remind
from app.db import db
from app.email import smtp
from app.export import making
from app.ledger import ledger
from app.models import Occasion, OutboxRow
from app.moderation import bursts
from app.organisers.accounts import forget_expired_invitations
from app.organisers.letter import write as write_to_organiser
from app.outbox.deliver import Letters, deliver
from app.retention.erase import erase_after_closing
from app.retention.purge import purge
from app.signing import traces
from app.web import logs


def write(row: OutboxRow) -> Message | None:
    """Return the letter that a row of the outbox asks for; None if nothing is to be said."""
    if row.occasion != Occasion.ORGANISER:
        return letter.write(row)
    return write_to_organiser(row) or password_reset.write(row)


LETTERS = Letters(write=write, ended=letter_ended)
IDLE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
PURGE_EVERY_SECONDS = 60
JOIN_SECONDS = 3
log = logging.getLogger(__name__)


def work_once() -> int:
    """Send all letters and make all deliveries that are due now; return how many letters were taken in hand."""
    remind()
    total = 0
    while handled := deliver(LETTERS):
        total += handled
    ledger.fold_all()
    making.make_due()
    return total


class Worker:
    """Two loops until asked to stop: letters and upkeep in this thread, PDF deliveries in another one.

    A delivery may take minutes, and no letter waits for it.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._purged_at = float("-inf")
        self.letters = Loop(self._letters_and_upkeep, self._stop)
        self.deliveries = Loop(lambda: making.make_due(self._stop.is_set), self._stop)

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Ask both loops to end once what is in hand is through. Fits as a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Work until asked to stop by SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        # A daemon, so that a page that takes long to set holds up no end: what is half-made is begun anew later.
        making = threading.Thread(target=self._make_deliveries, args=(app,), name="deliveries", daemon=True)
        making.start()
        self.letters.run()
        making.join(JOIN_SECONDS)

    def _make_deliveries(self, app: Flask) -> None:
        with app.app_context():
            self.deliveries.run()

    def _letters_and_upkeep(self) -> int:
        # Upkeep comes before the letters, so that no mail server's trouble ever puts it off.
        ledger.fold_all()
        if time.monotonic() - self._purged_at > PURGE_EVERY_SECONDS:
            self._purged_at = time.monotonic()
            purge()
            erase_after_closing()
            remind()
            bursts.flag(clock.now())
            traces.forget(clock.now())
            forget_expired_invitations(clock.now())
            sessions.forget_ended(clock.now())
            login_throttle.forget_old(clock.now())
            making.forget_old()
        return deliver(LETTERS, self._stop.is_set)


class Loop:
    """Does `work` again and again; it tells how much it found to do.

    A mail server or a database that is away makes it wait, longer each time, and never ends it.
    """

    def __init__(self, work: Callable[[], int], stop: threading.Event) -> None:
        self._work = work
        self._stop = stop
        self._troubles = 0

    def run(self) -> None:
        """Work until asked to stop."""
        while not self._stop.is_set():
            self._stop.wait(self.turn())

    def turn(self) -> float:
        """Do what is due; return how many seconds to wait before the next turn. Its lines in the log share a number."""
        logs.under.set(secrets.token_hex(6))
        try:
            handled = self._work()
        except (smtp.NoConnection, OperationalError, InterfaceError) as error:
            # A database error's own text holds the values of its statement; a mail error's was blanked.
            words = str(error) if isinstance(error, smtp.NoConnection) else "the database is away"
            return self._pause(words)
        except Exception as error:  # noqa: BLE001 - the loop outlives any fault
            log.error("fault in the worker: %s", logs.told(error))  # noqa: TRY400 - its text may name a signer
            return self._pause("a fault of our own")
        finally:
            db.session.remove()
        self._troubles = 0
        return 0 if handled else IDLE_SECONDS

    def _pause(self, words: str) -> float:
        self._troubles += 1
        seconds = min(2.0**self._troubles, LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)
        log.warning("%s; next try in %.0f s", words, seconds)
        return seconds
