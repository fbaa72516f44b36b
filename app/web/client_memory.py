"""Moving windows of clients in this process's memory, bounded, and at the same cost however many clients there are.

Not the library's own memory: that walks through all clients it ever saw after each count, and keeps their keys.
"""

import time
from threading import Lock

from limits.storage import MemoryStorage

MAX_CLIENTS = 100_000  # some 35 MB; of more than that those are forgotten that came longest ago
FORGOTTEN_AT_ONCE = 2  # more than one, so that what is over becomes less with each count


class ClientMemory(MemoryStorage):
    """A storage for `limits.strategies.MovingWindowRateLimiter`, by a clock that never goes back."""

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[str, tuple[float, list[float]]] = {}  # those counted last at the end: length, and moments
        self._lock = Lock()

    def clients(self) -> list[str]:
        """Return the keys of all clients that are remembered."""
        return list(self._windows)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` more in the window of `expiry` seconds; return False, and count nothing, beyond `limit`."""
        now = time.monotonic()
        with self._lock:
            _, before = self._windows.get(key, (expiry, []))
            moments = [moment for moment in before if moment > now - expiry]
            has_room = len(moments) + amount <= limit
            if has_room:
                self._windows.pop(key, None)
                self._windows[key] = (expiry, moments + [now] * amount)
                self._forget(now)
        return has_room

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the oldest entry in the window was counted (in seconds since 1970), and how many there are."""
        now = time.monotonic()
        _, before = self._windows.get(key, (expiry, []))
        moments = [moment for moment in before if moment > now - expiry]
        return time.time() - (now - moments[0] if moments else 0), len(moments)

    def reset(self) -> int | None:
        """Forget all clients; return how many there were."""
        with self._lock:
            number = len(self._windows)
            self._windows.clear()
        return number

    def _forget(self, now: float) -> None:
        for _ in range(FORGOTTEN_AT_ONCE):
            key, (length, moments) = next(iter(self._windows.items()))
            if moments[-1] > now - length and len(self._windows) <= MAX_CLIENTS:
                break
            del self._windows[key]
