"""What a translation says beside the text: it translates what the petition says itself, and nothing else."""

from dataclasses import replace
from typing import Any

from flask_babel import gettext as _

from app.models import Translation
from app.petition_files import values
from app.petition_files.content import NO_LABELS, PetitionFile

OF_ITS_OWN = ("addressed_to", "privacy", "thanks", "outcome")
MAX_WORDS_LENGTH = 500


def blank_translation(language: str) -> Translation:
    """Return a translation into a language that says nothing yet."""
    return {
        "language": language,
        "title": "",
        "statement": "",
        "body": "",
        "addressed_to": "",
        "privacy": "",
        "thanks": "",
        "outcome": "",
        "labels": dict(NO_LABELS),
        "words": {},
    }


def words_by_original(key: str, value: Any) -> dict[str, str]:
    """Check translated words, by the petition's own. What is one line there must be one line here."""
    if not isinstance(value, dict):
        raise values.InvalidValue(key, _("must be a table, with the petition's own words before each =."))
    checked = {}
    for original, words in value.items():
        own = original.replace("\r\n", "\n").strip()
        check = values.text if "\n" in own else values.line
        checked[own] = check(MAX_WORDS_LENGTH)(f"{key}.{original}", words)
    return checked


def refuse_idle_words(file: PetitionFile) -> None:
    """Raise InvalidValue for a translation of what the petition does not say."""
    for number, translation in enumerate(file.translations, 1):
        for key in _idle(file, translation):
            words = _("has nothing to translate: the petition itself does not say this.")
            raise values.InvalidValue(f"translations[{number}].{key}", words)


def without_idle_words(file: PetitionFile) -> PetitionFile:
    """Return the file without translations of what the petition does not say, or not any more."""
    return replace(file, translations=tuple(_busy(file, translation) for translation in file.translations))


def _idle(file: PetitionFile, translation: Translation) -> list[str]:
    busy = _busy(file, translation)
    tables = (
        f"{table}.{key}"
        for table in ("labels", "words")
        for key, words in translation[table].items()
        if words and not busy[table].get(key)
    )
    return [*(key for key in OF_ITS_OWN if translation[key] and not busy[key]), *tables]  # type: ignore[literal-required]


def _busy(file: PetitionFile, translation: Translation) -> Translation:
    said = {phrase for phrases in file.phrases().values() for phrase in phrases}
    return {
        **translation,
        "addressed_to": translation["addressed_to"] if file.addressed_to else "",
        "privacy": translation["privacy"] if file.privacy else "",
        "thanks": translation["thanks"] if file.thanks else "",
        "outcome": translation["outcome"] if file.outcome else "",
        "labels": {key: words if file.labels[key] else "" for key, words in translation["labels"].items()},
        "words": {original: words for original, words in translation["words"].items() if original in said},
    }
