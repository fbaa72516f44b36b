"""Selections of signatures by state, country, day, clue or entry, in URLs, forms and SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, select

from app.models import Clue, Signature, State, Suspicion
from app.web.countries import CODES

Day = TypeVar("Day", bound=date)
YEARS = range(1900, 3000)
ID_BYTES = 16
ANY = "any"


class NotASelection(ValueError):
    """A value that is not a state, country, day, clue or entry. Ignoring it would select too many signatures."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The filter for signatures of a petition; None and () select all.

    `day` is the UTC day on which it was verified, or else signed. `clue` is the clue of a suspicion that is not
    dismissed, or `ANY`. `before` leaves out signatures of that moment or later. `entries` are random public ids.
    """

    state: State | None = None
    country: str | None = None
    day: date | None = None
    clue: str | None = None
    before: datetime | None = None
    entries: tuple[bytes, ...] = ()

    def conditions(self, petition_id: int) -> list[ColumnElement[bool]]:
        """Return the SQL conditions for the selected signatures of this petition."""
        conditions: list[ColumnElement[bool]] = [Signature.petition_id == petition_id]
        if self.state is not None:
            conditions.append(Signature.state == self.state)
        if self.country is not None:
            conditions.append(Signature.country == self.country)
        if self.day is not None:
            begin = datetime.combine(self.day, time.min, UTC)
            conditions += [Signature.verified_at >= begin, Signature.verified_at < begin + timedelta(days=1)]
        if self.clue is not None:
            conditions.append(
                Signature.id.in_(select(Suspicion.signature_id).where(*_open_suspicion(petition_id, self.clue)))
            )
        if self.before is not None:
            conditions.append(Signature.verified_at < self.before)
        if self.entries:
            conditions.append(Signature.public_id.in_(self.entries))
        return conditions

    def fields(self) -> dict[str, str]:
        """Return it, without the entries, as fields of a form or URL for `read_selection`."""
        given = {
            "state": self.state.value if self.state else "",
            "country": self.country or "",
            "day": self.day.isoformat() if self.day else "",
            "clue": self.clue or "",
            "before": self.before.isoformat() if self.before else "",
        }
        return {name: value for name, value in given.items() if value}


def read_selection(given: Mapping[str, str], entries: Iterable[str] = ()) -> Selection:
    """Return the selection in the fields of a form or URL, and the names of entries; raise NotASelection."""
    country = given.get("country") or None
    if country is not None and country not in CODES:
        raise NotASelection("country")
    clue = given.get("clue") or None
    if clue not in {None, ANY, *Clue}:
        raise NotASelection("clue")
    try:
        return Selection(
            state=State(given["state"]) if given.get("state") else None,
            country=country,
            day=_in_supported_years(date.fromisoformat(given["day"])) if given.get("day") else None,
            clue=clue,
            before=_moment(given["before"]) if given.get("before") else None,
            entries=tuple(entry_id(entry) for entry in entries),
        )
    except (ValueError, OverflowError) as error:
        raise NotASelection(str(error)) from error


def entry_id(entry: str) -> bytes:
    """Return the public id of an entry's name, which is its hexadecimal form; raise NotASelection."""
    try:
        public_id = bytes.fromhex(entry)
    except ValueError as error:
        raise NotASelection("entry") from error
    if public_id.hex() != entry or len(public_id) != ID_BYTES:
        raise NotASelection("entry")
    return public_id


def _open_suspicion(petition_id: int, clue: str) -> list[ColumnElement[bool]]:
    conditions = [Suspicion.petition_id == petition_id, Suspicion.dismissed_at.is_(None)]
    return conditions if clue == ANY else [*conditions, Suspicion.clue == Clue(clue)]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise NotASelection("a moment needs its time zone")
    return _in_supported_years(moment)


def _in_supported_years(day: Day) -> Day:
    """Return the day or moment if its year is supported, so that a day can be added; raise ValueError otherwise."""
    if day.year not in YEARS:
        raise ValueError("no such day")
    return day
