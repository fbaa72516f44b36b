"""The rows of an export: one statement, one snapshot, read in chunks so that memory stays constant."""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, String, func, select, type_coerce

from app import clock
from app.db import db
from app.models import Petition, PetitionText, Signature, State, Visibility
from app.models.signer import AlteredRow, Opened, opener
from app.outbox import unwanted
from app.petitions.page import Edition
from app.streamed_rows import stream
from app.web import countries

log = logging.getLogger(__name__)
VERIFIED = frozenset({State.VERIFIED})
COLUMNS = (
    "number", "name", "affiliation", "country", "comment", "language", "text_version", "verified_at", "visibility",
)  # fmt: skip
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows are exported: verified ones only, unless other states are given.

    `countries` are codes, none meaning all. `since` and `until` are days in UTC, both included.
    `for_addressee` leaves only the number in rows with the visibility "organisers". `with_email` adds the
    addresses of those who agreed to updates. Raises ValueError if combined with `for_addressee`.
    """

    states: frozenset[State] = VERIFIED
    countries: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None
    for_addressee: bool = False
    with_email: bool = False

    def __post_init__(self) -> None:
        if self.for_addressee and (self.with_email or self.with_state):
            raise ValueError("the addressee gets verified signatures, and never an e-mail address")

    @property
    def with_state(self) -> bool:
        """Whether the export has a column with the state."""
        return self.states != VERIFIED

    def columns(self) -> tuple[str, ...]:
        """Return the column names for programs, in order: fields of ExportRow."""
        return (*COLUMNS, *(("state",) if self.with_state else ()), *(("email",) if self.with_email else ()))


class ExportRow(NamedTuple):
    """One signature. Fields that were erased or are not shown are empty; `verified_at` is in UTC."""

    number: int
    name: str
    affiliation: str
    country: str
    comment: str
    language: str
    text_version: int | None
    verified_at: datetime | None
    visibility: str
    state: str
    email: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What an export file says about itself; labels and country names are in the reader's language."""

    slug: str
    title: str
    language: str
    exported_at: datetime
    labels: Mapping[str, str]
    countries: Mapping[str, str]


def heading(edition: Edition) -> Heading:
    """Return the heading of an export made now, in the language in use."""
    labels = {
        "number": _("Number"),
        "name": _("Name"),
        "affiliation": _("Title or affiliation"),
        "country": _("Country"),
        "comment": _("Comment"),
        "language": _("Language"),
        "text_version": _("Text version"),
        "verified_at": _("Verified at (UTC)"),
        "visibility": _("Visibility"),
        "state": _("State"),
        "email": _("E-mail"),
        "sheet": _("Signatures"),
        "cut_off": _("THIS LIST IS NOT WHOLE: it broke off here. Please do not use it; download it again."),
    }
    names = {code: countries.country_name(code) for code in countries.CODES}
    text = edition.text
    return Heading(edition.petition.slug, text.title, text.language, clock.now(), labels, names)


def read_rows(
    petition_id: int, choice: Choice, on_sent: Callable[[int], object], before: datetime | None = None
) -> Generator[ExportRow, None, None]:
    """Yield the rows of `choice`, numbered from 1 in the order of verification, if given only those verified `before`.

    Calls `on_sent` with the id of a signature just before its row; not for rows that are only a number for the
    addressee, as the signer's data is not in them.

    Uses a connection of its own, opened with the first row and released after the last one or when the generator is
    closed. Call this inside the app's context; the rows may be read outside it. Raises AlteredRow at a row that was
    altered in the database: a list that may be false is not handed over.
    """
    session = db.session()
    is_unwanted = unwanted.is_among(session, unwanted.all_unwanted(session))
    open_row = opener(session.get_one(Petition, petition_id))
    return _rows(stream(db.engine, _statement(petition_id, choice, before)), open_row, choice, is_unwanted, on_sent)


def count_rows(petition_id: int, choice: Choice, before: datetime) -> int:
    """Return the number of rows of `choice` that were verified before that moment."""
    rows = select(func.count()).select_from(Signature).where(*_conditions(petition_id, choice, before))
    return db.session.scalars(rows).one()


def count_by_country(petition_id: int, choice: Choice, before: datetime) -> tuple[dict[str, int], int]:
    """Return the numbers of the rows of `choice` by country, and of those that are only a number for the addressee."""
    columns = (Signature.country, Signature.visibility)
    rows = select(*columns, func.count()).where(*_conditions(petition_id, choice, before)).group_by(*columns)
    shown: Counter[str] = Counter()
    withheld = 0
    for country, visibility, number in db.session.execute(rows):
        if choice.for_addressee and visibility == Visibility.ORGANISERS:
            withheld += number
        else:
            shown[country] += number
    return dict(shown), withheld


def texts_signed(petition: Petition, choice: Choice, before: datetime) -> list[PetitionText]:
    """Return the texts that the rows of `choice` signed: the petition's own language first, then by language."""
    signed = select(Signature.text_id).where(*_conditions(petition.id, choice, before)).distinct()
    texts = select(PetitionText).where(PetitionText.id.in_(signed))
    is_translated = PetitionText.language != petition.language
    return list(db.session.scalars(texts.order_by(is_translated, PetitionText.language, PetitionText.version)))


def _conditions(petition_id: int, choice: Choice, before: datetime | None) -> list[ColumnElement[bool]]:
    verified_at = Signature.verified_at
    conditions: list[ColumnElement[bool]] = [
        Signature.petition_id == petition_id,
        Signature.state.in_(choice.states) if choice.with_state else Signature.state == State.VERIFIED,
    ]
    if choice.countries:
        conditions.append(Signature.country.in_(choice.countries))
    if choice.since:
        conditions.append(verified_at >= _midnight(choice.since))
    if choice.until and choice.until < date.max:
        conditions.append(verified_at < _midnight(choice.until + DAY))
    if before:
        conditions.append(verified_at < before)
    return conditions


def _statement(petition_id: int, choice: Choice, before: datetime | None) -> Select[*tuple[Any, ...]]:
    verified_at = Signature.verified_at
    return (
        select(
            Signature.id,
            Signature.public_id,
            Signature.sealed,
            Signature.country,
            Signature.language,
            PetitionText.version,
            verified_at,
            type_coerce(Signature.visibility, String),  # plain text, as `stream` expects it
            type_coerce(Signature.state, String),
            Signature.updates,
        )
        .join(PetitionText, PetitionText.id == Signature.text_id)
        .where(*_conditions(petition_id, choice, before))
        .order_by(verified_at, Signature.id)
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _rows(
    found: Generator[Sequence[Any], None, None],
    open_row: Callable[[bytes, bytes, str, str, bool], Opened],
    choice: Choice,
    is_unwanted: Callable[[str], bool],
    on_sent: Callable[[int], object],
) -> Generator[ExportRow, None, None]:
    hidden = Visibility.ORGANISERS.value if choice.for_addressee else None
    erased = (b"", ["", "", "", ""])
    number = 0
    with closing(found):
        for id_, public_id, sealed, country, language, version, verified_at, visibility, state, updates in found:
            number += 1
            # Opened though nothing of it may be shown: that it may not be is sealed, too.
            try:
                _salt, said = open_row(public_id, sealed, country, visibility, updates) if sealed else erased
            except AlteredRow as error:
                log.error("a list ends early: %s", error)  # noqa: TRY400 - the text says all
                raise
            if visibility == hidden:
                yield ExportRow(number, "", "", "", "", "", None, None, "", "", "")
                continue
            name, affiliation, comment, email = said[:4]
            on_sent(id_)
            yield ExportRow(
                number,
                name,
                affiliation,
                country,
                comment,
                language,
                version,
                verified_at,
                visibility,
                state,
                email if updates and choice.with_email and not is_unwanted(email) else "",
            )
