"""Hand-overs: each list is recorded before its first byte leaves the site, and again when it ends (see sending.py)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden

from app import clock
from app.audit.log import record
from app.crypto import sealing
from app.db import db, insert
from app.export.recall import lock_list
from app.export.rows import Choice
from app.export.sent_rows import block_of, was_sent
from app.ledger import ledger
from app.models import Act, Delivery, Format, HandOver, HandOverBlock, Organiser, Petition, Role, Signature, State
from app.organisers.access import Who
from app.organisers.acting import acting, role_now

PURPOSE = "hand-over"
DOWNLOAD_TTL = timedelta(minutes=15)
MAX_LISTED = 20


class UnfinishedDelivery(Exception):
    """Another PDF of this petition is not finished yet."""


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """A hand-over as shown to organisers; `rows` is None while it is under way, or if it was cut off."""

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
    """Record and return a hand-over: by whom (None: by command), which rows, and to whom it goes.

    For a PDF it also queues the delivery for the worker, in the organiser's language. Raises UnfinishedDelivery, and
    records nothing, while another one of the petition is not finished; Forbidden for addresses that no owner asks for.
    """
    organiser_id = organiser.id if organiser else None
    with acting(petition.id, organiser_id, Who.EDITORS) as (session, petition):
        _refuse_addresses(session, petition, organiser_id, choice)
        row = HandOver(
            petition_id=petition.id,
            organiser_id=organiser_id,
            at=clock.now(),
            format=kind,
            choice=choice_as_json(choice),
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
    """Return the hand-over that this organiser recorded a short while ago, once; None the second time.

    One record stands for one list that left the site. After a list was cut off, a new hand-over is needed. Raises
    Forbidden for a list with addresses if the organiser is an owner no more.
    """
    try:
        public_id = bytes.fromhex(reference)
    except ValueError:
        return None
    is_available = (
        (HandOver.public_id == public_id)
        & (HandOver.petition_id == petition.id)
        & (HandOver.organiser_id == organiser.id)
        & (HandOver.format == kind)
        & HandOver.taken_at.is_(None)
        & (HandOver.at > clock.now() - DOWNLOAD_TTL)
    )
    taken = update(HandOver).where(is_available).values(taken_at=clock.now()).returning(HandOver)
    with acting(petition.id, organiser.id, Who.EDITORS) as (session, petition):
        row = session.scalars(taken.execution_options(synchronize_session=False)).one_or_none()
        if row is not None:
            _refuse_addresses(session, petition, organiser.id, choice_of(row))
        return row


def _refuse_addresses(session: Session, petition: Petition, organiser_id: int | None, choice: Choice) -> None:
    if choice.with_email and organiser_id and role_now(session, petition, organiser_id) != Role.OWNER:
        raise Forbidden(_("Only owners may ask for e-mail addresses."))


def record_volume(petition: Petition, number: int, organiser: Organiser) -> None:
    """Record in the audit log that this organiser downloads a volume of a delivery; call before sending it."""
    with acting(petition.id, organiser.id, Who.EDITORS) as (session, petition):
        record(session, Act.EXPORTED, petition.id, organiser.id, format=Format.PDF.value, volume=number)


def latest_handovers(petition_id: int) -> list[HandoverLine]:
    """Return the petition's latest hand-overs, newest first."""
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
    """Return the hand-overs of the lists that had a signer's data, newest first, without organisers' names.

    Each list records which rows went out, so nothing that happens to a signature later hides or adds a hand-over. Lists
    for the addressee on which the signer was only a number, having kept the name for the organisers, are not among
    them. A list that was cut off counts for the rows that may have left; a PDF that was never made does not.

    Of lists handed over before rows were recorded, of those under way, and of those whose process was killed, it is
    not known who was on them: those count whose choice fits the signature as it is now.
    """
    was_made = (HandOver.format != Format.PDF) | HandOver.rows.is_not(None)
    mine = (HandOverBlock.hand_over_id == HandOver.id) & (HandOverBlock.block == block_of(signature.id))
    found = (
        select(HandOver, HandOverBlock.sent)
        .outerjoin(HandOverBlock, mine)
        .where(HandOver.petition_id == signature.petition_id, was_made)
        .where(HandOverBlock.sent.is_not(None) | ~HandOver.rows_known)
        .order_by(HandOver.id.desc())
    )
    return [_line(row, None) for row, block in db.session.execute(found) if _was_on(row, block, signature)]


def _was_on(row: HandOver, block: bytes | None, signature: Signature) -> bool:
    if row.rows_known:
        return block is not None and was_sent(block, signature.id)
    return _may_include(choice_of(row), signature, row.taken_at or row.at)


def _may_include(choice: Choice, signature: Signature, at: datetime) -> bool:
    confirmed = signature.verified_at
    in_time = (choice.since is None or choice.since <= confirmed.date()) and (
        choice.until is None or confirmed.date() <= choice.until
    )
    has_state = ledger.state_at(signature, at) in choice.states
    return has_state and confirmed <= at and in_time and (not choice.countries or signature.country in choice.countries)


def recipient_of(row: HandOver) -> str:
    """Return to whom a list went, as its organiser typed it."""
    try:
        return sealing.unseal(PURPOSE, row.public_id, row.sealed_recipient).fields[0]
    except sealing.CannotOpen:
        return str(_("Altered in the database: please tell whoever runs this site"))


def newest_delivery(petition_id: int) -> Delivery | None:
    """Return the petition's newest PDF delivery, whether ready, unfinished or failed; None if there is none."""
    of_petition = Delivery.petition_id == petition_id
    return db.session.scalars(select(Delivery).where(of_petition).order_by(Delivery.id.desc()).limit(1)).first()


def countries_signed_from(petition_id: int) -> list[tuple[str, int]]:
    """Return the countries of the petition's verified signatures with their numbers, largest first."""
    verified = (Signature.petition_id == petition_id) & (Signature.state == State.VERIFIED) & (Signature.country != "")
    number = func.count()
    rows = db.session.execute(
        select(Signature.country, number).where(verified).group_by(Signature.country).order_by(number.desc())
    )
    return [(code, count) for code, count in rows]


def choice_as_json(choice: Choice) -> dict[str, object]:
    """Return a choice as it is stored with its record."""
    return {
        "states": sorted(state.value for state in choice.states),
        "countries": sorted(choice.countries),
        "since": choice.since.isoformat() if choice.since else None,
        "until": choice.until.isoformat() if choice.until else None,
        "for_addressee": choice.for_addressee,
        "with_email": choice.with_email,
    }


def audience(choice: Choice) -> str:
    """Return the word in a file's name that says whom it is for, so that files are not confused."""
    return "with-emails" if choice.with_email else "addressee" if choice.for_addressee else "organisers"


def choice_of(row: HandOver) -> Choice:
    """Return the choice stored with a record."""
    stored = row.choice
    since, until = stored["since"], stored["until"]
    return Choice(
        states=frozenset(State(word) for word in stored["states"]),  # type: ignore[attr-defined]
        countries=frozenset(stored["countries"]),  # type: ignore[call-overload]
        since=date.fromisoformat(str(since)) if since else None,
        until=date.fromisoformat(str(until)) if until else None,
        for_addressee=bool(stored["for_addressee"]),
        with_email=bool(stored["with_email"]),
    )
