"""Who runs the mailboxes of a domain is asked of a real DNS server, once, and within a second."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db import db
from app.email import traffic_shaping
from app.models import MailDomain
from app.outbox import find_providers as finding
from app.outbox.find_providers import Found, find_providers, key_of, takes_no_mail
from tests.dns_server import DnsServer
from tests.site import wait_until

TABLE = traffic_shaping.load(None)
pytestmark = pytest.mark.both_databases


@pytest.fixture
def dns(app: Flask) -> Iterator[DnsServer]:
    server = DnsServer()
    server.add({min(TABLE.providers["google"].domains): {"MX": ["5 gmail-smtp-in.l.google.com."]}})
    app.config["DNS_RESOLVER"] = server.address
    app.extensions.pop(finding.EXTENSION, None)
    yield server
    server.stop()
    app.extensions.pop(finding.EXTENSION, None)


def found_in_time(domains: set[str]) -> dict[str, Found]:
    """Return what is known of these domains once DNS has answered, or its time is over."""
    found: dict[str, Found] = {}

    def is_found() -> bool:
        found.update(find_providers(domains, TABLE))
        return found.keys() >= domains

    wait_until(is_found)
    return found


def test_domains_are_grouped_by_who_owns_all_their_mail_exchangers(app: Flask, dns: DnsServer) -> None:
    dns.add({"town.example": {"MX": ["20 alt.aspmx.googlemail.com.", "10 aspmx.l.google.com."]}})
    dns.add({"one.example": {"MX": ["10 mx1.hosting.example."]}, "two.example": {"MX": ["10 mx2.hosting.example."]}})
    dns.add({"alone.example": {"A": ["192.0.2.1"]}})
    with app.app_context():
        found = found_in_time({"town.example", "one.example", "two.example", "alone.example", "gmail.com"})
        assert found["town.example"] == found["gmail.com"] == Found(key_of("google"), takes_no_mail=False)
        assert found["one.example"] == found["two.example"] != found["alone.example"]
        assert not any(one.takes_no_mail for one in found.values())
    assert ("gmail.com", "MX") not in dns.asked


def test_who_names_a_providers_mail_exchanger_beside_one_of_its_own_does_not_answer_for_the_provider(
    app: Flask, dns: DnsServer
) -> None:
    dns.add({"evil.example": {"MX": ["0 nowhere.google.com.", "10 mx.evil.example."]}})
    dns.add({"evil-too.example": {"MX": ["0 nowhere.hosting.example.", "10 mx.evil-too.example."]}})
    dns.add({"one.example": {"MX": ["10 mx1.hosting.example."]}, "half.example": {"MX": ["0 .", "10 mx.google.com."]}})
    with app.app_context():
        found = found_in_time({"evil.example", "evil-too.example", "one.example", "half.example", "gmail.com"})
        assert len({one.provider_key for one in found.values()}) == 5
        assert not any(one.takes_no_mail for one in found.values())


def test_dns_is_asked_once_for_all_workers(app: Flask, dns: DnsServer) -> None:
    dns.add({"town.example": {"MX": ["10 mx.town.example."]}})
    with app.app_context():
        first = found_in_time({"town.example"})
        app.extensions.pop(finding.EXTENSION)  # as in another process
        assert find_providers({"town.example"}, TABLE) == first
        (kept,) = db.session.scalars(select(MailDomain))
    assert dns.asked.count(("town.example", "MX")) == 1
    assert b"town" not in kept.domain_key + kept.provider_key


def test_a_domain_without_mail_exchanger_and_address_or_with_a_null_mx_takes_no_mail(
    app: Flask, dns: DnsServer
) -> None:
    dns.add({"says-no.example": {"MX": ["0 ."]}, "only-text.example": {"TXT": ['"hello"']}})
    with app.app_context():
        found = found_in_time({"says-no.example", "only-text.example", "nothing.example"})
        assert {domain: one.takes_no_mail for domain, one in found.items()} == dict.fromkeys(found, True)
        assert takes_no_mail("nothing.example") and not takes_no_mail("gmail.com")


def test_a_resolver_that_denies_everything_is_not_believed(app: Flask, dns: DnsServer) -> None:
    dns.zone.clear()
    with app.app_context():
        found = found_in_time({"town.example"})
        assert not found["town.example"].takes_no_mail and not takes_no_mail("town.example")


def test_what_dns_is_asked_about_holds_up_nothing_else(app: Flask, dns: DnsServer) -> None:
    dns.silent.add("*")
    with app.app_context():
        assert find_providers({"slow.example", "gmail.com"}, TABLE).keys() == {"gmail.com"}
        assert not found_in_time({"slow.example"})["slow.example"].takes_no_mail


def test_a_resolver_that_never_answers_is_left_alone(app: Flask, dns: DnsServer) -> None:
    dns.silent.add("*")
    with app.app_context():
        found = found_in_time({f"town-{number}.example" for number in range(50)})
        assert len({one.provider_key for one in found.values()}) == 50  # each by itself
        assert not any(one.takes_no_mail for one in found.values())
        wait_until(lambda: app.extensions[finding.EXTENSION].rests_until > clock.now())
        assert find_providers({"later.example"}, TABLE).keys() == {"later.example"}
    assert ("later.example", "MX") not in dns.asked
