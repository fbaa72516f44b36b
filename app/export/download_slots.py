"""Admit: few lists go out at once, as each holds a thread of the server for as long as its reader takes.

A reader that stands still cannot be cut off from here: the thread waits inside the server until the connection ends.
So the number of those threads is bounded, and all others go on serving the site.
"""

import threading
from collections import Counter
from collections.abc import Generator, Iterator

MOST_AT_ONCE = 4  # of one process, whose server needs more threads than that
MOST_OF_ONE = 2
LONGEST_SECONDS = 1800  # for one list, however steadily its reader takes a byte now and then
RETRY_SECONDS = 60


class AllTaken(Exception):
    """As many lists go out as may at once; others have to wait."""


class YoursTaken(Exception):
    """As many lists go out to this organiser as may at once."""


class Place:
    """One list on its way out, until `leave` is called; to call that again does no harm."""

    def __init__(self, organiser_id: int) -> None:
        self._organiser_id = organiser_id
        self._left = False

    def until_end(self, pieces: Iterator[bytes]) -> Generator[bytes, None, None]:
        """Yield the pieces, and leave after the last one or when they break off."""
        try:
            yield from pieces
        finally:
            self.leave()

    def leave(self) -> None:
        """Make room for another list."""
        with _lock:
            if not self._left:
                self._left = True
                _on_their_way[self._organiser_id] -= 1


_lock = threading.Lock()
_on_their_way: Counter[int] = Counter()


def admit(organiser_id: int) -> Place:
    """Give this organiser a place for one more list; raise YoursTaken or AllTaken where there is none."""
    with _lock:
        if _on_their_way[organiser_id] >= MOST_OF_ONE:
            raise YoursTaken
        if _on_their_way.total() >= MOST_AT_ONCE:
            raise AllTaken
        _on_their_way[organiser_id] += 1
    return Place(organiser_id)
