"""Who runs the mailboxes of a domain, by its MX records, and whether it takes mail at all."""

from typing import Any, NamedTuple

from app.email.dns import NoDnsAnswer, look_up
from app.email.domain import registrable
from app.email.traffic_shaping import TrafficShaping


class Mailboxes(NamedTuple):
    """Who runs a domain's mailboxes: a provider of the table, by its key, or whoever owns the mail exchangers.

    If those are of several owners, the domain counts by itself: what one of them answers is not to hold up the others.
    """

    provider: str | None
    owner: str
    takes_no_mail: bool


def mailboxes_of(domain: str, shaping: TrafficShaping, seconds: float) -> Mailboxes:
    """Ask DNS who runs the mailboxes of a domain in ASCII (RFC 5321, 5.1).

    A domain takes no mail if it says so by a null MX (RFC 7505), or has neither MX nor address. Raises NoDnsAnswer
    after that many seconds for each question at the latest.
    """
    records: Any = look_up(domain, "MX", seconds)
    hosts = [mx.exchange.to_text(omit_final_dot=True).lower() for mx in records or ()]
    if not hosts:
        is_there = any(look_up(domain, kind, seconds) for kind in ("A", "AAAA")) if records is not None else False
        return Mailboxes(None, domain, takes_no_mail=not is_there)
    if {"", "."} & {*hosts}:
        return Mailboxes(None, domain, takes_no_mail=len(hosts) == 1)
    owners = {(provider, "" if provider else registrable(host)) for host in hosts for provider in [shaping.of_mx(host)]}
    provider, owner = owners.pop() if len(owners) == 1 else (None, domain)
    return Mailboxes(provider, owner, takes_no_mail=False)


def can_resolve(shaping: TrafficShaping, seconds: float) -> bool:
    """Tell whether DNS finds the mail exchangers of a provider that certainly has some.

    If not, no domain can be said to take no mail: a broken resolver, or a captive one, denies that anything exists.
    """
    for provider in shaping.providers.values():
        for domain in sorted(provider.domains):
            try:
                return bool(look_up(domain, "MX", seconds))
            except NoDnsAnswer:
                return False
    return False
