"""SPF (RFC 7208): may this address send for this domain? The limit of ten look-ups included.

Macros and `ptr` are not followed: nobody needs them for a petition site, and whoever has them is told.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from app.doctor.records import Records

MAX_LOOK_UPS = 10
MAX_EXCHANGERS = 10
BEGINNING = "v=spf1"


class Spf(StrEnum):
    """The results that receivers come to (RFC 7208, 2.6), but for errors, which are exceptions here."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"


_BY_SIGN = {"+": Spf.PASS, "-": Spf.FAIL, "~": Spf.SOFTFAIL, "?": Spf.NEUTRAL}


class BadRecord(Exception):
    """Receivers treat the record as broken; the text says why."""


class NotFollowed(Exception):
    """The record holds what is not followed here."""


@dataclass
class Evaluation:
    """Judges one address after another by the records of a domain."""

    records: Records
    _look_ups: int = field(default=0, init=False)

    def result(self, domain: str, address: str) -> Spf:
        """Return the result for a domain in an envelope and a sending address.

        Raises BadRecord where receivers see an error, NotFollowed, and NoDnsAnswer.
        """
        self._look_ups = 0
        return self._check(domain, ip_address(address))

    def _check(self, domain: str, address: IPv4Address | IPv6Address) -> Spf:
        record = record_of(self.records, domain)
        if record is None:
            return Spf.NONE
        redirect = None
        for term in record.split()[1:]:
            name, is_modifier, value = term.partition("=")
            if is_modifier and ":" not in name and "/" not in name:
                redirect = value if name.lower() == "redirect" else redirect
                continue
            sign, mechanism = (term[0], term[1:]) if term[0] in _BY_SIGN else ("+", term)
            if self._matches(mechanism, domain, address):
                return _BY_SIGN[sign]
        if redirect is None:
            return Spf.NEUTRAL
        self._count()
        result = self._check(_plain(redirect), address)
        if result == Spf.NONE:
            raise BadRecord(f"redirect={redirect} leads to no SPF record")
        return result

    def _matches(self, mechanism: str, domain: str, address: IPv4Address | IPv6Address) -> bool:
        name, _, value = mechanism.partition(":")
        name, _, prefix = name.partition("/")
        match name.lower():
            case "all":
                return True
            case "ip4" | "ip6":
                return _is_in(address, value, mechanism)
            case "include":
                self._count()
                result = self._check(_plain(value), address)
                if result == Spf.NONE:
                    raise BadRecord(f"include:{value} has no SPF record")
                return result == Spf.PASS
            case "a" | "mx" | "exists":
                self._count()
                host, _, own_prefix = value.partition("/")
                host = _plain(host) if host else domain
                return self._has_address(name.lower(), host, own_prefix or prefix, address)
            case "ptr":
                self._count()
                return False
        raise BadRecord(f"{mechanism!r} is no mechanism of SPF")

    def _has_address(self, name: str, host: str, prefix: str, address: IPv4Address | IPv6Address) -> bool:
        if name == "exists":
            return bool(self.records.of(host, "A"))
        hosts = self.records.exchangers(host)[:MAX_EXCHANGERS] if name == "mx" else [host]
        four, _, six = prefix.partition("/")  # a/24//64, a/24 or a//64
        length = (six.lstrip("/") if address.version == 6 else four) or str(address.max_prefixlen)
        found = [one for each in hosts if each for one in self.records.addresses(each)]
        return any(_is_in(address, f"{one}/{length}", name) for one in found if (":" in one) == (address.version == 6))

    def _count(self) -> None:
        self._look_ups += 1
        if self._look_ups > MAX_LOOK_UPS:
            raise BadRecord(f"it takes more than {MAX_LOOK_UPS} look-ups, so that receivers give up")


def record_of(records: Records, domain: str) -> str | None:
    """Return the SPF record of a domain, None if it has none; raise BadRecord for several, and NoDnsAnswer."""
    found = [text for text in records.texts(domain, BEGINNING) if text.lower().split()[0] == BEGINNING]
    if len(found) > 1:
        raise BadRecord(f"{domain} has {len(found)} SPF records, and receivers take that as none")
    return found[0] if found else None


def _is_in(address: IPv4Address | IPv6Address, network: str, mechanism: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        raise BadRecord(f"{mechanism!r} names no address") from None


def _plain(name: str) -> str:
    if "%" in name:
        raise NotFollowed(f"{name} has a macro")
    if not name:
        raise BadRecord("a mechanism lacks its name")
    return name
