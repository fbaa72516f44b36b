"""Import a petition file, in one transaction. Importing the same file again changes nothing."""

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from app import clock
from app.audit.log import record
from app.db import db, transaction
from app.models import Act, Petition
from app.petition_files.file import BadPetitionFile, read_petition_file
from app.petition_files.saving import create_draft, lock_petition_by_slug, update_from_file

__all__ = ["BadPetitionFile", "import_file", "import_if_new"]


class Outcome(StrEnum):
    """What importing a file did."""

    OPENED = "opened"
    NEW_TEXT = "a new version of the text"
    UPDATED = "updated"
    UNCHANGED = "nothing new"


class Imported(NamedTuple):
    """The slug of the petition in a file, and what importing it did."""

    slug: str
    outcome: Outcome


def import_file(path: Path) -> Imported:
    """Import the petition file at `path`, by command: open a new petition, or update the one with its slug.

    Raises BadPetitionFile, and changes nothing, if anything in the file is wrong.
    """
    file = read_petition_file(path)
    now = clock.now()
    with transaction() as session:
        if draft := create_draft(session, file, now):
            draft.opened_at = now
            record(session, Act.IMPORTED, draft.id, None)
            record(session, Act.OPENED, draft.id, None)
            return Imported(file.slug, Outcome.OPENED)
        petition = lock_petition_by_slug(session, file.slug)
        assert petition is not None
        saved = update_from_file(session, petition, file, str(path), None, now)
        if petition.opened_at is None:
            petition.opened_at = now
            record(session, Act.OPENED, petition.id, None)
            return Imported(file.slug, Outcome.OPENED)
    if saved.texts:
        return Imported(file.slug, Outcome.NEW_TEXT)
    return Imported(file.slug, Outcome.UPDATED if saved else Outcome.UNCHANGED)


def import_if_new(path: Path) -> str:
    """Import the petition file at `path` unless its petition already exists; return its slug."""
    file = read_petition_file(path)
    if db.session.scalars(select(Petition.id).where(Petition.slug == file.slug)).first() is None:
        import_file(path)
    return file.slug
