"""The signal that asks a command to end: Ctrl-C, a service manager's SIGTERM, a terminal that was closed."""

import signal
import time
from types import FrameType

POLL_SECONDS = 0.1


class StopSignal:
    """Waits in the main thread for SIGINT, SIGTERM or SIGHUP; from its creation on, none of them does anything else.

    Not a threading.Event: a handler runs between any two steps of the main thread, also where that holds the Event's
    own lock, and `set` would then wait for ever. Two signals at once are enough for it.
    """

    def __init__(self) -> None:
        self._came = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._came = True

    def wait(self, seconds: float) -> bool:
        """Wait so long for one of the signals at most; return whether one has come."""
        until = time.monotonic() + seconds
        while not self._came and (left := until - time.monotonic()) > 0:
            time.sleep(min(POLL_SECONDS, left))
        return self._came
