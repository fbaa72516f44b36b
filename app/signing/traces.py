"""Traces: keyed hashes of a signer's network and domain, kept for two days to detect bursts.

No address can be read from them, and those of two petitions cannot be compared.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import in_batches
from app.email.domain import domain_of, is_relay, owner_domain
from app.models import Petition, Signature
from app.signing.email_key import petition_hash

RETENTION = timedelta(hours=48)


def network_key(petition: Petition, network: str, now: datetime) -> bytes | None:
    """Return the keyed hash of a client's network in this petition on this day (UTC); None for no network.

    A burst across midnight is detected as two.
    """
    if not network:
        return None
    return petition_hash(petition, f"network {now.date().isoformat()} {network}")


def domain_key(petition: Petition, address: str) -> bytes | None:
    """Return the keyed hash, in this petition, of the domain that the owner of an address's domain registered.

    Forwarding services count as one owner: who uses them can have an address at each. None for public e-mail providers.
    """
    domain = domain_of(address)
    owner = "forwarding services" if is_relay(domain) else owner_domain(domain)
    return petition_hash(petition, f"domain {owner}") if owner else None


def forget_traces(now: datetime | None = None) -> int:
    """Erase the traces of signatures whose form was sent more than two days ago; return how many."""
    has_trace = or_(Signature.network_key.is_not(None), Signature.domain_key.is_not(None))
    old = select(Signature.id).where(has_trace, Signature.signed_at < (now or clock.now()) - RETENTION)

    def erase(session: Session, ids: Sequence[int]) -> None:
        change = update(Signature).where(Signature.id.in_(ids)).values(network_key=None, domain_key=None)
        session.execute(change.execution_options(synchronize_session=False))

    return in_batches(old.order_by(Signature.signed_at), erase)
