"""DNS, asked with time-outs: the system's resolver, or that of DNS_RESOLVER. Never in a request: it takes seconds."""

import dns.exception
import dns.name
import dns.rdata
import dns.resolver
from flask import current_app

TRY_SECONDS = 1.5
MAX_SECONDS = 4.0
UDP_BYTES = 1232  # what travels unfragmented everywhere (DNS flag day 2020); more is asked for by TCP


class NoDnsAnswer(Exception):
    """No resolver answered in time, or none could tell: the name may have such records or not."""


def look_up(name: str, kind: str, seconds: float = MAX_SECONDS) -> list[dns.rdata.Rdata] | None:
    """Return the records of this kind, such as `MX`, at a name in ASCII; None if there is no such name.

    Raises NoDnsAnswer, after that many seconds at the latest.
    """
    try:
        absolute = dns.name.from_text(name)
    except dns.exception.DNSException:
        return None
    try:
        found = _resolver(seconds).resolve(absolute, kind, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN:
        return None
    except (dns.exception.DNSException, OSError) as error:
        raise NoDnsAnswer(type(error).__name__) from None
    return list(found.rrset or ())


def _resolver(seconds: float) -> dns.resolver.Resolver:
    """Return a resolver; made anew each time, as the system's settings change while a worker runs."""
    own: tuple[str, int] | None = current_app.config["DNS_RESOLVER"]
    resolver = dns.resolver.Resolver(configure=own is None)
    if own:
        address, resolver.port = own
        resolver.nameservers = [address]
    resolver.timeout, resolver.lifetime = min(TRY_SECONDS, seconds), seconds
    resolver.use_edns(0, payload=UDP_BYTES)
    return resolver
