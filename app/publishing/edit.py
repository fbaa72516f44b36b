"""Edit a part of a petition, with optimistic locking."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.models import Act, Petition, Role
from app.models.petition import Standing
from app.organisers.access import Who
from app.organisers.acting import NotTheirs, acting, role_now
from app.petition_files.content import PetitionFile
from app.petition_files.saving import Saved, save_petition
from app.petition_files.stored import as_file
from app.petition_files.translations import blank_translation, without_idle_words
from app.publishing import compare
from app.publishing.who_writes import changes_text, may_write


class StaleVersion(Exception):
    """Somebody else has saved this part since the form was opened; `now` is the present content."""

    def __init__(self, now: PetitionFile) -> None:
        super().__init__()
        self.now = now


@dataclass(frozen=True, slots=True)
class PetitionPart:
    """Some keys of a petition file; with a `language`, those of that translation."""

    keys: tuple[str, ...]
    language: str = ""

    def of(self, file: PetitionFile) -> dict[str, Any]:
        """Return the file's values of these keys; blank ones for a translation that does not exist yet."""
        if not self.language:
            return {key: getattr(file, key) for key in self.keys}
        by_language: dict[str, Any] = {translation["language"]: translation for translation in file.translations}
        translation: Any = by_language.get(self.language) or blank_translation(self.language)
        return {key: translation[key] for key in self.keys}

    def put(self, file: PetitionFile, answers: dict[str, Any]) -> PetitionFile:
        """Return the file with other values for this part, and without translations of what it does not say now."""
        if not self.language:
            return without_idle_words(replace(file, **answers))
        by_language: dict[str, Any] = {translation["language"]: translation for translation in file.translations}
        now = by_language.get(self.language) or blank_translation(self.language)
        by_language[self.language] = {**now, **answers}
        translations = tuple(translation for _tag, translation in sorted(by_language.items()))
        return without_idle_words(replace(file, translations=translations))

    def digest(self, file: PetitionFile) -> str:
        """Return the digest of this part's values."""
        return compare.content_digest(self.of(file))


def edit_part(petition_id: int, part: PetitionPart, base: str, answers: dict[str, Any], organiser_id: int) -> Saved:
    """Save these answers as a part of the petition.

    Optimistic locking: `base` is the digest of the part as the form showed it. Of two concurrent saves the second
    raises StaleVersion, and changes nothing. Raises NotTheirs for an organiser who may not, or not any more.
    """
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, petition):
        before = as_file(session, petition)
        if part.digest(before) != base:
            raise StaleVersion(before)
        if (part.language or changes_text(set(part.keys))) and not may_write(
            petition, role_now(session, petition, organiser_id)
        ):
            raise NotTheirs
        if answers.get("closes_on", before.closes_on) != before.closes_on:
            _refuse_last_day(session, petition, before, organiser_id)
        return save_petition(
            session, petition, before, part.put(before, answers), Act.EDITED, organiser_id, clock.now()
        )


def _refuse_last_day(session: Session, petition: Petition, before: PetitionFile, organiser_id: int) -> None:
    """Refuse a new last day from an editor once the petition was opened, and from all if it has closed meanwhile.

    It is opened again by `reopen_petition` alone, which asks for the right to.
    """
    standing = petition.standing(clock.now())
    if standing == Standing.OPEN and role_now(session, petition, organiser_id) != Role.OWNER:
        raise NotTheirs
    if standing == Standing.CLOSED:
        raise StaleVersion(before)
