"""A site that is set up right, and the same with one thing wrong: `flask doctor` names that thing and nothing else."""

import json
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app import clock
from app.db import transaction
from app.doctor import clocks, names, relay, set_up
from app.email import dkim
from app.models import BACKED_UP, JobSuccess, Occasion, OutboxProgress, OutboxRow, Petition
from tests.dns_server import DnsServer, txt
from tests.doctor.conftest import OUTGOING, RIGHT, make_key
from tests.doctor.test_outside import served, through
from tests.doctor.test_relay import certified, running
from tests.factories import make_petition
from tests.mail_server import free_port

HOST = "127.0.0.1"


@dataclass
class Site:
    """A site with its DNS, its relay and its key file, to break."""

    app: Flask
    dns: DnsServer
    folder: Path
    proxies: tuple[str, ...] = ()

    def record(self, name: str, kind: str, *records: str) -> None:
        self.dns.add({name: {kind: [txt(one) for one in records] if kind == "TXT" else [*records]}})

    def settings(self, **changed: object) -> None:
        self.app.config.update(changed)

    def done(self, name: str, ago: timedelta) -> None:
        with self.app.app_context(), transaction() as session:
            session.merge(JobSuccess(name=name, at=clock.now() - ago))

    def queue(self, progress: OutboxProgress, ago: timedelta, number: int) -> None:
        """Have e-mails due or sent so long ago."""
        at = clock.now() - ago
        with self.app.app_context(), transaction() as session:
            petition = session.query(Petition).one()
            about = {"petition_id": petition.id, "occasion": Occasion.SIGNED, "priority": 0, "progress": progress}
            ended = None if progress == OutboxProgress.WAITING else at
            session.add_all([OutboxRow(**about, queued_at=at, due_at=at, ended_at=ended) for _ in range(number)])


@pytest.fixture
def site(
    app: Flask, session_dns: DnsServer, dkim_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    """A right set-up. All of it is on loopback, which is taken for elsewhere, or half of it would not matter."""
    for module in (relay, set_up, names):
        monkeypatch.setattr(module, "is_loopback", lambda host: False)
    monkeypatch.setattr(clocks, "_is_synchronised", lambda: None)
    session_dns.reset()
    session_dns.add(RIGHT)
    make_petition(app)
    (tmp_path / "dkim.pem").write_text(dkim_key)
    (tmp_path / "dkim.pem").chmod(0o600)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    broken = Site(app, session_dns, tmp_path)
    with ExitStack() as running_servers:
        port = running_servers.enter_context(running(tls_context=certified(tmp_path)))
        base_url = running_servers.enter_context(served(lambda *call: through(app, *broken.proxies)(*call)))
        broken.settings(
            DNS_RESOLVER=session_dns.address,
            DKIM_KEY=dkim_key,
            DKIM_KEY_FILE=tmp_path / "dkim.pem",
            DKIM_SELECTOR="s1",
            MAIL_DEFAULT_SENDER="petitions@example.org",
            BOUNCE_DOMAIN="bounces.example.org",
            MAIL_OUTGOING_IPS=[OUTGOING],
            BASE_URL=base_url,
            MAIL_PORT=port,
            MAIL_USE_TLS=True,
            SERVER_NAME=None,
        )
        session_dns.add({HOST: {"A": [HOST]}})  # its own name for itself
        with app.app_context():
            broken.record("s1._domainkey.example.org", "TXT", str(dkim.record_of_key()))
        broken.done("fold the ledger", timedelta(0))
        broken.done(BACKED_UP, timedelta(hours=3))
        yield broken


def findings(runner: FlaskCliRunner) -> tuple[int, dict[str, str]]:
    """Return doctor's exit status, and what it says is not in order, by what it is about."""
    told = runner.invoke(args=["doctor", "--json"])
    found = [one for one in json.loads(told.output) if one["verdict"] in {"wrong", "warning"}]
    return told.exit_code, {one["name"]: f"{one['found']} {one['change']}" for one in found}


def test_nothing_is_found_where_all_is_right(site: Site, runner: FlaskCliRunner) -> None:
    assert findings(runner) == (0, {})


SPF, DKIM, DMARC = "SPF of bounces.example.org", "DKIM of example.org", "DMARC of example.org"
TLS, LOGIN, OUTSIDE = "Encryption to the relay", "Login at the relay", "BASE_URL from outside"
WRONG: dict[str, tuple[Callable[[Site], object], str, str]] = {
    "no SPF record": (
        lambda site: site.record("bounces.example.org", "TXT", "something else"),
        SPF,
        f'"v=spf1 ip4:{OUTGOING} -all"',
    ),
    "an SPF record without the relay": (
        lambda site: site.record("bounces.example.org", "TXT", "v=spf1 ip4:198.51.100.1 -all"),
        SPF,
        f"Add `ip4:{OUTGOING}`",
    ),
    "an SPF record for everybody": (
        lambda site: site.record("bounces.example.org", "TXT", "v=spf1 +all"),
        SPF,
        "everybody in the world",
    ),
    "two SPF records": (
        lambda site: site.record("bounces.example.org", "TXT", f"v=spf1 ip4:{OUTGOING} -all", "v=spf1 mx -all"),
        SPF,
        "2 SPF records",
    ),
    "no DKIM record": (
        lambda site: site.dns.zone.pop("s1._domainkey.example.org"),
        DKIM,
        "Have one there: v=DKIM1; k=rsa; p=",
    ),
    "a DKIM record of another key": (lambda site: site.settings(DKIM_KEY=make_key()), DKIM, "not that of DKIM_KEY"),
    "no DMARC record": (
        lambda site: site.dns.zone.pop("_dmarc.example.org"),
        DMARC,
        '_dmarc.example.org: "v=DMARC1; p=none',
    ),
    "no reverse name": (
        lambda site: site.dns.zone.pop("10.2.0.192.in-addr.arpa"),
        "Reverse name",
        "Whoever gave you the address",
    ),
    "a HELO without an address": (lambda site: site.dns.zone.pop(HOST), "HELO", "A or AAAA record"),
    "no way back for bounces": (
        lambda site: site.record("bounces.example.org", "MX"),
        "Way back for bounces at bounces.example.org",
        "Add an MX record",
    ),
    "a relay without encryption": (lambda site: site.settings(MAIL_USE_TLS=False), TLS, "Set MAIL_USE_TLS=true"),
    "a relay with another certificate": (lambda site: certified(site.folder), TLS, "certificate"),
    "a login that is refused": (
        lambda site: site.settings(MAIL_USERNAME="site", MAIL_PASSWORD="wrong"),
        LOGIN,
        "MAIL_PASSWORD",
    ),
    "a sender that the relay does not know": (
        lambda site: (
            site.settings(BOUNCE_DOMAIN=None) or site.record("example.org", "TXT", f"v=spf1 ip4:{OUTGOING} -all")
        ),
        "Sender at the relay",
        "Register",
    ),
    "a proxy that nobody trusts": (
        lambda site: setattr(site, "proxies", ("sets",)),
        "Proxies in front",
        "Set TRUSTED_PROXIES=1",
    ),
    "a site that is not reached": (
        lambda site: site.settings(BASE_URL=f"http://{HOST}:{free_port()}"),
        OUTSIDE,
        "cannot be reached",
    ),
    "no worker": (lambda site: site.done("fold the ledger", timedelta(hours=1)), "Worker", "countersign-worker"),
    "an old outbox": (
        lambda site: site.queue(OutboxProgress.WAITING, timedelta(hours=1), 1),
        "Outbox",
        "due for 60 minutes",
    ),
    "a relay that delivers nothing": (
        lambda site: site.queue(OutboxProgress.SENT, timedelta(hours=5), 30),
        "Do e-mails arrive",
        "more than 30 e-mails",
    ),
    "an old backup": (lambda site: site.done(BACKED_UP, timedelta(days=9)), "Backups", "9 days old"),
    "a key that others may read": (
        lambda site: (site.folder / "dkim.pem").chmod(stat.S_IRUSR | stat.S_IROTH),
        "Who may read the keys",
        "chmod go-rwx",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_doctor_names_what_is_wrong_and_nothing_else(site: Site, runner: FlaskCliRunner, what: str) -> None:
    break_it, name, said = WRONG[what]
    break_it(site)
    status, found = findings(runner)
    assert status == 2
    assert found.keys() == {name}
    assert said in found[name]


def test_a_clock_that_is_off_is_named(site: Site, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(minutes=2))  # the server of BASE_URL has the right time
    status, found = findings(runner)
    assert status == 2 and found.keys() == {"Clock"}
    assert "ahead of" in found["Clock"] and "NTP" in found["Clock"]
