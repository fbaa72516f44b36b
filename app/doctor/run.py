"""All checks, side by side and within a bounded time, whatever does not answer."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from flask import Flask, current_app

from app import logs
from app.db import db
from app.doctor.at_work import check_arrival, check_backups, check_outbox, check_worker
from app.doctor.clocks import check_clock
from app.doctor.dmarc import check_dmarc
from app.doctor.finding import Finding, not_tried
from app.doctor.keys import check_keys
from app.doctor.names import check_helo, check_mta_sts, check_return_path, check_reverse_names
from app.doctor.outside import check_outside
from app.doctor.relay import check_relay
from app.doctor.sender_policy import check_spf
from app.doctor.set_up import SetUp, set_up
from app.doctor.signature_key import check_dkim

MAX_SECONDS = 45.0
ELSEWHERE = "DNS"
Check = Callable[[SetUp], Iterable[Finding]]
log = logging.getLogger(__name__)

# What waits for the same others stands in one group, one check after another; groups wait side by side.
GROUPS: dict[str, Sequence[Check]] = {
    ELSEWHERE: (check_spf, check_dkim, check_dmarc, check_return_path, check_reverse_names, check_helo, check_mta_sts),
    "Relay": (check_relay,),
    "Outside": (check_outside, check_clock),
    "This machine": (check_keys, check_worker, check_outbox, check_arrival, check_backups),
}


def examine(groups: dict[str, Sequence[Check]] | None = None) -> list[Finding]:
    """Return what all checks found, in their order, after MAX_SECONDS at the latest.

    A check that is not through by then, or fails by itself, is a finding that could not be tried.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    runs = [_Run(app, name, checks) for name, checks in (groups or GROUPS).items()]
    until = time.monotonic() + MAX_SECONDS
    for run in runs:
        run.thread.start()
    for run in runs:
        run.thread.join(max(0.0, until - time.monotonic()))
    return [finding for run in runs for finding in run.result()]


def _nothing_elsewhere(site: SetUp) -> Iterable[Finding]:
    yield not_tried(ELSEWHERE, f"BASE_URL is {site.base_url}, so nobody elsewhere gets e-mails: nothing was asked.")


class _Run:
    """One group in a thread of its own, a daemon: what never answers holds up no end of the process."""

    def __init__(self, app: Flask, name: str, checks: Sequence[Check]) -> None:
        self._app = app
        self._name = name
        self._checks = checks
        self._found: list[Finding] = []
        self.thread = threading.Thread(target=self._work, name=f"doctor: {name}", daemon=True)

    def result(self) -> list[Finding]:
        """Return what was found so far."""
        found = [*self._found]
        if self.thread.is_alive():
            found.append(not_tried(self._name, f"This was not through after {MAX_SECONDS:.0f} seconds."))
        return found

    def _work(self) -> None:
        with self._app.app_context():
            site = set_up()
            for check in self._checks if site.is_public or self._name != ELSEWHERE else (_nothing_elsewhere,):
                try:
                    for finding in check(site):
                        self._found.append(finding)
                except Exception as error:  # noqa: BLE001 - the other checks are still to be done
                    log.error("check failed: %s: %s", check.__name__, logs.describe_error(error))  # noqa: TRY400
                    words = f"{check.__name__.replace('_', ' ')} failed by itself: {type(error).__name__}."
                    self._found.append(not_tried(self._name, words, "See the log; the database may be away."))
                finally:
                    db.session.remove()
