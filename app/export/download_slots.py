"""Download slots: few lists are streamed at once, as each holds a thread of the server as long as its reader takes.

A reader that stands still cannot be cut off from here: the thread waits inside the server until the connection ends.
So the number of those threads is bounded, and all others go on serving the site.
"""

import threading
from collections import Counter
from collections.abc import Generator, Iterator

MAX_DOWNLOADS_PER_PROCESS = 4  # the server needs more threads than that
MAX_DOWNLOADS_PER_ORGANISER = 2
TIMEOUT_SECONDS = 1800  # for one list, however steadily its reader takes a byte now and then
RETRY_AFTER_SECONDS = 60


class AllSlotsTaken(Exception):
    """As many lists are streamed by this process as may be."""


class OwnSlotsTaken(Exception):
    """As many lists are streamed to this organiser as may be."""


class DownloadSlot:
    """The right to stream one list, until it is released; `release` is idempotent."""

    def __init__(self, organiser_id: int) -> None:
        self._organiser_id = organiser_id
        self._is_released = False

    def release_after(self, chunks: Iterator[bytes]) -> Generator[bytes, None, None]:
        """Yield the chunks, and release the slot after the last one or when they break off."""
        try:
            yield from chunks
        finally:
            self.release()

    def release(self) -> None:
        """Make room for another list."""
        with _lock:
            if not self._is_released:
                self._is_released = True
                _downloads[self._organiser_id] -= 1


_lock = threading.Lock()
_downloads: Counter[int] = Counter()


def acquire_slot(organiser_id: int) -> DownloadSlot:
    """Return a slot for one more list to this organiser; raise OwnSlotsTaken or AllSlotsTaken where there is none."""
    with _lock:
        if _downloads[organiser_id] >= MAX_DOWNLOADS_PER_ORGANISER:
            raise OwnSlotsTaken
        if _downloads.total() >= MAX_DOWNLOADS_PER_PROCESS:
            raise AllSlotsTaken
        _downloads[organiser_id] += 1
    return DownloadSlot(organiser_id)
