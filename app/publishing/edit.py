"""Change a part of what a petition says, unless somebody else has changed it in the meantime."""

from dataclasses import dataclass, replace
from typing import Any

from app import clock
from app.db import transaction
from app.models import Act
from app.petition_files.file import PetitionFile
from app.petition_files.saving import Saved, lock_petition_by_slug, save_petition
from app.petition_files.stored import as_file
from app.publishing import compare


class StaleVersion(Exception):
    """Somebody else has saved this part since the form was opened; `now` is what the petition says now."""

    def __init__(self, now: PetitionFile) -> None:
        super().__init__()
        self.now = now


@dataclass(frozen=True, slots=True)
class PetitionPart:
    """Some of the keys of a petition file; with a `language`, those of one of its translations."""

    keys: tuple[str, ...]
    language: str = ""

    def of(self, file: PetitionFile) -> dict[str, Any]:
        """Return what the file says by these keys: nothing for a translation that is not there yet."""
        if not self.language:
            return {key: getattr(file, key) for key in self.keys}
        found = [{**one} for one in file.translations if one["language"] == self.language]
        return {key: found[0][key] if found else "" for key in self.keys}

    def put(self, file: PetitionFile, answers: dict[str, Any]) -> PetitionFile:
        """Return the file with this part saying something else."""
        if not self.language:
            return replace(file, **answers)
        named: dict[str, Any] = {one["language"]: one for one in file.translations}
        named[self.language] = {"language": self.language, **answers}
        return replace(file, translations=tuple(one for _tag, one in sorted(named.items())))

    def digest(self, file: PetitionFile) -> str:
        """Return what stands for this part as it is: any change of it gives another one."""
        return compare.content_digest(self.of(file))


def edit_part(slug: str, part: PetitionPart, base: str, answers: dict[str, Any], by: int) -> Saved:
    """Let a part of a petition have these answers from now on; `by` is the organiser's id.

    Optimistic concurrency: `base` is the digest of the part as the form showed it. Of two concurrent saves the second
    raises StaleVersion, and changes nothing.
    """
    with transaction() as session:
        petition = lock_petition_by_slug(session, slug)
        assert petition is not None
        before = as_file(session, petition)
        if part.digest(before) != base:
            raise StaleVersion(before)
        return save_petition(session, petition, before, part.put(before, answers), Act.EDITED, by, clock.now())
