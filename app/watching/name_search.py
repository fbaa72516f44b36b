"""Finding signatures by name. Names are sealed, so they are opened one by one, so many in a step.

The place at which the next step begins is encrypted, and good for the same organiser and the same name alone: each
search for another name is a new one, which leaves a line in the log.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Self

from sqlalchemy import Row, literal, select, tuple_

from app.db import UtcDateTime, db
from app.models import Organiser, Petition, Signature, State
from app.models.signer import AlteredRow, opener
from app.petitions.search import fold_text
from app.watching import listing
from app.watching.listing import SignatureListRow
from app.watching.numbers import number_in
from app.web.cursor import Cursor

PURPOSE = "place-in-name-search"
STEP_ROWS = 5_000
SLOW_FROM = 100_000
MAX_FOUND = listing.PAGE_SIZE
STATES = (State.VERIFIED, State.INVALIDATED)  # nothing is left of what withdrawn ones said
ID_BYTES, NUMBER_BYTES = 16, 8
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NameSearch:
    """What a search has found so far, newest first of each state; how many signatures it has read, of how many.

    `place` is where the next step begins, None after the last one. Once MAX_FOUND are found, it goes on without them.
    """

    name: str
    rows: list[SignatureListRow]
    read: int
    total: int
    place: str | None


@dataclass(slots=True)
class _Place:
    """How far a search has come: the row that it read last, of which of STATES, and the public ids found until now."""

    state: int = 0
    last: Cursor | None = None
    read: int = 0
    found: list[bytes] = field(default_factory=list)

    def encrypt(self, about: bytes) -> str:
        """Return it as text, once a row was read."""
        if self.last is None:
            raise ValueError("nothing was read yet")
        facts = bytes([self.state]) + self.read.to_bytes(NUMBER_BYTES, "big")
        found = self.found if len(self.found) < MAX_FOUND else []
        return Cursor(self.last.at, self.last.row_id + facts + b"".join(found)).encrypt(PURPOSE, about)

    @classmethod
    def decrypt(cls, about: bytes, text: str) -> Self:
        """Return what `encrypt` wrote; raise BadCursor for anything else."""
        cursor = Cursor.decrypt(PURPOSE, about, text)
        facts = cursor.row_id[ID_BYTES:]
        ids = facts[1 + NUMBER_BYTES :]
        found = [ids[start : start + ID_BYTES] for start in range(0, len(ids), ID_BYTES)]
        read = int.from_bytes(facts[1 : 1 + NUMBER_BYTES], "big")
        return cls(facts[0], Cursor(cursor.at, cursor.row_id[:ID_BYTES]), read, found)


def words_of(name: str) -> list[str]:
    """Return the words of a name as they are compared: without case and accents."""
    return fold_text(name).split()


def number_to_read(petition_id: int) -> int:
    """Return how many signatures a whole search reads."""
    return number_in(petition_id, STATES)


def search(petition: Petition, organiser: Organiser, name: str, place: str = "") -> NameSearch:
    """Read on in the petition's signatures for names with all words of `name`, from the beginning or from `place`.

    It reads STEP_ROWS at most, or until MAX_FOUND are found. Raises BadCursor for a place in another search.
    """
    words = words_of(name)
    about = petition.public_id + organiser.public_id + hashlib.sha256(" ".join(words).encode()).digest()
    here = _Place.decrypt(about, place) if place else _Place()
    open_row = opener(petition)
    before = here.read
    for row in islice(_rows_after(petition.id, here), STEP_ROWS):
        here.read += 1
        here.last = Cursor(row.verified_at, row.public_id)
        if row.sealed is not None and _has(open_row, row, words):
            here.found.append(row.public_id)
        if len(here.found) == MAX_FOUND:
            break
    is_whole = here.read - before < STEP_ROWS and len(here.found) < MAX_FOUND
    return NameSearch(
        name,
        listing.find_signatures(petition.id, here.found),
        here.read,
        number_to_read(petition.id),
        None if is_whole else here.encrypt(about),
    )


def _rows_after(petition_id: int, here: _Place) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield the rows after a place, and move it to the next state where one begins."""
    position = tuple_(Signature.verified_at, Signature.public_id)
    columns = (Signature.public_id, Signature.sealed, Signature.country, Signature.visibility, Signature.updates)
    for number in range(here.state, len(STATES)):
        rows = select(Signature.verified_at, *columns).where(
            Signature.petition_id == petition_id, Signature.state == STATES[number]
        )
        if number == here.state and here.last:
            last = tuple_(literal(here.last.at, UtcDateTime()), literal(here.last.row_id))
            rows = rows.where(position < last)
        here.state = number
        newest_first = rows.order_by(Signature.verified_at.desc(), Signature.public_id.desc())
        yield from db.session.execute(newest_first.limit(STEP_ROWS))


def _has(open_row: Any, row: Row[*tuple[Any, ...]], words: list[str]) -> bool:
    try:
        _salt, said = open_row(row.public_id, row.sealed, row.country, row.visibility.value, row.updates)
    except AlteredRow as error:
        log.error("a search by name passes over a row: %s", error)  # noqa: TRY400 - the text says all
        return False
    folded = fold_text(said[0])
    return all(word in folded for word in words)
