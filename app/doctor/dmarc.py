"""DMARC (RFC 7489): its record, and whether our e-mails are aligned with the domain in their From header."""

from collections.abc import Iterable

from app.doctor.finding import Finding, not_tried, ok, wrong
from app.doctor.set_up import SetUp, no_answer, organisation_of
from app.doctor.tags import tags_of
from app.email.dns import NoDnsAnswer

POLICIES = {"none", "quarantine", "reject"}


def check_dmarc(site: SetUp) -> Iterable[Finding]:
    """Look at the record, and whether the envelope's domain or the signature's is aligned."""
    domain = site.sender_domain
    name = f"DMARC of {domain}"
    try:
        places = dict.fromkeys((domain, organisation_of(domain)))
        found = next((texts for place in places if (texts := records_at(site, place))), [])
    except NoDnsAnswer as error:
        yield not_tried(name, no_answer(error))
        return
    if len(found) != 1:
        words = f"{len(found)} DMARC records, and receivers take that as none" if found else "no DMARC record"
        yield wrong(
            name,
            f"{domain} has {words}: large providers refuse who sends much without one.",
            f'Have one TXT record at _dmarc.{domain}: "v=DMARC1; p=none; rua=mailto:{site.sender}"',
        )
        return
    tags = tags_of(found[0])
    if tags.get("p", "").lower() not in POLICIES:
        yield wrong(name, f"The record says no policy: {found[0]}", "Write p=none, p=quarantine or p=reject into it.")
        return
    yield ok(name, f"The policy is {tags['p'].lower()}.{_AFTER_NONE if tags['p'].lower() == 'none' else ''}")
    yield _alignment(site, tags)


_AFTER_NONE = " Once reports show that nothing honest fails, p=quarantine keeps forgers out."


def records_at(site: SetUp, domain: str) -> list[str]:
    """Return the DMARC records of a domain; raise NoDnsAnswer."""
    return site.records.texts(f"_dmarc.{domain}", "v=DMARC1")


def is_aligned(one: str, with_domain: str, *, is_strict: bool) -> bool:
    """Tell whether a domain is aligned with that of the From header (RFC 7489, 3.1)."""
    if is_strict:
        return one.lower() == with_domain.lower()
    return organisation_of(one.lower()) == organisation_of(with_domain.lower())


def _alignment(site: SetUp, tags: dict[str, str]) -> Finding:
    name = "DMARC alignment"
    envelope, sender = site.envelope_domain, site.sender_domain
    spf_aligned = is_aligned(envelope, sender, is_strict=tags.get("aspf", "r").lower() == "s")
    if spf_aligned:
        return ok(name, f"Envelopes bear {envelope}, which is aligned with {sender} in the From header.")
    if site.dkim_selector:
        return ok(
            name,
            f"Envelopes bear {envelope}, which is not aligned with {sender}: DMARC rests on the DKIM signature alone.",
        )
    return wrong(
        name,
        f"Envelopes bear {envelope}, which is not aligned with {sender} in the From header, and no DKIM signature is"
        " known: receivers that go by DMARC refuse the e-mails.",
        f"Set BOUNCE_DOMAIN to a name below {organisation_of(sender)}, and sign with DKIM (DKIM_KEY, DKIM_SELECTOR)"
        " or tell with DKIM_SELECTOR that the relay does.",
    )
