"""The commands about what came back."""

import os
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app import clock, logs
from app.bounces.read import read_stream, take_all
from app.db import is_away
from app.outbox.bounced import forget_since

bounces_group = AppGroup("bounces", help="E-mails that came back: read them.")


@bounces_group.command("read")
@click.argument("recipients", nargs=-1)
@click.option("--maildir", type=click.Path(path_type=Path), help="Read what is new in this Maildir.")
@click.option("--imap", "by_imap", is_flag=True, help="Read what is unread in the mailbox of BOUNCE_IMAP_URL.")
def read(recipients: tuple[str, ...], maildir: Path | None, by_imap: bool) -> None:
    """Read e-mails that came back: one from standard input, as a mail server's pipe gives it, or all in a mailbox.

    RECIPIENTS are those of the envelope, if the mail server tells them. Ends with 0 also for what is not ours, and with
    75 (EX_TEMPFAIL of sysexits.h) when it is to be tried again.
    """
    imap_url = current_app.config["BOUNCE_IMAP_URL"]
    if by_imap and not imap_url:
        raise click.UsageError("set BOUNCE_IMAP_URL to read by IMAP: imaps://user:password@imap.example.org/INBOX")
    try:
        if maildir or by_imap:
            taken, trouble = take_all(maildir, imap_url if by_imap else None)
        else:
            taken, trouble = Counter([read_stream(sys.stdin.buffer, recipients)]), ""
    except Exception as error:  # noqa: BLE001 - a mail server would throw the message away on any other exit status
        words = "the database is away" if is_away(error) else f"a fault of our own: {logs.describe_error(error)}"
        click.echo(f"{words}; to be tried again", err=True)
        raise SystemExit(os.EX_TEMPFAIL) from None
    for outcome, number in sorted(taken.items()):
        click.echo(f"{number} {outcome}")
    if trouble:
        click.echo(trouble, err=True)
        raise SystemExit(os.EX_TEMPFAIL)


@bounces_group.command("forget")
@click.option("--hours", type=click.IntRange(1, 24 * 30), required=True, help="For how long it went wrong.")
def forget(hours: int) -> None:
    """Write again to the mailboxes that were said not to be there in the last HOURS, when a mail server was wrong."""
    click.echo(f"{forget_since(clock.now() - timedelta(hours=hours))} mailboxes get e-mails again")
