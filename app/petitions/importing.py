"""Bring a petition file in: whole or not at all, and without effect when it says nothing new."""

import hashlib
import os
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, sealing
from app.counting.count import open_tally
from app.db import db, hold, transaction
from app.models import Petition, PetitionText, PrivacyNotice
from app.petitions.file import BadPetitionFile, PetitionFile, read

__all__ = ["BadPetitionFile", "import_file", "import_if_new"]


class Outcome(StrEnum):
    """What importing a file did."""

    OPENED = "opened"
    NEW_TEXT = "a new version of the text"
    UPDATED = "updated"
    UNCHANGED = "nothing new"


class Imported(NamedTuple):
    """Which petition a file was, and what importing it did."""

    slug: str
    outcome: Outcome


def import_file(path: Path) -> Imported:
    """Import the petition file at `path`: open a new petition, or bring an existing one up to what the file says.

    Raises BadPetitionFile, and changes nothing, if anything in the file is wrong.
    """
    file = read(path)
    now = clock.now()
    with transaction() as session:
        hold(session, hashlib.sha256(file.slug.encode()).digest())
        petition = session.scalars(select(Petition).where(Petition.slug == file.slug).with_for_update()).one_or_none()
        if petition is None:
            petition = _open(session, file, now)
            _add_text(session, petition, file, now)
            _add_notice(session, petition, file, now)
            return Imported(file.slug, Outcome.OPENED)
        if petition.language != file.language:
            raise BadPetitionFile(f"{path}: language: this petition is in {petition.language!r}, and stays so.")
        for column, value in _columns(file).items():
            if getattr(petition, column) != value:
                setattr(petition, column, value)
        changed = session.is_modified(petition)
        new_text = _add_text(session, petition, file, now)
        new_notice = _add_notice(session, petition, file, now)
    if new_text:
        return Imported(file.slug, Outcome.NEW_TEXT)
    return Imported(file.slug, Outcome.UPDATED if changed or new_notice else Outcome.UNCHANGED)


def import_if_new(path: Path) -> str:
    """Import the petition file at `path` unless its petition is here already; return its slug."""
    file = read(path)
    if db.session.scalars(select(Petition.id).where(Petition.slug == file.slug)).first() is None:
        import_file(path)
    return file.slug


def _open(session: Session, file: PetitionFile, now: datetime) -> Petition:
    public_id = os.urandom(16)
    petition = Petition(
        public_id=public_id,
        slug=file.slug,
        language=file.language,
        opened_at=now,
        mailbox_key=sealing.seal("mailbox-key", public_id, [os.urandom(32).hex()]),
        **_columns(file),
    )
    session.add(petition)
    session.flush()
    open_tally(session, petition.id, now)
    return petition


def _columns(file: PetitionFile) -> dict[str, Any]:
    after_last_day = file.closes_on and datetime.combine(file.closes_on + timedelta(days=1), time(), UTC)
    return {
        "started_by": file.started_by,
        "started_on": file.started_on,
        "goal": file.goal,
        "closes_at": after_last_day,
        "discreet": file.discreet,
        "contact": file.contact,
        "affiliation_field": file.fields["affiliation"],
        "country_field": file.fields["country"],
        "comment_field": file.fields["comment"],
        "initiators": list(file.initiators),
        "donations": list(file.donations),
        "links": list(file.links),
        "elsewhere": file.elsewhere,
    }


def _add_text(session: Session, petition: Petition, file: PetitionFile, now: datetime) -> bool:
    """Add the file's words as the next version, unless they are the newest already; tell whether they were added."""
    mine = (PetitionText.petition_id == petition.id) & (PetitionText.language == file.language)
    newest = session.scalars(select(PetitionText).where(mine).order_by(PetitionText.version.desc()).limit(1)).first()
    words = {"title": file.title, "statement": file.statement, "body": file.body}
    if newest is not None and all(getattr(newest, column) == said for column, said in words.items()):
        return False
    version = newest.version + 1 if newest else 1
    session.add(PetitionText(petition_id=petition.id, language=file.language, version=version, made_at=now, **words))
    return True


def _add_notice(session: Session, petition: Petition, file: PetitionFile, now: datetime) -> bool:
    """Add what the file tells about data as the next notice, unless it is the newest already; tell whether it was."""
    mine = PrivacyNotice.petition_id == petition.id
    newest = session.scalars(select(PrivacyNotice).where(mine).order_by(PrivacyNotice.version.desc()).limit(1)).first()
    said = {
        "controller_name": file.controller["name"],
        "controller_address": file.controller["address"],
        "controller_email": file.controller["email"],
        "addressed_to": file.addressed_to,
        "erase_after_days": file.erase_after_days,
        "more": file.privacy,
    }
    if newest is not None and newest.says() == said:
        return False
    version = newest.version + 1 if newest else 1
    session.add(PrivacyNotice(petition_id=petition.id, version=version, made_at=now, **said))
    return True
