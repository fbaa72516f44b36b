"""What the start page lists: the petitions that can be signed now, found by their words, and those closed last."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import aliased

from app import clock
from app.db import db
from app.models import Petition, PetitionText
from app.petitions.page import Progress, progress_of

A_PAGE = 20
LATEST_CLOSED = 10
CLOSES_SOON = timedelta(days=14)
LONGEST_SEARCH = 100
DIGITS = 6
# Letters that Unicode does not take apart, as people type them who do not have them on their keyboard.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


class Order(StrEnum):
    """What is listed first: the newest, or what closes soonest."""

    NEWEST = "newest"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader wants to see of the list: those with some words, in an order, one page."""

    search: str = ""
    order: Order = Order.NEWEST
    page: int = 1

    def is_all(self) -> bool:
        """Tell whether this is the beginning of the whole list."""
        return not self.search and self.page == 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A petition in a list: its title, in `language`, and its count. `closes_soon` if there are few days left."""

    petition: Petition
    title: str
    language: str
    progress: Progress
    closes_soon: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list, and whether there is a next one."""

    petitions: list[Listed]
    has_more: bool


def asked(arguments: Mapping[str, str]) -> Asked | None:
    """Return what the arguments of an address ask for; None for a page that no list has."""
    number = arguments.get("page") or "1"
    if not (number.isascii() and number.isdigit() and len(number) < DIGITS and int(number)):
        return None
    order = Order.CLOSING if arguments.get("order") == Order.CLOSING else Order.NEWEST
    return Asked(" ".join(arguments.get("q", "")[:LONGEST_SEARCH].split()), order, int(number))


def open_now(language: str, wanted: Asked = Asked()) -> Listing:
    """Return a page of the petitions that can be signed now, with titles in `language` where there are any.

    What is searched for has to be in title or statement, each word of it in those of one language, whatever its case
    and accents.
    """
    now = clock.now()
    is_open = (
        Petition.opened_at <= now,
        Petition.closes_at.is_(None) | (Petition.closes_at > now),
        Petition.erased_at.is_(None),
    )
    listed = select(Petition).where(*is_open)
    words = folded(wanted.search).split()
    if words:
        listed = listed.where(Petition.id.in_(_with_words(words, is_open)))
    if wanted.order == Order.CLOSING:
        listed = listed.order_by(Petition.closes_at.is_(None), Petition.closes_at)
    listed = listed.order_by(Petition.opened_at.desc(), Petition.id.desc())
    found = db.session.scalars(listed.limit(A_PAGE + 1).offset((wanted.page - 1) * A_PAGE)).all()
    return Listing(_listed(found[:A_PAGE], language), len(found) > A_PAGE)


def closed_last(language: str) -> list[Listed]:
    """Return the petitions that were closed last, the last one first."""
    now = clock.now()
    closed = select(Petition).where(Petition.opened_at <= now, Petition.closes_at <= now)
    return _listed(db.session.scalars(closed.order_by(Petition.closes_at.desc()).limit(LATEST_CLOSED)).all(), language)


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Return `text` as it is compared in a search: in small letters, without accents, ß as ss."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(PLAIN)


def _with_words(words: list[str], is_open: Iterable[ColumnElement[bool]]) -> list[int]:
    """Return the ids of the open petitions with all these words in one of their texts.

    Databases fold case each in its own way, and accents not at all, so the words are compared here: there are as many
    petitions as organisers can write, and what was folded once is remembered.
    """
    texts = _newest_texts().join(Petition, Petition.id == PetitionText.petition_id).where(*is_open)
    return sorted(
        {
            text.petition_id
            for text in db.session.execute(texts)
            if all(word in folded(f"{text.title}\n{text.statement}") for word in words)
        }
    )


def _newest_texts() -> Select[int, str, str, str]:
    """Return the statement that reads each petition's words as they are now, in each of its languages."""
    other = aliased(PetitionText)
    same = (other.petition_id == PetitionText.petition_id) & (other.language == PetitionText.language)
    newest = select(func.max(other.version)).where(same).scalar_subquery()
    columns = (PetitionText.petition_id, PetitionText.language, PetitionText.title, PetitionText.statement)
    return select(*columns).where(PetitionText.version == newest)


def _listed(petitions: Iterable[Petition], language: str) -> list[Listed]:
    petitions = list(petitions)
    if not petitions:
        return []
    ids = [petition.id for petition in petitions]
    found = db.session.execute(_newest_texts().where(PetitionText.petition_id.in_(ids))).all()
    texts: dict[tuple[int, str], Row[int, str, str, str]] = {(text.petition_id, text.language): text for text in found}
    counts = progress_of(petitions)
    now = clock.now()
    listed = []
    for petition in petitions:
        text = texts.get((petition.id, language)) or texts[petition.id, petition.language]
        soon = petition.closes_at is not None and now < petition.closes_at <= now + CLOSES_SOON
        listed.append(Listed(petition, text.title, text.language, counts[petition.id], soon))
    return listed
