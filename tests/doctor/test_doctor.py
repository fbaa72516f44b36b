"""`flask doctor` as a whole: its words, its exit status, and that nothing that never answers holds it up."""

import json
import socket
import threading
from collections.abc import Iterable

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app.doctor import commands, run
from app.doctor.finding import Finding, Verdict, exit_status, not_tried, ok, warning, wrong
from app.doctor.set_up import SetUp
from app.email import dns as asking
from tests.dns_server import DnsServer


def test_the_exit_status_is_that_of_the_worst() -> None:
    assert exit_status([ok("a", "well"), not_tried("b", "unknown")]) == 0
    assert exit_status([ok("a", "well"), warning("b", "soon", "change it")]) == 1
    assert exit_status([wrong("a", "broken", "change it"), warning("b", "soon", "change it")]) == 2


def test_doctor_says_what_is_wrong_and_what_to_change(dns: DnsServer, runner: FlaskCliRunner) -> None:
    told = runner.invoke(args=["doctor"])
    assert told.exit_code == 2
    assert "WRONG      Worker: No worker has ever run: no e-mail leaves.\n" in told.output
    assert "           -> Start it: `systemctl start countersign-worker`" in told.output
    *lines, numbers = told.output.splitlines()
    verdicts = [line[:9].strip() for line in lines if not line.startswith(" ")]
    assert verdicts == sorted(verdicts, key=["WRONG", "WARNING", "not tried", "ok"].index)
    warnings = verdicts.count("WARNING")
    assert f"{warnings} warning{'s' if warnings > 1 else ''}, {verdicts.count('WRONG')} wrong" in numbers


def test_one_warning_is_none_of_several(dns: DnsServer, capsys: pytest.CaptureFixture[str]) -> None:
    for number, words in ((1, "1 warning\n"), (2, "2 warnings\n")):
        commands.tell([warning("a", "soon", "change it")] * number)
        assert capsys.readouterr().out.endswith(words)


def test_doctor_tells_programs_the_same(dns: DnsServer, runner: FlaskCliRunner) -> None:
    told = runner.invoke(args=["doctor", "--json"])
    findings = json.loads(told.output)
    assert told.exit_code == 2
    assert {"name", "verdict", "found", "change"} == set(findings[0])
    assert {finding["verdict"] for finding in findings} <= {verdict.value for verdict in Verdict}
    assert [finding for finding in findings if finding["name"] == "Worker" and finding["verdict"] == "wrong"]


def test_a_check_that_fails_by_itself_is_told_and_the_others_are_done(dns: DnsServer, app: Flask) -> None:
    def check_nothing(site: SetUp) -> Iterable[Finding]:
        raise ZeroDivisionError

    def check_something(site: SetUp) -> Iterable[Finding]:
        yield ok("Something", "It is well.")

    failed, well = run.examine({"These": (check_nothing, check_something)})
    assert failed.verdict == Verdict.NOT_TRIED and "check nothing failed" in failed.found
    assert well.name == "Something"


def test_a_check_that_never_ends_holds_up_nothing(dns: DnsServer, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MAX_SECONDS", 0.2)
    for_ever = threading.Event()

    def check_for_ever(site: SetUp) -> Iterable[Finding]:
        yield ok("First", "It is well.")
        for_ever.wait()

    first, rest = run.examine({"These": (check_for_ever,)})
    for_ever.set()
    assert first.name == "First" and rest.verdict == Verdict.NOT_TRIED and "not through" in rest.found


def test_doctor_ends_though_nothing_answers(
    dns: DnsServer, app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver, a relay and a site that take what they are sent and say nothing."""
    monkeypatch.setattr(asking, "TRY_SECONDS", 0.1)
    monkeypatch.setattr(asking, "MAX_SECONDS", 0.2)
    monkeypatch.setattr("app.doctor.set_up.is_loopback", lambda host: False)  # else DNS would not be asked
    dns.silent.add("*")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        app.config.update(MAIL_PORT=port, BASE_URL=f"http://127.0.0.1:{port}", SMTP_TIMEOUT_SECONDS=0.3)
        monkeypatch.setattr("app.doctor.fetch.SECONDS", 0.3)
        told = runner.invoke(args=["doctor"])
    assert told.exit_code == 2
    assert "DNS did not answer" in told.output
    assert "Relay: 127.0.0.1 port" in told.output and "it does not answer in time" in told.output


def test_for_a_site_on_this_machine_alone_dns_is_not_asked(dns: DnsServer, runner: FlaskCliRunner) -> None:
    told = runner.invoke(args=["doctor"])
    assert "nothing was asked" in told.output
    assert dns.asked == []
