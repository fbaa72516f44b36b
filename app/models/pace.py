"""The pace of e-mails, shared by all workers: what DNS said of domains, each provider's turn, how many left when."""

from datetime import datetime

from sqlalchemy import LargeBinary, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class MailDomain(Base):
    """Who runs the mailboxes of a domain, by keyed hashes of both, and whether it takes mail at all (RFC 7505)."""

    __tablename__ = "mail_domain"

    domain_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    provider_key: Mapped[bytes] = mapped_column(LargeBinary(16))
    takes_no_mail: Mapped[bool] = mapped_column(server_default=false())
    known_until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ProviderPace(Base):
    """When the next e-mail to one provider, by a keyed hash, or to all (see app/outbox/provider_paces.py) may leave.

    `next_at` is the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371). `seen_at` is when it was
    asked for last: if that is still to come, the clock has gone back, and all of this goes with it. `queue_end` is when
    the last of the e-mails for which nobody waits may ask for a turn. `paused_until` follows an answer that asked for
    it, the last of `pauses` since an e-mail was taken; `reply` is that answer, without the server's words.
    """

    __tablename__ = "provider_pace"

    provider_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    queue_end: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pauses: Mapped[int] = mapped_column(server_default="0")
    reply: Mapped[str] = mapped_column(Text, server_default="")


class ProviderConnection(Base):
    """A worker's batch of e-mails that has some for this provider, until its lease is over."""

    __tablename__ = "provider_connection"

    provider_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    claim: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True, index=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class Departures(Base):
    """How many e-mails workers took out of the outbox in ten minutes for one provider, or for all, to send or not.

    Those that get no e-mail count as well: else the pace of others' would tell who has signed.
    """

    __tablename__ = "departures"

    provider_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    slot: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True, index=True)
    number: Mapped[int] = mapped_column(server_default="0")


class SendingAddress(Base):
    """A keyed hash of an address that e-mails come from, and since when: a new one is warmed up."""

    __tablename__ = "sending_address"

    address_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
