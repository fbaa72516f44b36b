"""A row that a session has read stays the same one to it, whatever somebody writes in the database meanwhile."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import attributes

FIRST_READ = "_public_id_first_read"


def keep_public_id(model: type[Any]) -> None:
    """Have each object of a model keep the public id that was read first, for as long as it is in use.

    What is sealed for a row opens by its public id. Were that read anew after somebody was let in, whoever writes in
    the database could put another row's in its place for that moment. With the first one kept, nothing of the other
    row opens.
    """

    def keep(row: Any, *_context: object) -> None:
        read = row.__dict__.get("public_id")
        first = row.__dict__.setdefault(FIRST_READ, read)
        if read is not None and read != first:
            attributes.set_committed_value(row, "public_id", first)

    event.listen(model, "load", keep)
    event.listen(model, "refresh", keep)
