"""The clock of the tests of bursts and their traces."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app import clock
from tests.watching.people import NOON

TODAY = NOON + timedelta(days=365)  # when the petition is open


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Return a function that sets the clock."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_to(TODAY)
    return set_to
