"""Download slots: a limit on lists streamed at once, as each holds a server thread until its reader has taken it.

A stalled reader cannot be cut off from here: the thread waits inside the server until the connection ends. The limit
keeps the other threads free for the site.
"""

import threading
from collections import Counter
from collections.abc import Generator, Iterator

MAX_DOWNLOADS_PER_PROCESS = 4  # the server must have more threads
MAX_DOWNLOADS_PER_ORGANISER = 2
TIMEOUT_SECONDS = 1800  # for one list, however slowly it is read
RETRY_AFTER_SECONDS = 60


class AllSlotsTaken(Exception):
    """The process already streams as many lists as allowed."""


class OwnSlotsTaken(Exception):
    """The organiser already downloads as many lists as allowed."""


class DownloadSlot:
    """The right to stream one list, until it is released; `release` is idempotent."""

    def __init__(self, organiser_id: int) -> None:
        self._organiser_id = organiser_id
        self._is_released = False

    def release_after(self, chunks: Iterator[bytes]) -> Generator[bytes, None, None]:
        """Yield the chunks; release the slot after the last one, an error, or when the generator is closed."""
        try:
            yield from chunks
        finally:
            self.release()

    def release(self) -> None:
        """Free the slot for another list."""
        with _lock:
            if not self._is_released:
                self._is_released = True
                _downloads[self._organiser_id] -= 1


_lock = threading.Lock()
_downloads: Counter[int] = Counter()


def acquire_slot(organiser_id: int) -> DownloadSlot:
    """Return a slot for one more list to this organiser; raise OwnSlotsTaken or AllSlotsTaken if none is free."""
    with _lock:
        if _downloads[organiser_id] >= MAX_DOWNLOADS_PER_ORGANISER:
            raise OwnSlotsTaken
        if _downloads.total() >= MAX_DOWNLOADS_PER_PROCESS:
            raise AllSlotsTaken
        _downloads[organiser_id] += 1
    return DownloadSlot(organiser_id)
