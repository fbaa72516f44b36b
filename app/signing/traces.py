"""Traces: what a signature keeps for two days so that bursts can be told, and nothing else can.

Both are keyed hashes. No address can be read from them, and those of two petitions have nothing in common.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import in_batches
from app.email.domain import domain_of, of_one_owner
from app.models import Petition, Signature
from app.signing.email_key import keyed

RETENTION = timedelta(hours=48)


def network_key(petition: Petition, network: str, now: datetime) -> bytes | None:
    """Return the 32 bytes that stand for a client's network in this petition on this day (UTC); None for no network.

    A burst across midnight is two halves, each of which is found by itself.
    """
    if not network:
        return None
    return keyed(petition, f"network {now.date().isoformat()} {network}")


def domain_key(petition: Petition, address: str) -> bytes | None:
    """Return the 32 bytes that stand in this petition for the owner of a deliverable address's domain.

    None at providers at which everybody may have a mailbox.
    """
    owned = of_one_owner(domain_of(address))
    return keyed(petition, f"domain {owned}") if owned else None


def forget(now: datetime | None = None) -> int:
    """Erase the traces of what was signed, or signed anew while pending, two days ago; return of how many."""
    traced = or_(Signature.network_key.is_not(None), Signature.domain_key.is_not(None))
    old = select(Signature.id).where(traced, Signature.signed_at < (now or clock.now()) - RETENTION)

    def forget_some(session: Session, ids: Sequence[int]) -> None:
        some = update(Signature).where(Signature.id.in_(ids)).values(network_key=None, domain_key=None)
        session.execute(some.execution_options(synchronize_session=False))

    return in_batches(old.order_by(Signature.signed_at), forget_some)
