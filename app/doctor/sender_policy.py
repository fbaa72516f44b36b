"""SPF of the domains that e-mails come from: may the relay send for them?"""

from collections.abc import Iterable

from app.doctor import spf
from app.doctor.finding import Finding, not_tried, ok, warning, wrong
from app.doctor.probe import INVENTED_ADDRESS
from app.doctor.set_up import SetUp, no_answer, organisation_of
from app.doctor.spf import BadRecord, Evaluation, NotFollowed, Spf
from app.email.dns import NoDnsAnswer

_WHERE_IT_SENDS_FROM = (
    " If the relay sends from other addresses than it takes e-mails at, set MAIL_OUTGOING_IPS to them, or add the"
    " `include:` that its own manual names."
)


def check_spf(site: SetUp) -> Iterable[Finding]:
    """Look at the SPF record of the envelope's domain, and at that of the From header if it is another one."""
    yield _check(site, site.envelope_domain)
    if site.envelope_domain != site.sender_domain:
        yield _check_forgery(site)


def _check(site: SetUp, domain: str) -> Finding:
    name = f"SPF of {domain}"
    try:
        record = spf.record_of(site.records, domain)
        addresses, is_certain = site.sending_addresses()
        if record is None:
            return wrong(
                name,
                f"{domain} has no SPF record, so that large providers refuse its e-mails or take them for spam.",
                _to_add(site, domain, " ".join(map(_mechanism, addresses)) or "include:WHAT-THE-RELAY'S-MANUAL-NAMES"),
            )
        evaluation = Evaluation(site.records)
        if evaluation.result(domain, INVENTED_ADDRESS) == Spf.PASS:
            return wrong(
                name,
                f"The record allows everybody in the world to send for {domain}: {record}",
                "Replace `+all` or whatever allows so much by the addresses of the relay and of all others who send for"
                " it, and end with `-all`.",
            )
        results = {address: evaluation.result(domain, address) for address in addresses}
    except BadRecord as error:
        return wrong(name, f"Receivers take the record for broken: {error}.", f"Write {domain} one record, made whole.")
    except NotFollowed as error:
        return not_tried(name, f"The record cannot be followed here: {error}. A test e-mail shows it: --mailbox.")
    except NoDnsAnswer as error:
        return not_tried(name, no_answer(error))
    return _judge(name, site, record, results, is_certain=is_certain)


def _judge(name: str, site: SetUp, record: str, results: dict[str, Spf], *, is_certain: bool) -> Finding:
    refused = [address for address, result in results.items() if result != Spf.PASS]
    if not results:
        return not_tried(name, f"There is a record, but where the relay sends from is not known: {record}")
    if not refused:
        return ok(name, f"The relay may send: {', '.join(results)}.")
    words = f"The record does not allow {', '.join(refused)}, from which e-mails leave: {record}"
    missing = " ".join(_mechanism(address) for address in refused)
    change = f"Add `{missing}` to it, before its `all`."
    if is_certain:
        return wrong(name, words, change)
    included = [term for term in record.split() if term.lower().lstrip("+").startswith("include:")]
    if site.relay and any(_is_of(term, site.relay) for term in included):
        return ok(name, f"It includes the record of the relay's own domain: {record}")
    # Many services take e-mails under another name than they send them.
    return (warning if included else wrong)(name, words, change + _WHERE_IT_SENDS_FROM)


def _is_of(term: str, relay: str) -> bool:
    return organisation_of(term.partition(":")[2].lower()) == organisation_of(relay.lower())


def _check_forgery(site: SetUp) -> Finding:
    """Look at the domain of the From header, at which nobody looks up SPF for e-mails of ours."""
    domain = site.sender_domain
    name = f"SPF of {domain}"
    try:
        record = spf.record_of(site.records, domain)
        if record is not None and Evaluation(site.records).result(domain, INVENTED_ADDRESS) == Spf.PASS:
            return wrong(
                name, f"The record allows everybody in the world to send for {domain}: {record}", "End it with `-all`."
            )
    except BadRecord as error:
        return wrong(name, f"Receivers take the record for broken: {error}.", f"Write {domain} one record, made whole.")
    except NotFollowed:
        record = ""
    except NoDnsAnswer as error:
        return not_tried(name, no_answer(error))
    if record is None:
        return warning(
            name,
            f"{domain} has no SPF record. Envelopes bear {site.envelope_domain}, but some filters look here as well.",
            _to_add(site, domain, f"include:{site.envelope_domain}"),
        )
    return ok(name, "There is a record, for the few that look at it: envelopes bear another domain.")


def _to_add(site: SetUp, domain: str, allowed: str) -> str:
    """Return the advice to add a record; the domain of From may have mailboxes and newsletters that it must not end."""
    if domain != site.sender_domain:
        return f'Add a TXT record at {domain}: "v=spf1 {allowed} -all"'
    return (
        f'Add a TXT record at {domain}: "v=spf1 {allowed} ~all". Put in everybody else who sends for {domain}, such as'
        " the server of your own mailboxes; once you are sure that nobody is missing, end it with `-all`."
    )


def _mechanism(address: str) -> str:
    return f"ip6:{address}" if ":" in address else f"ip4:{address}"
