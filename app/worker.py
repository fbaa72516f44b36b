"""The worker: sends what is in the outbox, folds the ledger, forgets what is to be forgotten."""

import logging
import random
import signal
import threading
import time
from types import FrameType

from flask_mail import Message
from sqlalchemy.exc import InterfaceError, OperationalError

from app import mail
from app.confirmation import letter
from app.confirmation.confirm import letter_ended
from app.counting import count
from app.db import db
from app.models import Occasion, OutboxRow
from app.organisers.letter import write as write_to_organiser
from app.outbox.deliver import Letters, deliver
from app.signing.purge import purge


def _write(row: OutboxRow) -> Message | None:
    return write_to_organiser(row) if row.occasion == Occasion.ORGANISER else letter.write(row)


LETTERS = Letters(write=_write, ended=letter_ended)
IDLE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
PURGE_EVERY_SECONDS = 60
log = logging.getLogger(__name__)


def work_once() -> int:
    """Send all letters that are due now and return; return how many were taken in hand."""
    total = 0
    while handled := deliver(LETTERS):
        total += handled
    count.fold_all()
    return total


class Worker:
    """The loop. A mail server or a database that is away makes it wait, longer each time, and never ends it."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._troubles = 0
        self._purged_at = float("-inf")

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Ask the loop to end once the letter in hand is through. Fits as a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Work until asked to stop by SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        while not self._stop.is_set():
            self._stop.wait(self._turn())

    def _turn(self) -> float:
        """Do what is due; return how many seconds to wait before the next turn."""
        handled = 0
        try:
            self._tidy()
            handled = deliver(LETTERS, self._stop.is_set)
        except (mail.NoConnection, OperationalError, InterfaceError) as error:
            # A database error's own text holds the values of its statement; a mail error's was blanked.
            words = str(error) if isinstance(error, mail.NoConnection) else "the database is away"
            return self._pause(words)
        except Exception as error:  # noqa: BLE001 - the loop outlives any fault
            log.error("fault in the worker: %s", type(error).__name__)  # noqa: TRY400 - its text may name a signer
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

    def _tidy(self) -> None:
        """Fold and, now and then, purge: before the letters, so that no mail server's trouble ever puts it off."""
        count.fold_all()
        if time.monotonic() - self._purged_at > PURGE_EVERY_SECONDS:
            self._purged_at = time.monotonic()
            purge()
