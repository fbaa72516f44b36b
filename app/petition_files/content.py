"""What a petition file says: its values, and which of them can be translated."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.models import Donation, Elsewhere, Initiator, Link, Translation

NEEDED_FOR_DRAFT = ("slug", "language", "title")
NEEDED = (*NEEDED_FOR_DRAFT, "started_by", "statement", "addressed_to", "contact", "erase_after_days", "controller")
DEFAULT_FIELDS = {"affiliation": "optional", "country": "required", "comment": "optional"}
NO_LABELS = dict.fromkeys(DEFAULT_FIELDS, "")


@dataclass(frozen=True, slots=True)
class PetitionFile:
    """A petition file's values, validated. In a draft, values that are needed and not given yet are empty."""

    slug: str
    language: str
    title: str
    started_by: str = ""
    statement: str = ""
    addressed_to: str = ""
    contact: str = ""
    erase_after_days: int = 0
    controller: dict[str, str] = field(default_factory=lambda: {"name": "", "address": "", "email": ""})
    body: str = ""
    fields: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_FIELDS))
    started_on: date | None = None
    goal: int | None = None
    closes_on: date | None = None
    discreet: bool = False
    default_visibility: str | None = None
    privacy: str = ""
    thanks: str = ""
    outcome: str = ""
    outcome_on: date | None = None
    labels: dict[str, str] = field(default_factory=lambda: dict(NO_LABELS))
    initiators: tuple[Initiator, ...] = ()
    donations: tuple[Donation, ...] = ()
    links: tuple[Link, ...] = ()
    elsewhere: Elsewhere | None = None
    translations: tuple[Translation, ...] = ()

    def missing(self) -> list[str]:
        """Return the keys that have no value yet and that a petition needs to open."""
        return [key for key in NEEDED if not all(_values_of(getattr(self, key)))]

    def phrases(self) -> dict[str, list[str]]:
        """Return the short words that a translation's `words` can translate, each once, by the key that they are in."""
        found = {
            "started_by": [self.started_by],
            "initiators": [one["affiliation"] for one in self.initiators],
            "donations": [one["note"] for one in self.donations],
            "links": [one["title"] for one in self.links],
            "elsewhere": [self.elsewhere["source"]] if self.elsewhere else [],
        }
        first_in = {phrase: key for key, phrases in reversed(found.items()) for phrase in phrases if phrase}
        return {key: [one for one in dict.fromkeys(found[key]) if first_in.get(one) == key] for key in found}


def _values_of(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else [value]
