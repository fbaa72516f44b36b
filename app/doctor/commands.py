"""`flask doctor`: what is wrong with the set-up, in words for the operator."""

import json
from collections.abc import Sequence

import click
from flask.cli import with_appcontext

from app.doctor.finding import Finding, Verdict, exit_status
from app.doctor.run import examine

_MARKS = {Verdict.OK: "ok", Verdict.WARNING: "WARNING", Verdict.WRONG: "WRONG", Verdict.NOT_TRIED: "not tried"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Look at DNS, relay, keys, proxies, worker and backups; end with 0 if all is right, 1 on warnings, 2 if not."""
    findings = examine()
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings], indent=2))
    else:
        _tell(findings)
    raise SystemExit(exit_status(findings))


def _tell(findings: Sequence[Finding]) -> None:
    for finding in findings:
        click.echo(f"{_MARKS[finding.verdict]:9}  {finding.name}: {finding.found}")
        if finding.change:
            click.echo(f"{'':9}  -> {finding.change}")
    numbers = {verdict: sum(finding.verdict == verdict for finding in findings) for verdict in Verdict}
    click.echo(", ".join(f"{number} {verdict}" for verdict, number in numbers.items() if number))
