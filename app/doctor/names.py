"""Names in DNS that e-mail needs: the relay's reverse name, HELO, where bounces and answers go, MTA-STS."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from dns.reversename import from_address

from app.doctor.fetch import NotFetched, fetch
from app.doctor.finding import Finding, not_tried, ok, warning, wrong
from app.doctor.set_up import SetUp, no_answer
from app.doctor.tags import tags_of
from app.email.dns import NoDnsAnswer
from app.web.this_machine import is_loopback

_POLICY = "/.well-known/mta-sts.txt"


def check_helo(site: SetUp) -> Iterable[Finding]:
    """Look whether the name that the site calls itself leads to an address (RFC 5321, 2.3.5)."""
    name = "HELO"
    if is_loopback(site.host):
        yield not_tried(name, f"The site is on this machine alone, and calls itself {site.host}.")
        return
    try:
        found = site.records.addresses(site.host)
    except NoDnsAnswer as error:
        yield not_tried(name, no_answer(error))
        return
    if found:
        yield ok(name, f"The site calls itself {site.host}, which leads to {', '.join(found)}.")
    else:
        yield wrong(
            name,
            f"The site calls itself {site.host}, as in BASE_URL, which leads to no address: mail servers distrust it.",
            f"Give {site.host} an A or AAAA record.",
        )


def check_reverse_names(site: SetUp) -> Iterable[Finding]:
    """Look whether each address that e-mails leave from has a name that leads back to it (RFC 1912, 2.1)."""
    try:
        addresses, is_certain = site.sending_addresses()
        if not addresses:
            yield not_tried("Reverse name", "Where the relay sends from is not known: see MAIL_OUTGOING_IPS.")
        for address in addresses:
            yield _reverse_name(site, address, is_certain=is_certain)
    except NoDnsAnswer as error:
        yield not_tried("Reverse name", no_answer(error))


def _reverse_name(site: SetUp, address: str, *, is_certain: bool) -> Finding:
    found = site.records.of(from_address(address).to_text(), "PTR") or []
    names = [str(record).rstrip(".") for record in found]
    if any(address in site.records.addresses(name) for name in names):
        return ok("Reverse name", f"{address} is {names[0]}, and back.")
    words = (
        f"{address} is called {names[0]}, but that name does not lead back to it" if names else f"{address} has no name"
    )
    change = (
        "Whoever gave you the address sets its reverse name (PTR): let it be the mail server's own name, which must"
        " have the address in turn."
    )
    if is_certain:
        return wrong("Reverse name", f"{words}: large providers refuse e-mails from it.", change)
    return warning(
        "Reverse name",
        f"{words}: large providers refuse e-mails from it, if it is the address that they leave from.",
        f"{change} If the relay sends from others, set MAIL_OUTGOING_IPS to them.",
    )


def check_return_path(site: SetUp) -> Iterable[Finding]:
    """Look whether bounces find a way back: to BOUNCE_DOMAIN, else to the sender's own domain."""
    domain = site.envelope_domain
    name = f"Way back for bounces at {domain}"
    try:
        hosts = site.records.exchangers(domain)
        lead_nowhere = [host for host in hosts if not host or not site.records.addresses(host)]
        has_address = bool(hosts) or bool(site.records.addresses(domain))
    except NoDnsAnswer as error:
        yield not_tried(name, no_answer(error))
        return
    if not has_address or (hosts and not any(hosts)):
        yield wrong(
            name,
            f"No mail server takes e-mails for {domain}, so that bounces are lost, and some providers refuse e-mails"
            " from a domain that takes none.",
            f"Add an MX record at {domain} that names the mail server which takes bounces.",
        )
    elif lead_nowhere:
        yield wrong(
            name,
            f"The MX record names {lead_nowhere[0] or 'nothing'}, which leads to no address.",
            "Give that name an A or AAAA record, or name another host.",
        )
    elif not hosts:
        yield warning(
            name,
            f"{domain} has no MX record, so they go to {domain} itself, where perhaps no mail server listens.",
            f"Add an MX record at {domain} that names the mail server which takes bounces and answers.",
        )
    else:
        yield ok(name, f"They go to {', '.join(hosts)}.")


def check_mta_sts(site: SetUp) -> Iterable[Finding]:
    """Look whether a published MTA-STS policy (RFC 8461) lets bounces in: a wrong one keeps them out."""
    domain = site.envelope_domain
    name = f"MTA-STS of {domain}"
    try:
        found = site.records.texts(f"_mta-sts.{domain}", "v=STSv1")
        hosts = site.records.exchangers(domain)
    except NoDnsAnswer as error:
        yield not_tried(name, no_answer(error))
        return
    if not found:
        yield ok(name, "There is no policy, and need not be: it would have bounces travel encrypted.")
        return
    try:
        policy = _policy(domain)
    except (NotFetched, ValueError) as error:
        yield wrong(
            name,
            f"DNS tells of a policy, but https://mta-sts.{domain}{_POLICY} cannot be read: {error}.",
            f"Serve the policy there, or take the record _mta-sts.{domain} away.",
        )
        return
    allowed = [pattern.lower() for key, pattern in policy if key == "mx"]
    outside = [host for host in hosts if not any(_allows(pattern, host.lower()) for pattern in allowed)]
    if outside and ("mode", "enforce") not in [(key, value.lower()) for key, value in policy]:
        yield warning(
            name,
            f"The policy does not name {outside[0]}, to which the MX record leads. It is not enforced, or bounces would"
            " not come.",
            f"Add a line `mx: {outside[0]}` to the policy before its mode is enforce.",
        )
    elif outside:
        yield wrong(
            name,
            f"The policy does not name {outside[0]}, to which the MX record leads: careful senders bring no bounce.",
            f"Add a line `mx: {outside[0]}` to the policy, and give the record _mta-sts.{domain} another id.",
        )
    elif not tags_of(found[0]).get("id"):
        yield warning(name, "The record has no id, so that senders do not read the policy.", "Add id=1 to it.")
    else:
        yield ok(name, "The policy names where the MX record leads.")


def _policy(domain: str) -> list[tuple[str, str]]:
    page = fetch(f"https://mta-sts.{domain}{_POLICY}")
    if page.status != 200:
        raise NotFetched(f"status {page.status}")
    pairs = (line.partition(":") for line in page.body.decode("ascii").splitlines())
    return [(key.strip(), value.strip()) for key, _, value in pairs]


def _allows(pattern: str, host: str) -> bool:
    """Tell whether a policy's pattern allows a host; its star stands for one label (RFC 8461, 4.1)."""
    return fnmatchcase(host, pattern) and host.count(".") == pattern.count(".")
