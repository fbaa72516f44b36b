"""The site's set-up as the checks ask for it: whom e-mails come from, where they go out, and what DNS says."""

from dataclasses import dataclass, field
from email.utils import parseaddr
from urllib.parse import urlsplit

from flask import current_app

from app.doctor.records import Records
from app.email.dns import NoDnsAnswer
from app.email.domain import domain_of, registrable
from app.email.mime import ascii_address
from app.web.this_machine import is_loopback


@dataclass(frozen=True)
class SetUp:
    """What stands in the configuration, and one run's view of DNS."""

    base_url: str
    sender: str
    bounce_domain: str | None
    relay: str | None
    outgoing: tuple[str, ...]
    dkim_selector: str | None
    records: Records = field(default_factory=Records)

    @property
    def is_public(self) -> bool:
        """Whether people elsewhere sign here."""
        return not is_loopback(self.host)

    @property
    def host(self) -> str:
        """The host of BASE_URL, which is also what the site calls itself to the relay (HELO)."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def sender_domain(self) -> str:
        """The domain of the From header."""
        return domain_of(self.sender)

    @property
    def envelope_domain(self) -> str:
        """The domain of the envelope sender, at which receivers look up SPF."""
        return self.bounce_domain or self.sender_domain

    def sending_addresses(self) -> tuple[list[str], bool]:
        """Return the addresses that e-mails leave from to the world, and whether that is certain.

        It is when MAIL_OUTGOING_IPS says so. Else they are guessed: those of the relay, or of this site's host if the
        relay is on this machine. Raises NoDnsAnswer.
        """
        if self.outgoing:
            return list(self.outgoing), True
        host = self.relay if self.relay and not is_loopback(self.relay) else self.host
        return ([] if is_loopback(host) else self.records.addresses(host)), False


def set_up() -> SetUp:
    """Return the set-up of the app in use."""
    config = current_app.config
    return SetUp(
        base_url=config["BASE_URL"],
        sender=ascii_address(parseaddr(config["MAIL_DEFAULT_SENDER"])[1]),
        bounce_domain=config.get("BOUNCE_DOMAIN"),
        relay=config["MAIL_SERVER"],
        outgoing=tuple(config["MAIL_OUTGOING_IPS"]),
        dkim_selector=config["DKIM_SELECTOR"],
    )


def organisation_of(domain: str) -> str:
    """Return the organisational domain, by which DMARC compares unless it is strict (RFC 7489, 3.2)."""
    return registrable(domain)


def no_answer(error: NoDnsAnswer) -> str:
    """Return in words that DNS did not answer."""
    return f"DNS did not answer ({error}). Is the resolver of this machine, or that of DNS_RESOLVER, well?"
