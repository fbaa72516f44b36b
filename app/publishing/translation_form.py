"""The form for what a petition says in another language: its text, and whatever else the petition says itself."""

import hashlib
from typing import Any

from wtforms import Field

from app.petition_files.content import NO_LABELS, PetitionFile
from app.petition_files.translations import OF_ITS_OWN, words_by_original
from app.petitions.labels import LABELS
from app.publishing.checked_fields import line, paragraphs
from app.publishing.forms import CHECK, LABEL, WordsForm

TRANSLATED = ("title", "statement", "body", *OF_ITS_OWN, "labels", "words")
ROWS = {"addressed_to": 2, "privacy": 6, "thanks": 5, "outcome": 10}


class TranslationForm(WordsForm):
    """A translation. It has a field for each thing that the petition says in its own language."""

    thanks = None
    file: PetitionFile

    def answers(self) -> dict[str, Any]:
        """Return a valid form's values, by key of a translation in a petition file."""
        labels = {name: self._answer(f"{name}_label") for name in NO_LABELS}
        words = {phrase: self._answer(_name(phrase)) for phrases in self.file.phrases().values() for phrase in phrases}
        return {
            **{key: self._answer(key) for key in ("title", "statement", "body", *OF_ITS_OWN)},
            "labels": labels,
            "words": {phrase: translated for phrase, translated in words.items() if translated},
        }

    def of_labels(self) -> list[Field]:
        """Return the fields for the names of the sign form's questions."""
        return [self[f"{name}_label"] for name, words in self.file.labels.items() if words]

    def of_words(self) -> list[tuple[object, list[Field]]]:
        """Return the fields for short words, by the label of the part that they are in."""
        found = self.file.phrases().items()
        return [(LABELS[key], [self[_name(phrase)] for phrase in phrases]) for key, phrases in found if phrases]

    def _answer(self, name: str) -> str:
        return (self[name].data or "") if name in self else ""


def translation_form(file: PetitionFile) -> type[TranslationForm]:
    """Return the form for translations of what this file says. The petition's own words are its labels."""
    fields: dict[str, Any] = {"file": file}
    for key in OF_ITS_OWN:
        if getattr(file, key):
            fields[key] = paragraphs(LABELS[key], CHECK[key], ROWS[key], optional=True)
    for name, words in file.labels.items():
        if words:
            fields[f"{name}_label"] = line(words, LABEL, optional=True)
    for phrases in file.phrases().values():
        for phrase in phrases:
            fields[_name(phrase)] = _phrase(phrase)
    return type("TranslationFormOfFile", (TranslationForm,), fields)


def data_of(translation: dict[str, Any]) -> dict[str, Any]:
    """Return the fields' data for a translation."""
    labels = {f"{name}_label": words for name, words in translation["labels"].items()}
    words = {_name(phrase): words for phrase, words in translation["words"].items()}
    return {**translation, **labels, **words}


def _phrase(phrase: str) -> Field:
    def check(_key: str, typed: str) -> str:
        return words_by_original("", {phrase: typed})[phrase]

    return paragraphs(phrase, check, 2, optional=True) if "\n" in phrase else line(phrase, check, optional=True)


def _name(phrase: str) -> str:
    return f"words_{hashlib.sha256(phrase.encode()).hexdigest()[:16]}"
