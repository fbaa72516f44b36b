"""The site's own keys: the mailbox key, for hashes of mailboxes across petitions, and the secret that tokens need."""

import hmac
import os
from collections.abc import Callable

from sqlalchemy import CheckConstraint, LargeBinary, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.crypto import sealing
from app.db import Base, db, insert, transaction

KEY_PURPOSE = "site-mailbox-key"
SECRET_PURPOSE = "site-token-secret"  # noqa: S105 - not a secret
SECRET_BYTES = 32


class Site(Base):
    """The table's only row, with the site's sealed keys. They never change, unlike SECRET_KEY and DATA_KEYS.

    `sealed_token_secret` goes into every key that is made of SECRET_KEY (see app/crypto/tokens.py).
    """

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16))
    mailbox_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_token_secret: Mapped[bytes | None] = mapped_column(LargeBinary)


def make_site_keys() -> None:
    """Make the site's keys unless they are there. Called when a process starts: of several at once, one makes them."""
    if db.session.scalars(select(Site.sealed_token_secret)).first() is not None:
        return  # read first, so that a start takes no write lock
    public_id = os.urandom(16)
    new = insert(Site).values(id=1, public_id=public_id, mailbox_key=_new_key(KEY_PURPOSE, public_id))
    with transaction() as session:
        session.execute(new.on_conflict_do_nothing())
        kept_id = session.scalars(select(Site.public_id)).one()
        missing = update(Site).where(Site.sealed_token_secret.is_(None))
        session.execute(missing.values(sealed_token_secret=_new_key(SECRET_PURPOSE, kept_id)))


def load_token_secret() -> bytes:
    """Return the site's secret for tokens, read by a connection of its own, as it may be needed at any moment."""
    with db.engine.connect() as connection:
        row = connection.execute(select(Site.public_id, Site.sealed_token_secret)).first()
    if row is None or row.sealed_token_secret is None:  # this process started before the tables were there
        make_site_keys()
        return load_token_secret()
    return bytes.fromhex(sealing.unseal(SECRET_PURPOSE, row.public_id, row.sealed_token_secret).fields[0])


def mailbox_hash(session: Session, mailbox: str, purpose: str = "") -> bytes:
    """Return the keyed hash of a canonical address on this site, for one purpose: 32 bytes (HMAC-SHA256, RFC 2104)."""
    return mailbox_hasher(session, purpose)(mailbox)


def mailbox_hasher(session: Session, purpose: str = "") -> Callable[[str], bytes]:
    """Return the function that `mailbox_hash` is, for many addresses and one purpose."""
    site = session.get_one(Site, 1)
    key = bytes.fromhex(sealing.unseal(KEY_PURPOSE, site.public_id, site.mailbox_key).fields[0])
    return lambda mailbox: hmac.digest(key, f"{purpose}{mailbox}".encode(), "sha256")


def _new_key(purpose: str, public_id: bytes) -> bytes:
    return sealing.seal(purpose, public_id, [os.urandom(SECRET_BYTES).hex()])
