"""Races with a fixed order: another request commits between two steps of the one that is tested."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from app.connections import WRITES


@contextmanager
def just_before_writing(act: Callable[[], object]) -> Iterator[None]:
    """Call `act` once, right before the next transaction that writes begins: after its view looked, before it locks."""
    waiting = [act]

    def act_first(connection: Connection, options: dict[str, Any]) -> None:
        if waiting and options.get(WRITES):
            with ThreadPoolExecutor(1) as other:  # a thread of its own has a session of its own
                other.submit(waiting.pop()).result()

    # Not the event "begin": SQLite has then begun to write, and the other request would wait for it.
    event.listen(Engine, "set_connection_execution_options", act_first)
    try:
        yield
    finally:
        event.remove(Engine, "set_connection_execution_options", act_first)
    assert not waiting, "nothing was written"
