"""Save a petition file's values in the caller's transaction, with an audit entry and a letter to the owners.

Used by imports and by organisers' forms. Texts and notices are insert-only, except for a draft's text: nobody can have
signed it, so it is replaced.
"""

import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audit.log import record
from app.db import insert
from app.ledger import ledger
from app.models import Act, AlteredPetition, Petition, PetitionText, PrivacyNotice
from app.models.petition import seal_mailbox_key
from app.petition_files.content import PetitionFile
from app.petition_files.file import BadPetitionFile
from app.petition_files.stored import as_file, columns_of, end_of_day, newest_notice, newest_texts, notice_of
from app.petition_files.tell_owners import TOLD, TRUSTED_KEYS, tell_owners
from app.petition_files.translations import without_idle_words
from app.petitions.search import search_text


@dataclass
class Saved:
    """What was changed: new text versions by language, the version of a new notice (or 0), names of columns."""

    texts: dict[str, int] = field(default_factory=dict)
    notice: int = 0
    columns: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.texts or self.notice or self.columns)


def create_draft(session: Session, file: PetitionFile, now: datetime) -> Petition | None:
    """Insert the file's petition as a draft, with texts and notice; return it, or None if the slug is taken.

    Of concurrent inserts of the same slug one succeeds. Raises AlteredPetition if the database gives back another one.
    """
    public_id = os.urandom(16)
    draft = insert(Petition).values(
        public_id=public_id,
        slug=file.slug,
        language=file.language,
        mailbox_key=seal_mailbox_key(public_id, file.slug),
        closes_at=end_of_day(file.closes_on),
        **columns_of(file),
    )
    insert_unless_taken = draft.on_conflict_do_nothing(index_elements=["slug"]).returning(Petition.id)
    petition_id: int | None = session.execute(insert_unless_taken).scalar_one_or_none()
    if petition_id is None:
        return None
    petition = session.get_one(Petition, petition_id)
    if petition.public_id != public_id:  # by a trigger, say: nobody is to be given a role in that one
        raise AlteredPetition(public_id)
    ledger.open_tally(session, petition_id, now)
    session.flush()
    _add_texts(session, petition_id, file, now)
    session.add(PrivacyNotice(petition_id=petition_id, version=1, made_at=now, **notice_of(file)))
    session.flush()
    return petition


def lock_petition_by_slug(session: Session, slug: str) -> Petition | None:
    """Return the petition, its row locked (FOR NO KEY UPDATE) until the transaction ends; None if unknown."""
    query = select(Petition).where(Petition.slug == slug).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def update_from_file(
    session: Session, petition: Petition, file: PetitionFile, name: str, organiser_id: int | None, now: datetime
) -> Saved:
    """Update a petition that the caller has locked to the values of a file called `name`.

    Raises BadPetitionFile for a file in another language, for one that would reopen a petition whose signers were
    erased, and for one that would close an opened petition in the past: its signers would be erased too early.
    """
    if petition.erased_at is not None and file.closes_on != petition.last_day:
        words = _("closes_on: who signed it has been erased, as was promised, so this petition stays closed.")
        raise BadPetitionFile(f"{name}: {words}")
    closes_at = end_of_day(file.closes_on)
    if petition.opened_at and file.closes_on != petition.last_day and closes_at is not None and closes_at <= now:
        words = _("closes_on: this day is over. To end signing now, close the petition; it counts from then.")
        raise BadPetitionFile(f"{name}: {words}")
    before = as_file(session, petition)
    return save_petition(
        session, petition, before, merge_translations(before, file, name), Act.IMPORTED, organiser_id, now
    )


def merge_translations(before: PetitionFile, file: PetitionFile, name: str) -> PetitionFile:
    """Return the file with the petition's texts added in languages that the file does not have.

    Raises BadPetitionFile for a file in another language.
    """
    if before.language != file.language:
        words = _("language: this petition is in %(language)s, and stays so.", language=repr(before.language))
        raise BadPetitionFile(f"{name}: {words}")
    by_language = {text["language"]: text for text in (*before.translations, *file.translations)}
    return without_idle_words(replace(file, translations=tuple(text for _tag, text in sorted(by_language.items()))))


def save_petition(
    session: Session,
    petition: Petition,
    before: PetitionFile,
    file: PetitionFile,
    act: Act,
    organiser_id: int | None,
    now: datetime,
) -> Saved:
    """Update a petition that the caller has locked from `before` to the file's values.

    If anything changed, `act` is recorded in the audit log as done by this organiser (None: by a command). Of keys in
    TOLD the owners of an opened petition are told by e-mail.
    """
    saved = Saved()
    columns = columns_of(file)
    if file.closes_on != petition.last_day:
        columns["closes_at"] = end_of_day(file.closes_on)
    for column, value in columns.items():
        if getattr(petition, column) != value:
            setattr(petition, column, value)
            saved.columns.add(column)
    trusted = trusted_changes(before, file)
    if "donations" in trusted and petition.opened_at is not None:
        petition.donations_changed_at = now
    saved.texts = _add_texts(session, petition.id, file, now)
    saved.notice = _add_notice(session, petition.id, file, now)
    changed = changed_keys(before, file)
    changed += [key for key in trusted if key not in changed]  # in another language
    if saved:
        versions = {f"text {language}": version for language, version in sorted(saved.texts.items())}
        record(session, act, petition.id, organiser_id, **versions, what=", ".join(changed))
    if petition.opened_at is not None and set(TOLD).intersection(changed):
        tell_owners(session, petition, now)  # nobody relies on a draft's values yet
    return saved


def changed_keys(before: PetitionFile, file: PetitionFile) -> list[str]:
    """Return the keys whose values differ between two files."""
    return [key for key in PetitionFile.__slots__ if getattr(before, key) != getattr(file, key)]


def trusted_changes(before: PetitionFile, file: PetitionFile) -> list[str]:
    """Return those of TRUSTED_KEYS that say something else now, in whatever language."""
    said, says = _trusted(before), _trusted(file)
    return [key for key in TRUSTED_KEYS if said[key] != says[key]]


def _trusted(file: PetitionFile) -> dict[str, tuple[Any, dict[tuple[str, str], str]]]:
    notes = {one["note"] for one in file.donations}
    translated: dict[str, dict[tuple[str, str], str]] = {key: {} for key in TRUSTED_KEYS}
    for one in file.translations:
        language = one["language"]
        said = {("addressed_to", ""): one["addressed_to"], ("privacy", ""): one["privacy"]}
        said |= {("donations", note): one["words"].get(note, "") for note in notes}
        for (key, original), words in said.items():
            if words:
                translated[key][language, original] = words
    return {key: (getattr(file, key), translated[key]) for key in TRUSTED_KEYS}


def _add_texts(session: Session, petition_id: int, file: PetitionFile, now: datetime) -> dict[str, int]:
    """Add each text of the file that has changed as its next version; return the new versions by language."""
    own: dict[str, Any] = {
        "language": file.language,
        "title": file.title,
        "statement": file.statement,
        "body": file.body,
    }
    newest = newest_texts(session, petition_id)
    added = {}
    count = None
    texts = [own, *({key: words for key, words in one.items() if key in own} for one in file.translations)]
    for text in texts:
        before = newest.get(text["language"])
        if before is not None and all(getattr(before, column) == value for column, value in text.items()):
            continue
        count = ledger.verified_count(session, petition_id) if count is None else count
        replaced = before is not None and _delete_draft_text(session, petition_id, text["language"])
        version = before.version + 1 if before and not replaced else 1
        searchable = search_text(text["title"], text["statement"])
        row = {**text, "petition_id": petition_id, "version": version, "after_signatures": count, "made_at": now}
        session.add(PetitionText(**row, search_text=searchable))
        added[text["language"]] = version
    return added


def _delete_draft_text(session: Session, petition_id: int, language: str) -> bool:
    """Delete this text if the petition is a draft; tell whether it was. So the first published version is 1."""
    drafts = select(Petition.id).where(Petition.id == petition_id, Petition.opened_at.is_(None))
    delete_text = delete(PetitionText).where(PetitionText.petition_id.in_(drafts), PetitionText.language == language)
    return session.execute(delete_text.returning(PetitionText.id)).first() is not None


def _add_notice(session: Session, petition_id: int, file: PetitionFile, now: datetime) -> int:
    """Add the file's privacy notice as the next version if it has changed; return its version, else 0."""
    newest = newest_notice(session, petition_id)
    notice = notice_of(file)
    if newest.says() == notice:
        return 0
    session.add(PrivacyNotice(petition_id=petition_id, version=newest.version + 1, made_at=now, **notice))
    return newest.version + 1
