"""The site's mailbox key: the sealed key of the keyed hashes that stand for mailboxes on this site."""

import hmac
import os
from collections.abc import Callable

from sqlalchemy import CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.crypto import sealing
from app.db import Base, insert

KEY_PURPOSE = "site-mailbox-key"


class Site(Base):
    """The table's only row, with the site's sealed mailbox key."""

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16))
    mailbox_key: Mapped[bytes] = mapped_column(LargeBinary)


def mailbox_hash(session: Session, mailbox: str, purpose: str = "") -> bytes:
    """Return the keyed hash of a canonical address on this site, for one purpose: 32 bytes (HMAC-SHA256, RFC 2104)."""
    return mailbox_hasher(session, purpose)(mailbox)


def mailbox_hasher(session: Session, purpose: str = "") -> Callable[[str], bytes]:
    """Return the function that `mailbox_hash` is, for many addresses and one purpose.

    The key is made when it is first needed. Unlike SECRET_KEY it never changes.
    """
    site = session.get(Site, 1)
    if site is None:  # of two concurrent requests, the first row is kept
        public_id = os.urandom(16)
        key = sealing.seal(KEY_PURPOSE, public_id, [os.urandom(32).hex()])
        new = insert(Site).values(id=1, public_id=public_id, mailbox_key=key).on_conflict_do_nothing()
        session.execute(new)
        site = session.get_one(Site, 1)
    opened = sealing.unseal(KEY_PURPOSE, site.public_id, site.mailbox_key)
    key = bytes.fromhex(opened.fields[0])
    return lambda mailbox: hmac.digest(key, f"{purpose}{mailbox}".encode(), "sha256")
