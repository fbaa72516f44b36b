"""Hand-overs: each list that leaves the site is recorded before its first byte, and again once it has gone whole."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.log import record
from app.crypto import sealing
from app.db import db, insert, transaction
from app.export.recall import lock_list
from app.export.rows import Choice, ExportRow
from app.models import Act, Delivery, Format, HandOver, Organiser, Petition, Signature, State

PURPOSE = "hand-over"
DOWNLOAD_TTL = timedelta(minutes=15)
MAX_LISTED = 20


class UnfinishedDelivery(Exception):
    """A PDF of this petition is not finished yet, so no other one is begun."""


class DownloadTimeout(Exception):
    """The reader has not taken the whole list in time."""


class CountedRows:
    """An iterator of rows that counts them; raises DownloadTimeout when they take more than `seconds`."""

    def __init__(self, rows: Iterator[ExportRow], seconds: float = math.inf) -> None:
        self._rows = rows
        self._until = time.monotonic() + seconds
        self.number = 0

    def __iter__(self) -> Iterator[ExportRow]:
        return self

    def __next__(self) -> ExportRow:
        row = next(self._rows)
        if time.monotonic() > self._until:
            raise DownloadTimeout
        self.number += 1
        return row


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """A hand-over as the petition's organisers read it; `rows` is None while it is under way, or if it was cut off."""

    at: datetime
    format: Format
    by: str
    recipient: str
    rows: int | None
    for_addressee: bool
    with_email: bool


def begin_handover(
    petition: Petition, organiser: Organiser | None, kind: Format, choice: Choice, recipient: str
) -> HandOver:
    """Record that a list is asked for: by whom (None: by command), what of it, and to whom it goes. Return the record.

    A PDF is queued with it for the worker, which writes it in the organiser's language. Raises UnfinishedDelivery, and
    records nothing, while another one of the petition is not finished.
    """
    with transaction() as session:
        row = HandOver(
            petition_id=petition.id,
            organiser_id=organiser.id if organiser else None,
            at=clock.now(),
            format=kind,
            choice=as_json(choice),
            sealed_recipient=b"",
        )
        if kind == Format.PDF:
            lock_list(session, petition.id)
        session.add(row)
        session.flush()
        row.sealed_recipient = sealing.seal(PURPOSE, row.public_id, [recipient])
        if kind == Format.PDF:
            language = organiser.language if organiser else petition.language
            _queue_delivery(session, row, language)
        emails = {"emails": 1} if choice.with_email else {}
        record(session, Act.EXPORTED, petition.id, row.organiser_id, format=kind.value, **emails)
    return row


def _queue_delivery(session: Session, row: HandOver, language: str) -> None:
    values = {"hand_over_id": row.id, "petition_id": row.petition_id, "language": language, "rows_wanted": 0}
    queued = insert(Delivery).values(values).on_conflict_do_nothing().returning(Delivery.id)
    if session.execute(queued).first() is None:
        raise UnfinishedDelivery


def take_handover(reference: str, petition: Petition, organiser: Organiser, kind: Format) -> HandOver | None:
    """Take the record that this organiser made a short while ago, and return it: nobody gets it a second time.

    One record stands for one list that left the site, so one that was cut off is asked for, and recorded, anew.
    """
    try:
        public_id = bytes.fromhex(reference)
    except ValueError:
        return None
    mine = (
        (HandOver.public_id == public_id)
        & (HandOver.petition_id == petition.id)
        & (HandOver.organiser_id == organiser.id)
        & (HandOver.format == kind)
        & HandOver.taken_at.is_(None)
        & (HandOver.at > clock.now() - DOWNLOAD_TTL)
    )
    taken = update(HandOver).where(mine).values(taken_at=clock.now()).returning(HandOver)
    with transaction() as session:
        return session.scalars(taken.execution_options(synchronize_session=False)).one_or_none()


def finish_handover(hand_over_id: int, rows: int) -> None:
    """Record that the whole list has gone out, with that many rows."""
    with transaction() as session:
        whole = update(HandOver).where(HandOver.id == hand_over_id, HandOver.rows.is_(None)).values(rows=rows)
        session.execute(whole.execution_options(synchronize_session=False))


def record_volume(delivery: Delivery, number: int, organiser: Organiser) -> None:
    """Record in the petition's log that this organiser takes a volume of a delivery, before its first byte goes out."""
    with transaction() as session:
        record(session, Act.EXPORTED, delivery.petition_id, organiser.id, format=Format.PDF.value, volume=number)


def recorded_stream(
    hand_over_id: int,
    rows: Generator[ExportRow, None, None],
    write: Callable[[Iterator[ExportRow]], Iterator[bytes]],
    seconds: float,
) -> Generator[bytes, None, None]:
    """Yield what `write` yields of the rows, and record their number once its last piece has been taken.

    Who breaks off half-way leaves a record that says so. Raises DownloadTimeout after `seconds`.
    """
    passing = CountedRows(rows, seconds)
    with closing(rows):
        yield from write(passing)
    finish_handover(hand_over_id, passing.number)


def latest_handovers(petition_id: int) -> list[HandoverLine]:
    """Return the petition's newest hand-overs, the newest first."""
    newest = (
        select(HandOver, Organiser)
        .outerjoin(Organiser, Organiser.id == HandOver.organiser_id)
        .where(HandOver.petition_id == petition_id)
        .order_by(HandOver.id.desc())
        .limit(MAX_LISTED)
    )
    return [_line(row, organiser) for row, organiser in db.session.execute(newest)]


def _line(row: HandOver, organiser: Organiser | None) -> HandoverLine:
    return HandoverLine(
        at=row.at,
        format=row.format,
        by=organiser.email if organiser else "",
        recipient=recipient_of(row),
        rows=row.rows,
        for_addressee=bool(row.choice["for_addressee"]),
        with_email=bool(row.choice["with_email"]),
    )


def handovers_of(signature: Signature) -> list[HandoverLine]:
    """Return the hand-overs of the lists that a confirmed signature was on, the newest first, without who made them.

    A list that was cut off may have named the signer before that; a PDF that was never made named nobody.
    """
    mine = (HandOver.petition_id == signature.petition_id) & (HandOver.at >= signature.signed_at)
    mine &= (HandOver.format != Format.PDF) | HandOver.rows.is_not(None)
    rows = db.session.scalars(select(HandOver).where(mine).order_by(HandOver.id.desc()))
    return [_line(row, None) for row in rows if _includes(choice_of(row), signature, row.at)]


def _includes(choice: Choice, signature: Signature, at: datetime) -> bool:
    confirmed = signature.verified_at
    state = State.VERIFIED if confirmed and confirmed <= at else State.PENDING
    in_time = not (choice.since or choice.until) or (
        confirmed is not None
        and (choice.since is None or choice.since <= confirmed.date())
        and (choice.until is None or confirmed.date() <= choice.until)
    )
    return state in choice.states and in_time and (not choice.countries or signature.country in choice.countries)


def recipient_of(row: HandOver) -> str:
    """Return to whom a list went, as its organiser said."""
    return sealing.unseal(PURPOSE, row.public_id, row.sealed_recipient).fields[0]


def newest_delivery(petition_id: int) -> Delivery | None:
    """Return the petition's newest PDF delivery that is made, being made or could not be made."""
    mine = Delivery.petition_id == petition_id
    return db.session.scalars(select(Delivery).where(mine).order_by(Delivery.id.desc()).limit(1)).first()


def countries_signed_from(petition_id: int) -> list[tuple[str, int]]:
    """Return the countries of the petition's verified signatures, each with how many, the most first."""
    mine = (Signature.petition_id == petition_id) & (Signature.state == State.VERIFIED) & (Signature.country != "")
    number = func.count()
    rows = db.session.execute(
        select(Signature.country, number).where(mine).group_by(Signature.country).order_by(number.desc())
    )
    return [(code, count) for code, count in rows]


def as_json(choice: Choice) -> dict[str, object]:
    """Return a choice as it is kept with its record."""
    return {
        "states": sorted(state.value for state in choice.states),
        "countries": sorted(choice.countries),
        "since": choice.since.isoformat() if choice.since else None,
        "until": choice.until.isoformat() if choice.until else None,
        "for_addressee": choice.for_addressee,
        "with_email": choice.with_email,
    }


def whom_for(choice: Choice) -> str:
    """Return the word that a file's name says of whom it is for, so that no two kinds are mixed up."""
    return "with-emails" if choice.with_email else "addressee" if choice.for_addressee else "organisers"


def choice_of(row: HandOver) -> Choice:
    """Return the choice that a record keeps."""
    kept = row.choice
    since, until = kept["since"], kept["until"]
    return Choice(
        states=frozenset(State(word) for word in kept["states"]),  # type: ignore[attr-defined]
        countries=frozenset(kept["countries"]),  # type: ignore[call-overload]
        since=date.fromisoformat(str(since)) if since else None,
        until=date.fromisoformat(str(until)) if until else None,
        for_addressee=bool(kept["for_addressee"]),
        with_email=bool(kept["with_email"]),
    )
