"""The job that builds PDF deliveries: a worker claims each with a lease, and stores its volumes sealed."""

import logging
import os
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app import clock, leases, logs
from app.crypto import sealing
from app.db import db, in_batches, transaction
from app.export import pdf
from app.export.handover import choice_of
from app.export.pdf_facts import read_content
from app.export.rows import count_rows, read_rows
from app.export.sending import CountedRows, record_sent
from app.export.sent_rows import SentRows
from app.models import Delivery, DeliveryVolume, HandOver, Making, Petition
from app.web.language import force_language

PURPOSE = "delivery"
LEASE = timedelta(minutes=2)  # renewed every few seconds while the typesetter runs
RETENTION = timedelta(days=1)
MAX_ATTEMPTS = 3
log = logging.getLogger(__name__)


class Interrupted(Exception):
    """The worker is stopping, or another one has claimed the delivery."""


class ListChanged(Exception):
    """Signatures left the list during the build, so the number on the title page would be wrong."""


def run_due(stopping: Callable[[], bool] = lambda: False) -> int:
    """Build the waiting deliveries, one after the other; return how many were finished.

    After a worker was killed, its delivery is built again once the lease has run out, at most three times.
    """
    built = 0
    while not stopping() and (claimed := _claim()):
        claim, delivery_id = claimed
        try:
            _build(delivery_id, claim, stopping)
            built += 1
        except Interrupted:
            _release(delivery_id, claim, failed=False)
        except Exception as error:  # noqa: BLE001 - one failed delivery must not stop the others
            log.error("delivery %s could not be made: %s", delivery_id, logs.describe_error(error))  # noqa: TRY400
            _release(delivery_id, claim, failed=True)
        finally:
            db.session.rollback()
    return built


def count_volumes(delivery_id: int) -> int:
    """Return how many volumes of a delivery are stored."""
    of_delivery = DeliveryVolume.delivery_id == delivery_id
    return db.session.scalars(select(func.count()).select_from(DeliveryVolume).where(of_delivery)).one()


def read_volume(petition: Petition, delivery_id: int, number: int) -> bytes | None:
    """Return one volume of a petition's delivery as a PDF; None if there is none, or if it was altered or moved."""
    volume = db.session.get(DeliveryVolume, (delivery_id, number), populate_existing=True)
    if volume is None or not petition.is_genuine:
        return None
    try:
        content = sealing.unseal_bytes(PURPOSE, volume.public_id, volume.sealed)
    except sealing.CannotOpen:
        return None
    # Sealed with its petition, or whoever writes in the database could have it handed out to another one's organisers.
    return content.removeprefix(petition.public_id) if content.startswith(petition.public_id) else None


def forget_old_deliveries() -> int:
    """Delete deliveries a day after they were ready or failed; return how many. Their hand-over records stay."""
    failed = (Delivery.making == Making.FAILED) & (Delivery.leased_until < clock.now() - RETENTION)
    old = or_(Delivery.ready_until < clock.now(), failed)

    def delete_batch(session: Session, ids: Sequence[int]) -> None:
        session.execute(delete(DeliveryVolume).where(DeliveryVolume.delivery_id.in_(ids)))
        session.execute(delete(Delivery).where(Delivery.id.in_(ids)))

    return in_batches(select(Delivery.id).where(old).order_by(Delivery.id), delete_batch)


def _claim() -> tuple[bytes, int] | None:
    now = clock.now()
    claim = os.urandom(16)
    abandoned = (Delivery.making == Making.MAKING) & leases.is_over(Delivery.leased_until, now, LEASE)
    due = select(Delivery.id).where(or_(Delivery.making == Making.WAITING, abandoned)).order_by(Delivery.id).limit(1)
    # Read first, so that an idle worker never takes SQLite's only write lock.
    if db.session.scalars(due).first() is None:
        return None
    with transaction() as session:
        delivery_id = session.scalars(due.with_for_update(skip_locked=True)).first()
        if delivery_id is None:
            return None
        delivery = session.get_one(Delivery, delivery_id, populate_existing=True)
        delivery.attempts += 1
        delivery.rows_done = 0
        delivery.claim, delivery.leased_until = claim, now + LEASE
        # After so many unfinished attempts the delivery itself probably kills its workers.
        has_failed = delivery.attempts > MAX_ATTEMPTS
        delivery.making = Making.FAILED if has_failed else Making.MAKING
        session.execute(delete(DeliveryVolume).where(DeliveryVolume.delivery_id == delivery_id))
    return None if has_failed else (claim, delivery_id)


def _build(delivery_id: int, claim: bytes, stopping: Callable[[], bool]) -> None:
    delivery = db.session.get_one(Delivery, delivery_id)
    hand_over = db.session.get_one(HandOver, delivery.hand_over_id)
    petition = db.session.get_one(Petition, delivery.petition_id)
    bound_to = petition.public_id
    choice = choice_of(hand_over)
    # Later signatures are left out, so that the number stays the same during the build.
    row_count = count_rows(petition.id, choice, before=hand_over.at)
    content = read_content(petition, choice, row_count, hand_over.at)
    sent = SentRows()
    rows = CountedRows(read_rows(petition.id, choice, sent.add, before=hand_over.at))
    db.session.rollback()
    done = 0

    def progress(in_volume: int) -> None:
        _heartbeat(delivery_id, claim, done + in_volume, row_count)
        if stopping():
            raise Interrupted

    progress(0)
    parts = max(1, -(-row_count // pdf.ROWS_PER_VOLUME))
    with force_language(delivery.language):
        for number in range(1, parts + 1):
            written = pdf.write_volume(content, rows, number, parts, progress)
            done = rows.number
            _store_volume(delivery_id, claim, number, bound_to + written)
    if done != row_count or next(rows, None) is not None:
        raise ListChanged
    _finish(delivery_id, claim, sent, done)


def _heartbeat(delivery_id: int, claim: bytes, done: int, row_count: int) -> None:
    """Report progress and renew the lease; raise Interrupted if another worker has claimed the delivery."""
    with transaction() as session:
        values = {"rows_done": done, "rows_wanted": row_count, "leased_until": clock.now() + LEASE}
        _update_claimed(session, delivery_id, claim, values)


def _store_volume(delivery_id: int, claim: bytes, number: int, written: bytes) -> None:
    public_id = os.urandom(16)
    sealed = sealing.seal_bytes(PURPOSE, public_id, written)
    with transaction() as session:
        _update_claimed(session, delivery_id, claim, {"leased_until": clock.now() + LEASE})
        session.add(DeliveryVolume(delivery_id=delivery_id, number=number, public_id=public_id, sealed=sealed))


def _finish(delivery_id: int, claim: bytes, sent: SentRows, rows: int) -> None:
    now = clock.now()
    with transaction() as session:
        values = {"making": Making.READY, "rows_done": rows, "ready_until": now + RETENTION, "claim": None}
        _update_claimed(session, delivery_id, claim, values)
        hand_over_id = session.scalars(select(Delivery.hand_over_id).where(Delivery.id == delivery_id)).one()
        record_sent(session, hand_over_id, sent, rows)


def _release(delivery_id: int, claim: bytes, *, failed: bool) -> None:
    """Release the claim, so that the delivery is built again, or mark it as failed after too many failures."""
    with transaction() as session:
        claimed = (Delivery.id == delivery_id) & (Delivery.claim == claim)
        held = session.scalars(select(Delivery).where(claimed).with_for_update()).one_or_none()
        if held is not None:
            held.making = Making.FAILED if failed and held.attempts >= MAX_ATTEMPTS else Making.WAITING
            held.attempts -= 0 if failed else 1
            held.claim = None


def _update_claimed(session: Session, delivery_id: int, claim: bytes, values: dict[str, object]) -> None:
    claimed = (Delivery.id == delivery_id) & (Delivery.claim == claim)
    changed = update(Delivery).where(claimed).values(**values).returning(Delivery.id)
    if session.execute(changed.execution_options(synchronize_session=False)).first() is None:
        raise Interrupted
