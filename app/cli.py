"""The commands, one call each."""

from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app import clock, jobs, serve, worker
from app.backup import commands as backup
from app.bounces.commands import bounces_group
from app.data_keys.rotate import Unfinished, rotate
from app.db import db
from app.doctor.commands import doctor, mail_group
from app.email import smtp
from app.email.address import NotAnAddress
from app.export.command import export_list
from app.ledger.audit import audit, repair
from app.models import AlteredAccount, AlteredPetition, Petition, Role
from app.organisers import accounts
from app.organisers.members import LastOwner
from app.outbox.returned import number_returned
from app.outbox.status import retry, status
from app.outbox.waits import describe_wait
from app.petition_files.importing import BadPetitionFile, import_file
from app.petitions.page import newest_titles, progress_of
from app.signers.allow import allow_emails

petition_group = AppGroup("petition", help="Petitions: bring one in, list them.")
outbox_group = AppGroup("outbox", help="E-mails: send them, look at the queue.")
count_group = AppGroup("count", help="The verified count: prove it.")
signatures_group = AppGroup("signatures", help="Signatures: hand over the verified list, upkeep.")
organiser_group = AppGroup("organiser", help="Organisers: invite them.")
data_keys_group = AppGroup("data-keys", help="Data keys: put a new one in the place of an old one.")
GROUPS = (petition_group, outbox_group, count_group, signatures_group, organiser_group, data_keys_group, mail_group)


def init_app(app: Flask) -> None:
    """Add the commands to the app."""
    for command in (*GROUPS, bounces_group, serve_all, doctor, backup.backup_command, backup.restore_command):
        app.cli.add_command(command)
    for command in (backup.release, backup.discard):
        outbox_group.add_command(command)
    signatures_group.add_command(export_list)


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
    is_there = Petition.deleted_at.is_(None)
    petitions = db.session.scalars(select(Petition).where(is_there).order_by(Petition.slug)).all()
    now, titles, counts = clock.now(), newest_titles(petitions), progress_of(petitions)
    for one in petitions:
        click.echo(f"{one.slug}\t{one.standing(now)}\t{counts[one.id].verified}\t{titles[one.id]}")


@outbox_group.command("work")
@click.option("--once", is_flag=True, help="Send what is due now, then end.")
def work(once: bool) -> None:
    """Send e-mails until stopped."""
    if once:
        try:
            click.echo(f"{worker.work_once()} taken in hand")
        except smtp.NoConnection as error:
            raise click.ClickException(f"e-mails wait: {error}") from error
    else:
        worker.Worker().run()


@outbox_group.command("status")
def show_status() -> None:
    """Show how many e-mails wait, went out, failed or were not to be said, and what mail servers answered."""
    now = status()
    if now.numbers:
        click.echo("why\thow far\thow many")
    for (occasion, progress_word), number in sorted(now.numbers.items()):
        click.echo(f"{occasion}\t{progress_word}\t{number}")
    if not now.numbers:
        click.echo("The outbox is empty.")
    if now.oldest_waiting and now.next_due:
        since, due = clock.iso(now.oldest_waiting), clock.iso(now.next_due)
        click.echo(f"in hand: {now.in_hand}; oldest waiting since {since}; next due {due}")
    if now.slow_lane and now.slow_lane_ends:
        click.echo(f"slow lane: {now.slow_lane} without a proof of work; last due {clock.iso(now.slow_lane_ends)}")
    if now.paused_news:
        click.echo(f"{now.paused_news} of news wait until an owner goes on with what is paused, or cancels it")
    for wait in now.waits:
        click.echo(describe_wait(wait))
    for kind, number in sorted(number_returned().items()):
        click.echo(f"came back\t{kind}\t{number}")
    for trouble in now.troubles:
        click.echo(f"{trouble.number} {trouble.progress}: {trouble.reply}")


@outbox_group.command("retry")
def retry_letters() -> None:
    """Try e-mails that failed or wait for another try again now."""
    click.echo(f"{retry()} due now")


@outbox_group.command("allow")
@click.argument("address")
def allow_letters(address: str) -> None:
    """Let e-mails go again to an address that asked for no more, or said that it was not them, by its own wish."""
    try:
        had_stopped = allow_emails(address)
    except NotAnAddress as error:
        raise click.ClickException("this is not a complete e-mail address") from error
    click.echo("e-mails go to this address again" if had_stopped else "this address had stopped no e-mails")


@count_group.command("audit")
@click.option("--repair", "mend", is_flag=True, help="Append what the ledger lacks and recompute; edit nothing.")
def audit_counts(mend: bool) -> None:
    """Compare every petition's count with its ledger and its rows; end with 1 if any differs."""
    sound = True
    is_there = Petition.deleted_at.is_(None)
    for petition in db.session.scalars(select(Petition).where(is_there).order_by(Petition.slug)).all():
        found = audit(petition)
        if mend and not found.sound:
            click.echo(f"{found.slug}: repairing, shown {found.shown}, verified rows {found.verified_rows}")
            repair(petition)
            found = audit(petition)
        sound = sound and found.sound
        click.echo(f"{found.slug}: {'sound' if found.sound else 'DIFFERS'}: {found.in_words()}")
        for what in found.alterations():
            click.echo(f"{found.slug}: ALTERED in the database: {what}")
    if not sound:
        raise SystemExit(1)


@signatures_group.command("purge")
def purge_now() -> None:
    """Delete what expired, and erase who signed petitions that closed as long ago as their signers were told."""
    done = jobs.run_all(jobs.RETENTION)
    for name, number in done.items():
        click.echo(f"{name}: {'FAILED, see the log' if number is None else number}")
    if None in done.values():
        raise SystemExit(1)


@organiser_group.command("invite")
@click.argument("email")
@click.option("--petition", "slug", help="The petition to work on.")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="What to be to that petition.")
@click.option("--administrator", is_flag=True, help="Make it an administrator of the site.")
def invite(email: str, slug: str | None, role: str | None, administrator: bool) -> None:
    """Invite the person at EMAIL by e-mail; who has an account already is given the role at once."""
    if bool(slug) != bool(role):
        raise click.UsageError("--petition and --role go together: what shall this person be to which petition?")
    petition = db.session.scalars(select(Petition).where(Petition.slug == slug)).one_or_none() if slug else None
    if slug and petition is None:
        raise click.ClickException(f"there is no petition {slug}: see `flask petition list`")
    try:
        has_joined = accounts.invite(email, petition, Role(role) if role else None, administrator=administrator)
    except NotAnAddress:
        raise click.ClickException(f"{email} is not a complete e-mail address") from None
    except LastOwner:
        raise click.ClickException("this is the petition's last owner: invite another owner first") from None
    except AlteredPetition as error:
        raise click.ClickException(f"{error}: see `count audit`") from None
    except AlteredAccount as error:
        raise click.ClickException(f"{error}. End it at /organise/people/{error.public_id.hex()} first") from None
    if has_joined:
        click.echo("this person has joined already, and is told by e-mail of a new role")
    else:
        click.echo("an e-mail is on its way; the link in it works for 7 days")


@data_keys_group.command("rotate")
def rotate_keys() -> None:
    """Seal anew what older data keys sealed, while the site runs; it can be stopped and run again."""
    try:
        rotate(click.echo)
    except Unfinished as error:
        raise click.ClickException(str(error)) from error
