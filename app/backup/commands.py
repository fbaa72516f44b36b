"""The commands that back up and restore, and those for the letters that a restore holds."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from app.backup import held_letters, restore
from app.backup.back_up import back_up
from app.backup.done import note_backup
from app.backup.files import BackupError, on_one_disk
from config import ConfigError

A_FOLDER = click.Path(file_okay=False, path_type=Path)
A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@contextmanager
def _errors_in_words() -> Iterator[None]:
    try:
        yield
    except (BackupError, ConfigError, OSError, sqlite3.Error) as error:
        raise click.ClickException(str(error)) from error
    except SQLAlchemyError as error:
        raise click.ClickException(f"the database said: {getattr(error, 'orig', error)}") from error


@click.command("backup")
@click.argument("folder", type=A_FOLDER, required=False)
@click.option("--keys", type=A_FOLDER, help="The folder for the keys, best on a disk that is put away.")
@click.option("--made-otherwise", is_flag=True, help="Make none: note for `doctor` that one was made in another way.")
@with_appcontext
def backup_command(folder: Path | None, keys: Path | None, made_otherwise: bool) -> None:
    """Write what is kept into FOLDER and the keys into another one, while the site runs."""
    if made_otherwise:
        note_backup()
        return
    if folder is None:
        raise click.UsageError("name the folder that the backup goes to")
    if keys is None:
        raise click.UsageError(
            "say with --keys where the keys go. In one place with the data, whoever gets hold of it reads everything."
        )
    with _errors_in_words():
        click.echo(back_up(folder, keys))
        try:
            note_backup()
        except SQLAlchemyError:  # as in a database of an older version: the backup is whole all the same
            click.echo("It could not be noted when it was made, so `doctor` does not know of it.", err=True)
        if on_one_disk(folder, keys):
            click.echo(f"Both folders are on one disk: move {keys} away from it.", err=True)


@click.command("restore")
@click.argument("manifest", type=A_FILE, required=False)
@click.option("--loaded", is_flag=True, help="The database is back already: do what is to be done after that.")
@click.option("--erasures", type=A_FOLDER, multiple=True, help="A folder with a journal of erasures; may be repeated.")
@with_appcontext
def restore_command(manifest: Path | None, loaded: bool, erasures: tuple[Path, ...]) -> None:
    """Put the backup with this MANIFEST (a .json file) into an empty database, without what was taken back since."""
    if loaded == bool(manifest):
        raise click.UsageError("name the manifest of a backup, or --loaded if the database is back already")
    journals = erasures or (restore.default_journal(),)
    with _errors_in_words():
        if manifest:
            restore.restore(manifest, journals, click.echo)
        else:
            restore.settle(journals, click.echo)
    click.echo("Done. Start the site and its worker.")


@click.command("release")
@with_appcontext
def release() -> None:
    """Let the letters go out that a restore has held."""
    click.echo(f"{held_letters.release_letters()} released")


@click.command("discard")
@with_appcontext
def discard() -> None:
    """End the letters that a restore has held, as they went out before it; links in them work for a week."""
    click.echo(f"{held_letters.discard_letters()} discarded")
