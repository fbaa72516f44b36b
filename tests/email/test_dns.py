"""DNS is asked with time-outs, of the resolver that the operator names."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import config
from app.email import dns
from app.email.dns import NoDnsAnswer, look_up
from tests.conftest import SECRETS
from tests.dns_server import DnsServer, txt


@pytest.fixture
def server(app: Flask) -> Iterator[DnsServer]:
    server = DnsServer()
    app.config["DNS_RESOLVER"] = server.address
    with app.app_context():
        yield server
    server.stop()


def found(name: str, kind: str) -> list[str] | None:
    records = look_up(name, kind)
    return None if records is None else [record.to_text() for record in records]


def test_records_come_from_the_resolver_that_is_set(server: DnsServer) -> None:
    server.add({"example.org": {"MX": ["10 mail.example.org.", "20 spare.example.org."], "TXT": [txt("v=spf1 -all")]}})
    assert sorted(found("example.org", "MX") or ()) == ["10 mail.example.org.", "20 spare.example.org."]
    assert found("example.org", "TXT") == ['"v=spf1 -all"']


def test_a_name_without_such_records_differs_from_no_name(server: DnsServer) -> None:
    server.add({"example.org": {"A": ["192.0.2.1"]}})
    assert found("example.org", "MX") == []
    assert found("nowhere.example.org", "MX") is None


@pytest.mark.parametrize("name", ["a..b", f"{'a' * 64}.example", ".".join(["abcdefghi"] * 30)])
def test_what_can_be_no_name_is_none(server: DnsServer, name: str) -> None:
    assert found(name, "MX") is None
    assert not server.asked


def test_a_resolver_that_fails_is_told_from_no_records(server: DnsServer) -> None:
    server.failing.add("example.org")
    with pytest.raises(NoDnsAnswer):
        look_up("example.org", "MX")


def test_a_resolver_that_never_answers_is_given_up(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "TRY_SECONDS", 0.1)
    monkeypatch.setattr(dns, "MAX_SECONDS", 0.3)
    server.silent.add("*")
    with pytest.raises(NoDnsAnswer):
        look_up("example.org", "MX")


@pytest.mark.parametrize(
    ("text", "resolver"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
        ("", None),
    ],
)
def test_the_resolver_is_an_address_with_or_without_port(
    tmp_path: Path, text: str, resolver: tuple[str, int] | None
) -> None:
    assert config.load({**SECRETS, "DNS_RESOLVER": text}, instance=tmp_path)["DNS_RESOLVER"] == resolver


@pytest.mark.parametrize("text", ["dns.example.org", "192.0.2.1:port", "192.0.2.1:99999", "[2001:db8::1"])
def test_a_resolver_that_is_no_address_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(config.ConfigError, match="DNS_RESOLVER is"):
        config.load({**SECRETS, "DNS_RESOLVER": text}, instance=tmp_path)
