"""Traces: keyed hashes of a signer's network and domain (or numbered address), kept for two days to detect bursts.

No address can be read from them, and those of two petitions cannot be compared.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app import clock
from app.db import in_batches, is_one_of
from app.email.address import without_tag
from app.email.domain import domain_of, is_relay, owner_domain
from app.models import Draft, Petition, Signature
from app.signing.email_key import petition_hash

RETENTION = timedelta(hours=48)
NUMBER = re.compile("[0-9]+")


def network_key(petition: Petition, network: str, now: datetime) -> bytes | None:
    """Return the keyed hash of a client's network in this petition on this day (UTC); None for no network.

    A burst across midnight is detected as two.
    """
    if not network:
        return None
    return petition_hash(petition, f"network {now.date().isoformat()} {network}")


def domain_key(petition: Petition, address: str) -> bytes | None:
    """Return the keyed hash, in this petition, of the domain that the owner of an address's domain registered.

    Forwarding services count as one owner: who uses them can have an address at each. At public e-mail providers, whose
    addresses have no owner in common, it is of the address without its numbers: whoever makes many there counts them
    up. None for one without numbers.
    """
    domain = domain_of(address)
    owner = "forwarding services" if is_relay(domain) else owner_domain(domain)
    if owner:
        return petition_hash(petition, f"domain {owner}")
    local = without_tag(address).rpartition("@")[0]
    pattern = NUMBER.sub("0", local)
    return petition_hash(petition, f"pattern {pattern}@{domain}") if NUMBER.search(local) else None


def forget_traces(now: datetime | None = None) -> int:
    """Erase the traces of drafts and signatures whose form was sent more than two days ago; return how many."""
    before = (now or clock.now()) - RETENTION
    return _forget(Draft, Draft.public_id, before) + _forget(Signature, Signature.id, before)


def _forget(table: type[Draft] | type[Signature], key: InstrumentedAttribute[Any], before: datetime) -> int:
    has_trace = or_(table.network_key.is_not(None), table.domain_key.is_not(None))
    old = select(key).where(has_trace, table.signed_at < before).order_by(table.signed_at)

    def erase(session: Session, keys: Sequence[Any]) -> None:
        change = update(table).where(is_one_of(key, keys)).values(network_key=None, domain_key=None)
        session.execute(change.execution_options(synchronize_session=False))

    return in_batches(old, erase)
