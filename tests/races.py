"""Races with a fixed order: another request commits between two steps of the one that is tested."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from app.connections import WRITES


@contextmanager
def just_before_writing(act: Callable[[], object]) -> Iterator[None]:
    """Call `act` once, right before the next transaction that writes begins: after its view looked, before it locks.

    On PostgreSQL that can be one statement that inserts, taken by itself.
    """
    waiting = [act]

    def act_first() -> None:
        if waiting:
            with ThreadPoolExecutor(1) as other:  # a thread of its own has a session of its own
                other.submit(waiting.pop()).result()

    # Not the event "begin": SQLite has then begun to write, and the other request would wait for it.
    def before_transaction(connection: Connection, options: dict[str, Any]) -> None:
        if options.get(WRITES):
            act_first()

    def before_statement(connection: Connection, cursor: object, statement: str, *more: object) -> None:
        if "INSERT INTO" in statement:
            act_first()

    listeners = {"set_connection_execution_options": before_transaction, "before_cursor_execute": before_statement}
    for name, listener in listeners.items():
        event.listen(Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(Engine, name, listener)
    assert not waiting, "nothing was written"
