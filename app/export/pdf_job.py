"""The job that builds PDF deliveries: one worker claims each under a lease, and stores it sealed, volume by volume."""

import logging
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app import clock, logs
from app.crypto import sealing
from app.db import db, in_batches, transaction
from app.export import pdf
from app.export.handover import CountedRows, choice_of
from app.export.pdf_content import PdfContent, SignedText
from app.export.rows import Choice, count_rows, read_rows, texts_signed
from app.models import Delivery, DeliveryVolume, HandOver, Making, Petition
from app.petitions.page import find_edition
from app.web.language import force_language

PURPOSE = "delivery"
LEASE = timedelta(minutes=2)  # renewed every few seconds while the typesetter runs
RETENTION = timedelta(days=1)
MAX_ATTEMPTS = 3
log = logging.getLogger(__name__)


class Interrupted(Exception):
    """The worker is to end, or another one has taken the delivery over."""


class ListChanged(Exception):
    """PdfContent left the list while it was being written, so that its title page would be wrong."""


def run_due(stopping: Callable[[], bool] = lambda: False) -> int:
    """Build the deliveries that wait, one after the other; return how many were finished.

    One that a killed worker left half-made is begun anew once its lease has run out, three times at most.
    """
    built = 0
    while not stopping() and (claimed := _claim()):
        claim, delivery_id = claimed
        try:
            _build(delivery_id, claim, stopping)
            built += 1
        except Interrupted:
            _release(delivery_id, claim, failed=False)
        except Exception as error:  # noqa: BLE001 - one delivery that cannot be made must not hold up the others
            log.error("delivery %s could not be made: %s", delivery_id, logs.describe_error(error))  # noqa: TRY400
            _release(delivery_id, claim, failed=True)
        finally:
            db.session.rollback()
    return built


def count_volumes(delivery_id: int) -> int:
    """Return how many volumes of a delivery are here."""
    mine = DeliveryVolume.delivery_id == delivery_id
    return db.session.scalars(select(func.count()).select_from(DeliveryVolume).where(mine)).one()


def read_volume(delivery_id: int, number: int) -> bytes | None:
    """Return one volume of a delivery as a PDF file; None when it has no such volume."""
    kept = db.session.get(DeliveryVolume, (delivery_id, number))
    return sealing.unseal_bytes(PURPOSE, kept.public_id, kept.sealed) if kept else None


def forget_old_deliveries() -> int:
    """Delete the deliveries that were ready a day ago or could not be made; return how many. Their record stays."""
    failed = (Delivery.making == Making.FAILED) & (Delivery.leased_until < clock.now() - RETENTION)
    old = or_(Delivery.ready_until < clock.now(), failed)

    def forget(session: Session, ids: Sequence[int]) -> None:
        session.execute(delete(DeliveryVolume).where(DeliveryVolume.delivery_id.in_(ids)))
        session.execute(delete(Delivery).where(Delivery.id.in_(ids)))

    return in_batches(select(Delivery.id).where(old).order_by(Delivery.id), forget)


def _claim() -> tuple[bytes, int] | None:
    now = clock.now()
    claim = os.urandom(16)
    left = (Delivery.making == Making.MAKING) & (Delivery.leased_until < now)
    due = select(Delivery.id).where(or_(Delivery.making == Making.WAITING, left)).order_by(Delivery.id).limit(1)
    # A read first, so that an idle worker never takes SQLite's one write lock.
    if db.session.scalars(due).first() is None:
        return None
    with transaction() as session:
        delivery_id = session.scalars(due.with_for_update(skip_locked=True)).first()
        if delivery_id is None:
            return None
        taken = session.get_one(Delivery, delivery_id, populate_existing=True)
        taken.attempts += 1
        taken.rows_done = 0
        taken.claim, taken.leased_until = claim, now + LEASE
        # One that was begun too often and never ended has killed its workers: no more of that.
        hopeless = taken.attempts > MAX_ATTEMPTS
        taken.making = Making.FAILED if hopeless else Making.MAKING
        session.execute(delete(DeliveryVolume).where(DeliveryVolume.delivery_id == delivery_id))
    return None if hopeless else (claim, delivery_id)


def _build(delivery_id: int, claim: bytes, stopping: Callable[[], bool]) -> None:
    asked = db.session.get_one(Delivery, delivery_id)
    hand_over = db.session.get_one(HandOver, asked.hand_over_id)
    petition = db.session.get_one(Petition, asked.petition_id)
    choice = choice_of(hand_over)
    # Who signs from now on is not in it, so its number stands while it is being written.
    wanted = count_rows(petition.id, choice, before=hand_over.at)
    content = _content(petition, choice, wanted, hand_over.at)
    rows = CountedRows(read_rows(petition.id, choice, before=hand_over.at))
    db.session.rollback()
    done = 0

    def progress(in_volume: int) -> None:
        _heartbeat(delivery_id, claim, done + in_volume, wanted)
        if stopping():
            raise Interrupted

    progress(0)
    parts = max(1, -(-wanted // pdf.ROWS_PER_VOLUME))
    with force_language(asked.language):
        for number in range(1, parts + 1):
            written = pdf.write_volume(content, rows, number, parts, progress)
            done = rows.number
            _store_volume(delivery_id, claim, number, written)
    if done != wanted or next(rows, None) is not None:
        raise ListChanged
    _finish(delivery_id, claim, done)


def _content(petition: Petition, choice: Choice, wanted: int, at: datetime) -> PdfContent:
    texts = tuple(
        SignedText(text.language, text.version, text.title, text.statement, text.body)
        for text in texts_signed(petition.id, choice, before=at)
    )
    edition = find_edition(petition.slug)
    assert edition, "a list is only asked for of a petition that was opened"
    started_by, addressed_to = petition.started_by, edition.notice.addressed_to
    about = (edition.text.title, edition.text.language, started_by, addressed_to)
    return PdfContent(*about, wanted, at, texts, choice.for_addressee)


def _heartbeat(delivery_id: int, claim: bytes, done: int, wanted: int) -> None:
    """Report progress and renew the lease; raise Interrupted when another worker has the delivery."""
    with transaction() as session:
        values = {"rows_done": done, "rows_wanted": wanted, "leased_until": clock.now() + LEASE}
        _update_claimed(session, delivery_id, claim, values)


def _store_volume(delivery_id: int, claim: bytes, number: int, written: bytes) -> None:
    public_id = os.urandom(16)
    sealed = sealing.seal_bytes(PURPOSE, public_id, written)
    with transaction() as session:
        _update_claimed(session, delivery_id, claim, {"leased_until": clock.now() + LEASE})
        session.add(DeliveryVolume(delivery_id=delivery_id, number=number, public_id=public_id, sealed=sealed))


def _finish(delivery_id: int, claim: bytes, rows: int) -> None:
    now = clock.now()
    with transaction() as session:
        values = {"making": Making.READY, "rows_done": rows, "ready_until": now + RETENTION, "claim": None}
        _update_claimed(session, delivery_id, claim, values)
        hand_over = select(Delivery.hand_over_id).where(Delivery.id == delivery_id).scalar_subquery()
        session.execute(update(HandOver).where(HandOver.id == hand_over).values(rows=rows))


def _release(delivery_id: int, claim: bytes, *, failed: bool) -> None:
    """Give a delivery back, to be begun anew; for good once it has failed too often."""
    with transaction() as session:
        mine = (Delivery.id == delivery_id) & (Delivery.claim == claim)
        held = session.scalars(select(Delivery).where(mine).with_for_update()).one_or_none()
        if held is not None:
            held.making = Making.FAILED if failed and held.attempts >= MAX_ATTEMPTS else Making.WAITING
            held.attempts -= 0 if failed else 1
            held.claim = None


def _update_claimed(session: Session, delivery_id: int, claim: bytes, values: dict[str, object]) -> None:
    mine = (Delivery.id == delivery_id) & (Delivery.claim == claim)
    changed = update(Delivery).where(mine).values(**values).returning(Delivery.id)
    if session.execute(changed.execution_options(synchronize_session=False)).first() is None:
        raise Interrupted
