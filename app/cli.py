"""The commands, one call each."""

from datetime import datetime
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app import clock, jobs, serve, worker
from app.data_keys.rotate import Unfinished, rotate
from app.db import db
from app.email import smtp
from app.email.address import NotAnAddress
from app.export import cli_files, list_stream
from app.export.handover import UnfinishedDelivery, begin_handover
from app.export.rows import Choice
from app.ledger.audit import audit, repair
from app.models import AlteredAccount, AlteredPetition, Format, Petition, Role, State
from app.organisers import accounts
from app.organisers.members import LastOwner
from app.outbox.status import retry, status
from app.petition_files.importing import BadPetitionFile, import_file
from app.petitions.page import find_edition, newest_titles, progress_of
from app.signers.allow import allow_emails
from app.web import countries

petition_group = AppGroup("petition", help="Petitions: bring one in, list them.")
outbox_group = AppGroup("outbox", help="Letters: send them, look at the queue.")
count_group = AppGroup("count", help="The verified count: prove it.")
signatures_group = AppGroup("signatures", help="Signatures: hand over the verified list, upkeep.")
organiser_group = AppGroup("organiser", help="Organisers: invite them.")
data_keys_group = AppGroup("data-keys", help="Data keys: put a new one in the place of an old one.")
GROUPS = (petition_group, outbox_group, count_group, signatures_group, organiser_group, data_keys_group)
LISTS = [kind.value for kind in Format]
STATES = [one.value for one in State]


def init_app(app: Flask) -> None:
    """Add the commands to the app."""
    for command in (*GROUPS, serve_all):
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
    petitions = db.session.scalars(select(Petition).order_by(Petition.slug)).all()
    now, titles, counts = clock.now(), newest_titles(petitions), progress_of(petitions)
    for one in petitions:
        click.echo(f"{one.slug}\t{one.standing(now)}\t{counts[one.id].verified}\t{titles[one.id]}")


@outbox_group.command("work")
@click.option("--once", is_flag=True, help="Send what is due now, then end.")
def work(once: bool) -> None:
    """Send letters until stopped."""
    if once:
        try:
            click.echo(f"{worker.work_once()} taken in hand")
        except smtp.NoConnection as error:
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
        since, due = clock.iso(now.oldest_waiting), clock.iso(now.next_due)
        click.echo(f"in hand: {now.in_hand}; oldest waiting since {since}; next due {due}")
    if now.slow_lane and now.slow_lane_ends:
        click.echo(f"slow lane: {now.slow_lane} without a proof of work; last due {clock.iso(now.slow_lane_ends)}")
    for trouble in now.troubles:
        click.echo(f"{trouble.number} {trouble.progress}: {trouble.reply}")


@outbox_group.command("retry")
def retry_letters() -> None:
    """Try letters that failed or wait for another try again now."""
    click.echo(f"{retry()} due now")


@outbox_group.command("allow")
@click.argument("address")
def allow_letters(address: str) -> None:
    """Let letters go again to a mailbox that asked for no more, or said that it was not them, by its own wish."""
    try:
        had_stopped = allow_emails(address)
    except NotAnAddress as error:
        raise click.ClickException("this is not a complete e-mail address") from error
    click.echo("letters go to this mailbox again" if had_stopped else "this mailbox had stopped no letters")


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


@signatures_group.command("export")
@click.argument("slug")
@click.option("--format", "kind", type=click.Choice(LISTS), default="csv", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; it is there once whole.")
@click.option("--for-addressee", is_flag=True, help="Who signed for organisers only is a number.")
@click.option("--country", multiple=True, help="Only this country, such as SE; may be given again.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only verified on this day (UTC) or later.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Only verified on this day (UTC) or earlier.")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Other states than verified; may be repeated.")
@click.option("--excel", is_flag=True, help="CSV that Excel opens right in every script and country.")
@click.option("--with-email", is_flag=True, help="Add the addresses of those who agreed to updates.")
@click.option("--to", "recipient", default="", help="Who gets the list: it is recorded.")
def export_list(
    slug: str,
    kind: str,
    output: Path | None,
    for_addressee: bool,
    country: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    state: tuple[str, ...],
    excel: bool,
    with_email: bool,
    recipient: str,
) -> None:
    """Write the petition's verified list, with names, to a FILE that only you can read, or to standard output."""
    try:
        edition = find_edition(slug)
    except AlteredPetition as error:
        raise click.ClickException(f"{error}: see `count audit`") from None
    if edition is None:
        raise click.ClickException(f"there is no petition {slug}; `petition list` shows which there are")
    if excel and kind != "csv":
        raise click.ClickException("--excel is a way to write CSV: leave it out, or use --format csv")
    unknown = set(country) - countries.CODES
    if unknown:
        raise click.ClickException(f"{', '.join(sorted(unknown))}: no country's code (ISO 3166-1) such as SE")
    try:
        choice = Choice(
            states=frozenset(map(State, state or (State.VERIFIED,))),
            countries=frozenset(country),
            since=since.date() if since else None,
            until=until.date() if until else None,
            for_addressee=for_addressee,
            with_email=with_email,
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if kind == Format.PDF:
        _export_pdf(edition.petition, choice, recipient, output)
        return
    begun = begin_handover(edition.petition, None, Format(kind), choice, recipient)
    cli_files.write_file(list_stream.stream_list(edition, begun, for_excel=excel), output)


def _export_pdf(petition: Petition, choice: Choice, recipient: str, output: Path | None) -> None:
    if choice.with_email or choice.with_state:
        raise click.ClickException("addresses and other states are not in a PDF: use --format csv, xlsx or json")
    if output is None:
        raise click.ClickException("a PDF may be several files: name the first one with -o, such as -o list.pdf")
    try:
        for path in cli_files.write_pdf(begin_handover(petition, None, Format.PDF, choice, recipient), output):
            click.echo(path)
    except UnfinishedDelivery as error:
        raise click.ClickException("another PDF of this petition is being made: try again once it is ready") from error
    except cli_files.DeliveryFailed as error:
        raise click.ClickException("the PDF could not be made, or the list changed meanwhile: try again") from error


@organiser_group.command("invite")
@click.argument("email")
@click.option("--petition", "slug", help="The petition to work on.")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="What to be to that petition.")
@click.option("--administrator", is_flag=True, help="Make it an administrator of the site.")
def invite(email: str, slug: str | None, role: str | None, administrator: bool) -> None:
    """Invite the person at EMAIL by letter; who has an account already is given the role at once."""
    if bool(slug) != bool(role):
        raise click.UsageError("--petition and --role go together: what shall this person be to which petition?")
    petition = db.session.scalars(select(Petition).where(Petition.slug == slug)).one_or_none() if slug else None
    if slug and petition is None:
        raise click.ClickException(f"there is no petition {slug}: see `flask petition list`")
    try:
        accounts.invite(email, petition, Role(role) if role else None, administrator=administrator)
    except NotAnAddress:
        raise click.ClickException(f"{email} is not a complete e-mail address") from None
    except LastOwner:
        raise click.ClickException("this is the petition's last owner: invite another owner first") from None
    except AlteredPetition as error:
        raise click.ClickException(f"{error}: see `count audit`") from None
    except AlteredAccount as error:
        raise click.ClickException(f"{error}. End it at /organise/people/{error.public_id.hex()} first") from None
    click.echo("a letter is on its way; the link in it works for 7 days")


@data_keys_group.command("rotate")
def rotate_keys() -> None:
    """Seal anew what older data keys sealed, while the site runs; it can be stopped and run again."""
    try:
        rotate(click.echo)
    except Unfinished as error:
        raise click.ClickException(str(error)) from error
