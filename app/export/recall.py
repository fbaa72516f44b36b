"""Recall PDF deliveries: when signatures leave the list or come back to it, those built of it are no longer offered."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import advisory_lock
from app.models import Delivery, DeliveryVolume, Making


def recall_deliveries(session: Session, petition_id: int) -> None:
    """Recall the petition's deliveries, in the caller's transaction, which changes who is on the list.

    Volumes are deleted, and what waits or is being made is begun anew. Call this last: others wait from here until
    the transaction ends, and must not hold a lock that it still needs.
    """
    lock_list(session, petition_id)
    mine = Delivery.petition_id == petition_id
    unfinished = Delivery.making.in_((Making.WAITING, Making.MAKING))
    ready = (Delivery.making == Making.READY) & Delivery.recalled_at.is_(None)
    anew = {"making": Making.WAITING, "claim": None, "leased_until": None, "attempts": 0, "rows_done": 0}
    for change in (
        update(Delivery).where(mine, unfinished).values(anew),
        update(Delivery).where(mine, ready).values(recalled_at=clock.now()),
        delete(DeliveryVolume).where(DeliveryVolume.delivery_id.in_(select(Delivery.id).where(mine))),
    ):
        session.execute(change.execution_options(synchronize_session=False))


def lock_list(session: Session, petition_id: int) -> None:
    """Lock the petition's list until the transaction ends: no other delivery is ordered, no signature leaves or joins.

    An order that slipped in before the change is committed would miss its recall, and could be made of the old list.
    """
    advisory_lock(session, b"list" + (petition_id % 2**32).to_bytes(4, "big"))
