"""The clock: links end, codes of authenticator apps hold and e-mails are dated by it."""

import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Double, cast, func, select

from app import clock
from app.db import db
from app.doctor.fetch import NotFetched, fetch
from app.doctor.finding import Finding, not_tried, ok, warning, wrong
from app.doctor.set_up import SetUp

LARGE_SECONDS, TOO_LARGE_SECONDS = 10, 90  # a code of an authenticator app holds for 30 seconds, and the one before
_SET_IT = (
    "Have the machine's clock set by NTP (`timedatectl set-ntp true`), then see 'The clock was wrong' in"
    " docs/operations.md."
)


def check_clock(site: SetUp) -> Iterable[Finding]:
    """Compare this machine's clock with those that it hears of: of the database, and of whatever answers BASE_URL."""
    heard = {"the database": _of_database(), site.base_url: _of_page(site)}
    off = {whose: (clock.now() - moment).total_seconds() for whose, moment in heard.items() if moment}
    if not off:
        yield not_tried("Clock", "No other clock was heard of.")
    for whose, seconds in off.items():
        words = f"This machine's clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} {whose}"
        if abs(seconds) < LARGE_SECONDS:
            yield ok("Clock", f"It agrees with {whose}.")
        elif abs(seconds) < TOO_LARGE_SECONDS:
            yield warning("Clock", f"{words}.", _SET_IT)
        else:
            yield wrong("Clock", f"{words}: links and codes end too early or too late.", _SET_IT)
    if _is_synchronised() is False:
        yield warning("Clock", "Nothing sets this machine's clock right.", _SET_IT)


def _of_database() -> datetime | None:
    if db.engine.dialect.name == "sqlite":
        return None  # it has no clock of its own
    seconds = db.session.scalar(select(cast(func.extract("epoch", func.clock_timestamp()), Double)))
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _of_page(site: SetUp) -> datetime | None:
    try:
        return fetch(f"{site.base_url}/healthz").date
    except NotFetched:
        return None


def _is_synchronised() -> bool | None:
    """Tell what systemd knows; None without it."""
    command = shutil.which("timedatectl")
    if command is None:
        return None
    try:
        told = subprocess.run(
            [command, "show", "-p", "NTPSynchronized", "--value"], capture_output=True, timeout=5, check=True, text=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.strip() == "yes"
