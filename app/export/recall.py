"""Recall PDF deliveries when signatures leave the list or come back to it: the old ones are no longer offered."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import advisory_lock
from app.models import Delivery, DeliveryVolume, Making


def recall_deliveries(session: Session, petition_id: int) -> None:
    """Recall the petition's deliveries, in the transaction that changes the list.

    Volumes are deleted, and unfinished deliveries are built again. Call this last in the transaction (lock order):
    others wait for this lock until the transaction ends.
    """
    lock_list(session, petition_id)
    of_petition = Delivery.petition_id == petition_id
    unfinished = Delivery.making.in_((Making.WAITING, Making.MAKING))
    ready = (Delivery.making == Making.READY) & Delivery.recalled_at.is_(None)
    restart = {"making": Making.WAITING, "claim": None, "leased_until": None, "attempts": 0, "rows_done": 0}
    for change in (
        update(Delivery).where(of_petition, unfinished).values(restart),
        update(Delivery).where(of_petition, ready).values(recalled_at=clock.now()),
        delete(DeliveryVolume).where(DeliveryVolume.delivery_id.in_(select(Delivery.id).where(of_petition))),
    ):
        session.execute(change.execution_options(synchronize_session=False))


def lock_list(session: Session, petition_id: int) -> None:
    """Take the advisory lock of the petition's list: no delivery is queued or recalled until the transaction ends.

    Without it, a delivery queued just before a change commits would miss its recall, and be built of the old list.
    """
    advisory_lock(session, b"list" + (petition_id % 2**32).to_bytes(4, "big"))
