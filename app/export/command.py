"""The command that hands over a petition's verified list."""

from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from app.export import cli_files, list_stream
from app.export.handover import UnfinishedDelivery, begin_handover
from app.export.rows import Choice
from app.models import AlteredPetition, Format, Petition, State
from app.petitions.page import find_edition
from app.web import countries

LISTS = [kind.value for kind in Format]
STATES = [one.value for one in State]


@click.command("export")
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
@with_appcontext
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
