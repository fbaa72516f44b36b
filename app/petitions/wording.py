"""What a petition says in a language: its translation where there is one, else its own words. Each says which it is."""

from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup

from app.models import Petition, PetitionText, PrivacyNotice
from app.petitions.markdown import to_html


class Shown(Protocol):
    """What a page is about: an edition of a petition, or what somebody signed."""

    @property
    def petition(self) -> Petition: ...
    @property
    def text(self) -> PetitionText: ...
    @property
    def notice(self) -> PrivacyNotice: ...


@dataclass(frozen=True, slots=True)
class Words:
    """Words that organisers wrote, and the language they are in. In HTML they are marked with it."""

    text: str
    language: str

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        return Markup('<bdi lang="{}">{}</bdi>').format(self.language, self.text)

    def prose(self, top_heading: int) -> Markup:
        """Return words in Markdown as HTML, whose highest headings become level `top_heading`."""
        return to_html(self.text, top_heading)


def said(petition: Petition, language: str, words: str) -> Words:
    """Return short words of the petition, such as a link's title, in this language if they are translated."""
    translated = (petition.words or {}).get(language, {}).get(words, "")
    return _first(Words(translated, language), Words(words, petition.language))


def label(petition: Petition, language: str, field: str) -> Words | None:
    """Return how the petition calls this question of its form; None if it does not name it itself."""
    labels = petition.labels or {}
    found = [Words(labels.get(tag, {}).get(field, ""), tag) for tag in (language, petition.language)]
    return next((words for words in found if words.text), None)


def addressee(shown: Shown) -> Words:
    """Return who gets the list, as the privacy notice says it."""
    return _told(shown, "addressed_to", shown.notice.addressed_to)


def privacy(shown: Shown) -> Words:
    """Return what more the privacy notice tells, in Markdown; it may be empty."""
    return _told(shown, "more", shown.notice.more)


def thanks(shown: Shown) -> Words:
    """Return what the petition says to those who have signed, in Markdown; it may be empty."""
    return _of_languages(shown, shown.petition.thanks)


def outcome(shown: Shown) -> Words:
    """Return what became of the petition, in Markdown; it may be empty."""
    return _of_languages(shown, shown.petition.outcome)


def _told(shown: Shown, key: str, own: str) -> Words:
    language = shown.text.language
    translated = (shown.notice.translations or {}).get(language, {}).get(key, "")
    return _first(Words(translated, language), Words(own, shown.petition.language))


def _of_languages(shown: Shown, by_language: dict[str, str] | None) -> Words:
    found = (Words((by_language or {}).get(tag, ""), tag) for tag in (shown.text.language, shown.petition.language))
    return _first(*found)


def _first(translated: Words, own: Words) -> Words:
    return translated if translated.text else own
