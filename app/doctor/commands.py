"""`flask doctor`, what is wrong with the set-up; `flask mail test`, how e-mails arrive."""

import json
import mailbox
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import click
from flask.cli import AppGroup, with_appcontext

from app.doctor.arrived import check_arrived
from app.doctor.finding import Finding, Verdict, command, exit_status, not_tried, ok, worst_first, wrong
from app.doctor.one_of_each import one_of_each, plain_test, send_one, send_to_ourselves
from app.doctor.run import examine
from app.doctor.set_up import SetUp, set_up
from app.email import smtp
from app.email.address import NotAnAddress, deliverable
from app.email.letter import Letter

_MARKS = {Verdict.OK: "ok", Verdict.WARNING: "WARNING", Verdict.WRONG: "WRONG", Verdict.NOT_TRIED: "not tried"}
_TEST = "Test e-mail"
ARRIVES_WITHIN_SECONDS = 60
MAX_MESSAGE_BYTES = 10 * 1024 * 1024

mail_group = AppGroup("mail", help="E-mails: try how they arrive.")


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--mailbox", "address", help="Send a test e-mail there as well.")
@click.option(
    "--maildir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The mailbox's folder (Maildir) on this machine, to look at the test e-mail as it arrives.",
)
@click.option(
    "--message", type=click.File("rb"), help="Look at this e-mail, saved as it arrived; - for standard input."
)
@with_appcontext
def doctor(as_json: bool, address: str | None, maildir: Path | None, message: BinaryIO | None) -> None:
    """Look at DNS, relay, keys, proxies, worker and backups; end with 0 if all is right, 1 on warnings, 2 if not."""
    if maildir and not address:
        raise click.UsageError("--maildir goes with --mailbox: whose folder is it?")
    recipient = _recipient(address) if address else None
    findings = examine()
    if recipient:
        findings += _try_out(recipient, maildir)
    if message:
        findings += check_arrived(message.read(MAX_MESSAGE_BYTES), set_up())
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings], indent=2))
    else:
        tell(findings)
    raise SystemExit(exit_status(findings))


@mail_group.command("test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send one e-mail of each kind to ADDRESS at once; their links do nothing. End with 1 if any is refused."""
    recipient, connection = _recipient(address), smtp.SmtpConnection()
    said = {}
    try:
        for kind, letter in one_of_each(recipient):
            said[kind] = send_one(connection, letter)
            click.echo(f"{kind}\t{said[kind]}")
    except smtp.NoConnection as error:
        raise click.ClickException(f"{error}. {command('doctor')} looks for the cause") from error
    finally:
        connection.close()
    if "confirm" not in said:
        click.echo("Those about a petition were left out: none is open.", err=True)
    if any(words != "taken" for words in said.values()):
        cause = "looks for the cause; 'Mail is not going out' in docs/operations.md says what answers mean."
        click.echo(f"{command('doctor')} {cause}", err=True)
        raise SystemExit(1)


def _recipient(address: str) -> str:
    try:
        return deliverable(address)
    except NotAnAddress as error:
        raise click.ClickException(f"{address} is not a complete e-mail address") from error


def _try_out(recipient: str, maildir: Path | None) -> Iterator[Finding]:
    letter, site = plain_test(recipient), set_up()
    if not site.relay:
        yield ok(_TEST, "No MAIL_SERVER is set: it went to a catcher of our own, on this machine.")
        yield from check_arrived(send_to_ourselves(letter), site)
        return
    connection = smtp.SmtpConnection()
    try:
        said = send_one(connection, letter)
    except smtp.NoConnection as error:
        said = str(error)
    finally:
        connection.close()
    if said != "taken":
        yield wrong(_TEST, f"The relay does not take it: {said}.", "See the findings on the relay above.")
        return
    yield ok(_TEST, "The relay has taken it.")
    if maildir:
        yield from _look_at_arrived(letter, maildir, site)
    else:
        yield not_tried(
            f"{_TEST}, arrived",
            "Whether it arrives, only the mailbox shows.",
            f"Look there, also among spam; save its source into a file, and run {command('doctor --message FILE')}.",
        )


def _look_at_arrived(letter: Letter, maildir: Path, site: SetUp) -> Iterator[Finding]:
    until = time.monotonic() + ARRIVES_WITHIN_SECONDS
    while (raw := _find(maildir, letter.message_id)) is None and time.monotonic() < until:
        time.sleep(0.5)
    if raw is None:
        yield wrong(
            f"{_TEST}, arrived",
            f"The relay took it, and it was not in {maildir} within {ARRIVES_WITHIN_SECONDS} seconds.",
            "Look into the relay's queue and log: it may deliver late, elsewhere, or nothing at all.",
        )
    else:
        yield ok(f"{_TEST}, arrived", "It is there.")
        yield from check_arrived(raw, site)


def _find(maildir: Path, message_id: str) -> bytes | None:
    """Return the e-mail with this Message-ID in a Maildir, which is left as it is."""
    folder = mailbox.Maildir(maildir, create=False)
    for key in folder.iterkeys():
        raw = folder.get_bytes(key)
        if message_id.encode() in raw[:MAX_MESSAGE_BYTES]:
            return raw
    return None


def tell(findings: Sequence[Finding]) -> None:
    """Print the findings, the worst first, and how many there are of each verdict."""
    for finding in worst_first(findings):
        click.echo(f"{_MARKS[finding.verdict]:9}  {finding.name}: {finding.found}")
        if finding.change:
            click.echo(f"{'':9}  -> {finding.change}")
    numbers = {verdict: sum(finding.verdict == verdict for finding in findings) for verdict in Verdict}
    click.echo(", ".join(_counted(number, verdict) for verdict, number in numbers.items() if number))


def _counted(number: int, verdict: Verdict) -> str:
    return f"{number} warnings" if verdict == Verdict.WARNING and number > 1 else f"{number} {verdict}"
