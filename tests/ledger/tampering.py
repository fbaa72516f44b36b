"""A database whose triggers do not hold, as one that somebody writes on with the rights of its owner."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session


@contextmanager
def without_triggers(session: Session) -> Iterator[None]:
    """Let a transaction write what triggers would refuse."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        return
    triggers = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in triggers:
        session.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _, statement in triggers:
        session.execute(text(statement))
