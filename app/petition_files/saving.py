"""Save what a petition file says: in the caller's transaction, with its audit entry and a letter to the owners.

Files and organisers' forms both come here, so both change a petition by one rule. Texts and notices are insert-only,
but for the text of a draft, which nobody can have signed: it is replaced.
"""

import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audit.log import record
from app.crypto import sealing
from app.db import insert
from app.ledger import ledger
from app.models import Act, Petition, PetitionText, PrivacyNotice
from app.organisers.letter import queue_letter_to_owners
from app.petition_files.file import BadPetitionFile, PetitionFile
from app.petition_files.stored import as_file, end_of_day, newest_notice, newest_texts
from app.petitions.search import search_text
from app.web.absolute_url import absolute_url

# What a stolen session would be used to change: where money goes, and who gets the signers' data.
TRUSTED_KEYS = ("donations", "controller", "addressed_to", "contact", "erase_after_days", "privacy")


@dataclass
class Saved:
    """What saving changed: new text versions by language, the version of a new notice or 0, and columns."""

    texts: dict[str, int] = field(default_factory=dict)
    notice: int = 0
    columns: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.texts or self.notice or self.columns)


def create_draft(session: Session, file: PetitionFile, now: datetime) -> int | None:
    """Insert the petition of this file as a draft, with texts and notice; return its id, or None if the slug is taken.

    Of concurrent inserts of one slug, one succeeds and the others get None.
    """
    public_id = os.urandom(16)
    draft = insert(Petition).values(
        public_id=public_id,
        slug=file.slug,
        language=file.language,
        mailbox_key=sealing.seal("mailbox-key", public_id, [os.urandom(32).hex()]),
        closes_at=end_of_day(file.closes_on),
        **_columns(file),
    )
    unless_taken = draft.on_conflict_do_nothing(index_elements=["slug"]).returning(Petition.id)
    petition_id: int | None = session.execute(unless_taken).scalar_one_or_none()
    if petition_id is not None:
        ledger.open_tally(session, petition_id, now)
        session.flush()
        _add_texts(session, petition_id, file, now)
        session.add(PrivacyNotice(petition_id=petition_id, version=1, made_at=now, **_notice(file)))
        session.flush()
    return petition_id


def lock_petition_by_slug(session: Session, slug: str) -> Petition | None:
    """Return the petition, its row locked (FOR NO KEY UPDATE) until the transaction ends; None if unknown."""
    mine = select(Petition).where(Petition.slug == slug).with_for_update(key_share=True)
    return session.scalars(mine.execution_options(populate_existing=True)).one_or_none()


def update_from_file(
    session: Session, petition: Petition, file: PetitionFile, name: str, by: int | None, now: datetime
) -> Saved:
    """Update a petition that the caller has locked by `lock_petition` to what a file called `name` says.

    Raises BadPetitionFile for a file in another language, for one that would open again what was erased, and for one
    that would close an opened petition in the past, where the days until its signers are erased would be over too soon.
    """
    if petition.erased_at is not None and file.closes_on != petition.last_day:
        words = _("closes_on: who signed it has been erased, as was promised, so this petition stays closed.")
        raise BadPetitionFile(f"{name}: {words}")
    closes_at = end_of_day(file.closes_on)
    if petition.opened_at and file.closes_on != petition.last_day and closes_at is not None and closes_at <= now:
        words = _("closes_on: this day is over. To end signing now, close the petition; it counts from then.")
        raise BadPetitionFile(f"{name}: {words}")
    before = as_file(session, petition)
    return save_petition(session, petition, before, merge_translations(before, file, name), Act.IMPORTED, by, now)


def merge_translations(before: PetitionFile, file: PetitionFile, name: str) -> PetitionFile:
    """Return what a petition says once a file called `name` is in: texts in languages that it does not name stay.

    Raises BadPetitionFile for a file in another language.
    """
    if before.language != file.language:
        words = _("language: this petition is in %(language)s, and stays so.", language=repr(before.language))
        raise BadPetitionFile(f"{name}: {words}")
    named = {one["language"]: one for one in (*before.translations, *file.translations)}
    return replace(file, translations=tuple(one for _tag, one in sorted(named.items())))


def save_petition(
    session: Session,
    petition: Petition,
    before: PetitionFile,
    file: PetitionFile,
    act: Act,
    by: int | None,
    now: datetime,
) -> Saved:
    """Update a petition that the caller has locked from `before` to what the file says.

    Records `act`, by the organiser with the id `by` (None: a command), in the audit log unless nothing changed, and
    notifies the owners when it concerns what people trust, once it was opened.
    """
    saved = Saved()
    columns = _columns(file)
    if file.closes_on != petition.last_day:
        columns["closes_at"] = end_of_day(file.closes_on)
    for column, value in columns.items():
        if getattr(petition, column) != value:
            setattr(petition, column, value)
            saved.columns.add(column)
    if "donations" in saved.columns and petition.opened_at is not None:
        petition.donations_changed_at = now
    saved.texts = _add_texts(session, petition.id, file, now)
    saved.notice = _add_notice(session, petition.id, file, now)
    if saved:
        versions = {f"text {language}": version for language, version in sorted(saved.texts.items())}
        record(session, act, petition.id, by, **versions, what=", ".join(changed_keys(before, file)))
    _notify_owners(session, petition, before, file, now)
    return saved


def changed_keys(before: PetitionFile, file: PetitionFile) -> list[str]:
    """Return the keys whose values differ."""
    return [key for key in PetitionFile.__slots__ if getattr(before, key) != getattr(file, key)]


def _columns(file: PetitionFile) -> dict[str, Any]:
    return {
        "started_by": file.started_by,
        "started_on": file.started_on,
        "goal": file.goal,
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


def _add_texts(session: Session, petition_id: int, file: PetitionFile, now: datetime) -> dict[str, int]:
    """Add the file's words in each language as the next version, unless they are the newest; return what was added."""
    own = {"language": file.language, "title": file.title, "statement": file.statement, "body": file.body}
    newest = newest_texts(session, petition_id)
    added = {}
    signed = None
    texts: list[dict[str, Any]] = [own, *({**one} for one in file.translations)]
    for words in texts:
        before = newest.get(words["language"])
        if before is not None and all(getattr(before, column) == value for column, value in words.items()):
            continue
        signed = ledger.verified_count(session, petition_id) if signed is None else signed
        replaced = before is not None and _forget_draft(session, petition_id, words["language"])
        version = before.version + 1 if before and not replaced else 1
        found_by = search_text(words["title"], words["statement"])
        row = {**words, "petition_id": petition_id, "version": version, "after_signatures": signed, "made_at": now}
        session.add(PetitionText(**row, search_text=found_by))
        added[words["language"]] = version
    return added


def _forget_draft(session: Session, petition_id: int, language: str) -> bool:
    """Delete the text of a draft in this language; tell whether it is one. So the first published version is 1."""
    drafts = select(Petition.id).where(Petition.id == petition_id, Petition.opened_at.is_(None))
    words = delete(PetitionText).where(PetitionText.petition_id.in_(drafts), PetitionText.language == language)
    return session.execute(words.returning(PetitionText.id)).first() is not None


def _notice(file: PetitionFile) -> dict[str, Any]:
    return {
        "controller_name": file.controller["name"],
        "controller_address": file.controller["address"],
        "controller_email": file.controller["email"],
        "addressed_to": file.addressed_to,
        "erase_after_days": file.erase_after_days,
        "more": file.privacy,
    }


def _add_notice(session: Session, petition_id: int, file: PetitionFile, now: datetime) -> int:
    """Add what the file tells about data as the next notice, unless it is the newest; return its version or 0."""
    newest = newest_notice(session, petition_id)
    notice = _notice(file)
    if newest.says() == notice:
        return 0
    session.add(PrivacyNotice(petition_id=petition_id, version=newest.version + 1, made_at=now, **notice))
    return newest.version + 1


def _notify_owners(
    session: Session, petition: Petition, before: PetitionFile, file: PetitionFile, now: datetime
) -> None:
    kinds = [key for key in changed_keys(before, file) if key in TRUSTED_KEYS]
    if kinds and petition.opened_at is not None:  # what is first filled in, in a draft, nobody trusts yet
        # A discreet petition is named neither in the letter nor in the address that its link leads to.
        title = None if petition.discreet else file.title
        where = (
            absolute_url("organisers.home") if petition.discreet else absolute_url("members.log", slug=petition.slug)
        )
        queue_letter_to_owners(
            session, petition.id, "trust_changed", now, title=title, kinds=kinds, link=where, moment=now
        )
