"""`doctor` names what is wrong in DNS: each test is a set-up in which one thing is."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from flask import current_app

from app.doctor import names
from app.doctor.dmarc import check_dmarc
from app.doctor.fetch import fetch
from app.doctor.finding import Finding, Verdict
from app.doctor.names import check_helo, check_mta_sts, check_return_path, check_reverse_names
from app.doctor.run import GROUPS
from app.doctor.sender_policy import check_spf
from app.doctor.set_up import SetUp
from app.doctor.signature_key import check_dkim
from app.email import dns as asking
from tests.dns_server import DnsServer, txt
from tests.doctor.conftest import OUTGOING, made, make_key
from tests.doctor.test_outside import served


def spf(site: SetUp) -> Finding:
    return next(iter(check_spf(site)))


def dkim(site: SetUp) -> Finding:
    return next(iter(check_dkim(site)))


def set_spf(dns: DnsServer, *records: str) -> None:
    dns.add({"bounces.example.org": {"TXT": [txt(record) for record in records]}})


def test_nothing_is_wrong_where_nothing_is(site: SetUp) -> None:
    found = [finding for check in GROUPS["DNS"] for finding in check(site)]
    assert {finding.name: finding.found for finding in found if finding.verdict != Verdict.OK} == {}
    assert len(found) == 9


def test_no_spf_record(dns: DnsServer, site: SetUp) -> None:
    set_spf(dns, "another=text")
    found = spf(site)
    assert found.verdict == Verdict.WRONG and "no SPF record" in found.found
    assert found.change == f'Add a TXT record at bounces.example.org: "v=spf1 ip4:{OUTGOING} -all"'


def test_advice_for_the_domain_of_from_ends_nobody_elses_e_mails(dns: DnsServer, site: SetUp) -> None:
    dns.add({"example.org": {"TXT": [txt("another=text")]}})
    of_envelope, of_from = check_spf(site)
    assert of_envelope.verdict == Verdict.OK and of_from.verdict == Verdict.WARNING
    (of_both,) = check_spf(made(bounce_domain=None))
    for found, allowed in ((of_from, "include:bounces.example.org"), (of_both, f"ip4:{OUTGOING}")):
        assert f'"v=spf1 {allowed} ~all"' in found.change
        assert "everybody else who sends for example.org" in found.change


def test_an_spf_record_without_the_relay(dns: DnsServer, site: SetUp) -> None:
    set_spf(dns, "v=spf1 ip4:198.51.100.7 -all")
    found = spf(site)
    assert found.verdict == Verdict.WRONG
    assert OUTGOING in found.found and f"ip4:{OUTGOING}" in found.change


@pytest.mark.parametrize(
    "record", ["v=spf1 +all", "v=spf1 all", "v=spf1 ip4:0.0.0.0/0 -all", "v=spf1 include:any.example ~all"]
)
def test_an_spf_record_that_allows_everybody(dns: DnsServer, site: SetUp, record: str) -> None:
    dns.add({"any.example": {"TXT": [txt("v=spf1 ip4:128.0.0.0/1 -all")]}})
    set_spf(dns, record)
    found = spf(site)
    assert found.verdict == Verdict.WRONG and "everybody in the world" in found.found


def test_two_spf_records(dns: DnsServer, site: SetUp) -> None:
    set_spf(dns, f"v=spf1 ip4:{OUTGOING} -all", "v=spf1 include:other.example -all")
    found = spf(site)
    assert found.verdict == Verdict.WRONG and "2 SPF records" in found.found


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("v=spf1 ipv4:192.0.2.10 -all", "no mechanism"),
        ("v=spf1 ip4:mail.example.org -all", "no address"),
        ("v=spf1 include:nowhere.example -all", "no SPF record"),
        ("v=spf1 redirect=nowhere.example", "no SPF record"),
        ("v=spf1 include:loop.example -all", "more than 10 look-ups"),
    ],
)
def test_an_spf_record_that_receivers_cannot_use(dns: DnsServer, site: SetUp, record: str, said: str) -> None:
    dns.add({"loop.example": {"TXT": [txt("v=spf1 include:loop.example -all")]}})
    set_spf(dns, record)
    found = spf(site)
    assert found.verdict == Verdict.WRONG and said in found.found


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 a:mail.example.org -all",
        "v=spf1 mx -all",
        "V=SPF1 MX ~ALL",
        "v=spf1 mx/24 -all",
        "v=spf1 a:mail.example.org//64 -all",
        "v=spf1 mx/24//64 -all",
        "v=spf1 include:inner.example -all",
        "v=spf1 redirect=inner.example",
        "v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/32 -all",
        "v=spf1 exists:mail.example.org -all",
    ],
)
def test_spf_is_read_as_receivers_do(dns: DnsServer, site: SetUp, record: str) -> None:
    dns.add({"inner.example": {"TXT": [txt(f"v=spf1 ip4:{OUTGOING} -all")]}})
    set_spf(dns, record)
    verdict = spf(site).verdict
    assert verdict == (Verdict.WRONG if "exists" in record else Verdict.OK)  # which is for everybody


def test_an_unknown_outgoing_address_is_guessed_to_be_the_relays(dns: DnsServer, site: SetUp) -> None:
    dns.add({"out.relay.example": {"A": ["198.51.100.7"]}})
    found = spf(made(outgoing=(), relay="out.relay.example"))
    assert found.verdict == Verdict.WRONG and "MAIL_OUTGOING_IPS" in found.change
    set_spf(dns, "v=spf1 include:another.example -all")  # perhaps the same service under another name
    dns.add({"another.example": {"TXT": [txt("v=spf1 -all")]}})
    assert spf(made(outgoing=(), relay="out.relay.example")).verdict == Verdict.WARNING
    set_spf(dns, "v=spf1 include:spf.relay.example -all")
    dns.add({"spf.relay.example": {"TXT": [txt("v=spf1 ip4:198.51.100.200 -all")]}})
    assert spf(made(outgoing=(), relay="out.relay.example")).verdict == Verdict.OK


def test_no_dkim_key_in_dns(dns: DnsServer, site: SetUp) -> None:
    del dns.zone["s1._domainkey.example.org"]
    found = dkim(site)
    assert found.verdict == Verdict.WRONG and "s1._domainkey.example.org" in found.found
    assert "v=DKIM1; k=rsa; p=" in found.change
    strings = re.findall(r'"([^"]+)"', found.change)
    assert len(strings) == 2 and max(map(len, strings)) == 255
    assert f"Have one there: {''.join(strings)} (" in found.change


def test_a_dkim_key_in_dns_that_is_not_the_one_that_signs(dns: DnsServer, site: SetUp) -> None:
    current_app.config["DKIM_KEY"] = make_key()
    found = dkim(site)
    assert found.verdict == Verdict.WRONG and "not that of DKIM_KEY" in found.found


@pytest.mark.parametrize(
    ("record", "said", "verdict"),
    [
        ("v=DKIM1; k=rsa; p=", "taken back", Verdict.WRONG),
        ("v=DKIM1; k=rsa; p=AAAA", "cannot be read", Verdict.WRONG),
        ("v=DKIM1; k=ed25519; t=y; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "as a test", Verdict.WARNING),
    ],
)
def test_a_dkim_key_that_does_not_hold(dns: DnsServer, site: SetUp, record: str, said: str, verdict: Verdict) -> None:
    current_app.config["DKIM_KEY"] = None
    dns.add({"s1._domainkey.example.org": {"TXT": [txt(record)]}})
    found = dkim(site)
    assert found.verdict == verdict and said in found.found


def test_no_dkim_signature_known(dns: DnsServer, site: SetUp) -> None:
    found = dkim(made(dkim_selector=None))
    assert found.verdict == Verdict.WARNING and "DKIM_SELECTOR" in found.change


def test_no_dmarc_record(dns: DnsServer, site: SetUp) -> None:
    del dns.zone["_dmarc.example.org"]
    (found,) = check_dmarc(site)
    assert found.verdict == Verdict.WRONG and "_dmarc.example.org" in found.change


@pytest.mark.parametrize(
    "records", [["v=DMARC1; p=none", "v=DMARC1; p=reject"], ["v=DMARC1; rua=mailto:a@example.org"]]
)
def test_a_dmarc_record_that_receivers_cannot_use(dns: DnsServer, site: SetUp, records: list[str]) -> None:
    dns.add({"_dmarc.example.org": {"TXT": [txt(record) for record in records]}})
    (found,) = check_dmarc(site)
    assert found.verdict == Verdict.WRONG


def test_a_sender_below_the_domain_takes_its_dmarc_record(dns: DnsServer) -> None:
    found = [*check_dmarc(made(sender="news@petitions.example.org"))]
    assert [finding.verdict for finding in found] == [Verdict.OK, Verdict.OK]


@pytest.mark.parametrize(("policy", "bounces"), [("", "bounces.example.net"), ("; aspf=s", "bounces.example.org")])
def test_an_envelope_that_is_not_aligned(dns: DnsServer, policy: str, bounces: str) -> None:
    dns.add({"_dmarc.example.org": {"TXT": [txt(f"v=DMARC1; p=reject{policy}")]}})
    _, found = check_dmarc(made(bounce_domain=bounces, dkim_selector=None))
    assert found.verdict == Verdict.WRONG and "not aligned" in found.found and "example.org" in found.change
    _, found = check_dmarc(made(bounce_domain=bounces))
    assert found.verdict == Verdict.OK and "DKIM signature alone" in found.found


def test_an_address_without_a_reverse_name(dns: DnsServer, site: SetUp) -> None:
    del dns.zone["10.2.0.192.in-addr.arpa"]
    (found,) = check_reverse_names(site)
    assert found.verdict == Verdict.WRONG and f"{OUTGOING} has no name" in found.found


def test_a_reverse_name_that_does_not_lead_back(dns: DnsServer, site: SetUp) -> None:
    dns.add({"10.2.0.192.in-addr.arpa": {"PTR": ["host-10.provider.example."]}})
    (found,) = check_reverse_names(site)
    assert found.verdict == Verdict.WRONG and "does not lead back" in found.found


def test_a_helo_that_leads_to_no_address(dns: DnsServer, site: SetUp) -> None:
    del dns.zone["petitions.example.org"]
    (found,) = check_helo(site)
    assert found.verdict == Verdict.WRONG and "petitions.example.org" in found.change


@pytest.mark.parametrize(("exchangers", "said"), [([], "No mail server"), (["0 ."], "No mail server")])
def test_bounces_that_find_no_way_back(dns: DnsServer, site: SetUp, exchangers: list[str], said: str) -> None:
    dns.add({"bounces.example.org": {"MX": exchangers}})
    (found,) = check_return_path(site)
    assert found.verdict == Verdict.WRONG and said in found.found


def test_bounces_that_go_to_where_perhaps_no_mail_server_is(dns: DnsServer, site: SetUp) -> None:
    dns.add({"bounces.example.org": {"MX": [], "A": ["192.0.2.1"]}})
    (found,) = check_return_path(site)
    assert found.verdict == Verdict.WARNING and "Add an MX record" in found.change


def test_an_address_that_is_guessed_is_only_warned_of(dns: DnsServer, site: SetUp) -> None:
    del dns.zone["10.2.0.192.in-addr.arpa"]
    (found,) = check_reverse_names(made(outgoing=()))
    assert found.verdict == Verdict.WARNING and "MAIL_OUTGOING_IPS" in found.change


def test_bounces_that_lead_to_a_host_without_address(dns: DnsServer, site: SetUp) -> None:
    dns.add({"bounces.example.org": {"MX": ["10 gone.example.org."]}})
    (found,) = check_return_path(site)
    assert found.verdict == Verdict.WRONG and "gone.example.org" in found.found


def test_an_mta_sts_policy_that_is_not_there(dns: DnsServer, site: SetUp) -> None:
    dns.add({"_mta-sts.bounces.example.org": {"TXT": [txt("v=STSv1; id=1")]}})
    (found,) = check_mta_sts(site)
    assert found.verdict == Verdict.WRONG and "cannot be read" in found.found


@pytest.mark.parametrize(
    ("mode", "pattern", "verdict"),
    [
        ("enforce", "mail.example.org", Verdict.OK),
        ("enforce", "*.example.org", Verdict.OK),
        ("enforce", "*.org", Verdict.WRONG),
        ("enforce", "mx.b.example", Verdict.WRONG),
        ("testing", "mx.b.example", Verdict.WARNING),
    ],
)
def test_an_mta_sts_policy_that_keeps_bounces_out(
    dns: DnsServer, site: SetUp, mode: str, pattern: str, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def policy(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"version: STSv1\r\nmode: {mode}\r\nmx: {pattern}\r\nmax_age: 86400\r\n".encode()]

    dns.add({"_mta-sts.bounces.example.org": {"TXT": [txt("v=STSv1; id=1")]}})
    with served(policy) as base_url:
        monkeypatch.setattr(
            names, "fetch", lambda url: fetch(url.replace("https://mta-sts.bounces.example.org", base_url))
        )
        (found,) = check_mta_sts(site)
    assert found.verdict == verdict


def test_a_resolver_that_never_answers_is_said_and_waited_for_once(
    dns: DnsServer, site: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "TRY_SECONDS", 0.05)
    monkeypatch.setattr(asking, "MAX_SECONDS", 0.1)
    monkeypatch.setattr("app.doctor.records.MAX_WAITED_SECONDS", 0.15)
    dns.silent.add("*")
    found = [finding for check in GROUPS["DNS"] for finding in check(site)]
    assert {finding.verdict for finding in found} == {Verdict.NOT_TRIED}
    assert all("DNS did not answer" in finding.found for finding in found)
    assert len(set(dns.asked)) <= 2, "once it has waited long enough, nothing more is asked"
