"""The commands, one call each."""

from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app import clock, mail, serve, worker
from app.counting.audit import audit, repair
from app.db import db
from app.models import Petition
from app.outbox.status import retry, status
from app.petitions.importing import BadPetitionFile, import_file
from app.petitions.page import newest_title, progress
from app.signing.purge import purge

petition_group = AppGroup("petition", help="Petitions: bring one in, list them.")
outbox_group = AppGroup("outbox", help="Letters: send them, look at the queue.")
count_group = AppGroup("count", help="The verified count: prove it.")
signatures_group = AppGroup("signatures", help="Signatures: upkeep.")


def init_app(app: Flask) -> None:
    """Add the commands to the app."""
    for command in (petition_group, outbox_group, count_group, signatures_group, serve_all):
        app.cli.add_command(command)


@click.command("serve")
@click.option("--example", type=click.Path(exists=True, path_type=Path), help="A petition file to load if it is new.")
@with_appcontext
def serve_all(example: Path | None) -> None:
    """Migrate, then serve the site, the mail worker and, without MAIL_SERVER, the mail catcher, until Ctrl-C."""
    raise SystemExit(serve.serve(example))


@petition_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_petition(file: Path) -> None:
    """Bring in a petition FILE and open it, or bring in the next version of its text."""
    try:
        imported = import_file(file)
    except BadPetitionFile as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{imported.slug}: {imported.outcome}")


@petition_group.command("list")
def list_petitions() -> None:
    """List all petitions: slug, state, verified count."""
    for petition in db.session.scalars(select(Petition).order_by(Petition.slug)):
        state, title = petition.standing(clock.now()), newest_title(petition)
        click.echo(f"{petition.slug}\t{state}\t{progress(petition).verified}\t{title}")


@outbox_group.command("work")
@click.option("--once", is_flag=True, help="Send what is due now, then end.")
def work(once: bool) -> None:
    """Send letters until stopped."""
    if once:
        try:
            click.echo(f"{worker.work_once()} taken in hand")
        except mail.NoConnection as error:
            raise click.ClickException(f"letters wait: {error}") from error
    else:
        worker.Worker().run()


@outbox_group.command("status")
def show_status() -> None:
    """Show how many letters wait, went out, failed or were not to be said, and what mail servers answered."""
    now = status()
    for (occasion, progress_word), number in sorted(now.numbers.items()):
        click.echo(f"{occasion}\t{progress_word}\t{number}")
    if not now.numbers:
        click.echo("The outbox is empty.")
    if now.oldest_waiting and now.next_due:
        click.echo(f"in hand: {now.in_hand}; oldest waiting since {clock.iso(now.oldest_waiting)}", nl=False)
        click.echo(f"; next due {clock.iso(now.next_due)}")
    for trouble in now.troubles:
        click.echo(f"{trouble.number} {trouble.progress}: {trouble.reply}")


@outbox_group.command("retry")
def retry_letters() -> None:
    """Try letters that failed or wait for another try again now."""
    click.echo(f"{retry()} due now")


@count_group.command("audit")
@click.option("--repair", "mend", is_flag=True, help="Append what the ledger lacks and recompute; edit nothing.")
def audit_counts(mend: bool) -> None:
    """Compare every petition's count with its ledger and its rows; end with 1 if any differs."""
    sound = True
    for petition in db.session.scalars(select(Petition).order_by(Petition.slug)).all():
        found = audit(petition)
        if mend and not found.sound:
            click.echo(f"{found.slug}: repairing, shown {found.shown}, verified rows {found.verified_rows}")
            repair(petition)
            found = audit(petition)
        sound = sound and found.sound
        click.echo(
            f"{found.slug}: {'sound' if found.sound else 'DIFFERS'}: shown {found.shown},"
            f" verified rows {found.verified_rows}, tally {found.base}, folded rows {found.folded_sum},"
            f" signatures astray {found.astray}"
        )
    if not sound:
        raise SystemExit(1)


@signatures_group.command("purge")
def purge_now() -> None:
    """Delete pending signatures whose link has expired, and letters that ended a week ago."""
    unconfirmed, ended = purge()
    click.echo(f"{unconfirmed} unconfirmed signatures and {ended} ended letters deleted")
