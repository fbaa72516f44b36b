"""The lists of the start page: open petitions, with search and order, and recently closed ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import aliased

from app import clock
from app.db import db
from app.models import Petition, PetitionText
from app.petitions.page import GoalProgress, progress_of
from app.petitions.search import has_words

PAGE_SIZE = 20
MAX_CLOSED = 10
CLOSES_SOON = timedelta(days=14)
MAX_SEARCH_LENGTH = 100
MAX_PAGE_DIGITS = 5
MAX_ADDRESSES = 50_000  # as many as a site map may have


class Order(StrEnum):
    """The order of the list: newest first, or next to close first."""

    NEWEST = "newest"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The search, order and page of a list."""

    search: str = ""
    order: Order = Order.NEWEST
    page: int = 1

    def is_all(self) -> bool:
        """Tell whether this is the first page without a search."""
        return not self.search and self.page == 1


@dataclass(frozen=True, slots=True)
class ListedPetition:
    """A petition in a list: its title in `language`, its count, and whether it closes within CLOSES_SOON."""

    petition: Petition
    title: str
    language: str
    progress: GoalProgress
    closes_soon: bool


@dataclass(frozen=True, slots=True)
class ListedAddress:
    """A petition's page in one of its languages, None for its own, and the day on which that text last changed."""

    slug: str
    lang: str | None
    changed_on: date


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list, and whether there is a next one."""

    petitions: list[ListedPetition]
    has_more: bool


def read_query(arguments: Mapping[str, str]) -> ListQuery | None:
    """Return the query in a URL's arguments; None for an invalid page number."""
    number = arguments.get("page") or "1"
    if not (number.isascii() and number.isdigit() and len(number) <= MAX_PAGE_DIGITS and int(number)):
        return None
    order = Order.CLOSING if arguments.get("order") == Order.CLOSING else Order.NEWEST
    return ListQuery(" ".join(arguments.get("q", "")[:MAX_SEARCH_LENGTH].split()), order, int(number))


def open_petitions(language: str, query: ListQuery = ListQuery()) -> Listing:
    """Return a page of open petitions, with titles in `language` if translated.

    A search finds petitions that have all its words in title and statement of one language, ignoring case and accents.
    """
    listed = select(Petition).where(_is_open())
    if query.search:
        listed = listed.where(has_words(query.search))
    if query.order == Order.CLOSING:
        listed = listed.order_by(Petition.closes_at.is_(None), Petition.closes_at)
    listed = listed.order_by(Petition.opened_at.desc(), Petition.id.desc())
    found = db.session.scalars(listed.limit(PAGE_SIZE + 1).offset((query.page - 1) * PAGE_SIZE)).all()
    return Listing(_listed(found[:PAGE_SIZE], language), len(found) > PAGE_SIZE)


def closed_petitions(language: str) -> list[ListedPetition]:
    """Return recently closed petitions, the last one first."""
    now = clock.now()
    closed = select(Petition).where(Petition.opened_at.is_not(None), Petition.closes_at <= now)
    return _listed(db.session.scalars(closed.order_by(Petition.closes_at.desc()).limit(MAX_CLOSED)).all(), language)


def listed_addresses() -> list[ListedAddress]:
    """Return the addresses of the pages of all open petitions but the discreet ones, at most MAX_ADDRESSES."""
    made = func.max(PetitionText.made_at, type_=PetitionText.made_at.type)
    pages = (
        select(Petition.slug, Petition.language, PetitionText.language, made)
        .join(PetitionText, PetitionText.petition_id == Petition.id)
        .where(_is_open(), ~Petition.discreet)
        .group_by(Petition.id, PetitionText.language)
        .order_by(Petition.id.desc(), PetitionText.language)
        .limit(MAX_ADDRESSES)
    )
    return [
        ListedAddress(slug, None if spoken == own else spoken, at.date())
        for slug, own, spoken, at in db.session.execute(pages)
    ]


def _is_open() -> ColumnElement[bool]:
    may_close = Petition.closes_at.is_(None) | (Petition.closes_at > clock.now())
    return Petition.opened_at.is_not(None) & may_close & Petition.erased_at.is_(None)


def _newest_texts() -> Select[int, str, str]:
    """Return the statement for each petition's newest title in each of its languages."""
    other = aliased(PetitionText)
    same = (other.petition_id == PetitionText.petition_id) & (other.language == PetitionText.language)
    newest = select(func.max(other.version)).where(same).scalar_subquery()
    columns = select(PetitionText.petition_id, PetitionText.language, PetitionText.title)
    return columns.where(PetitionText.version == newest)


def _listed(petitions: Iterable[Petition], language: str) -> list[ListedPetition]:
    petitions = list(petitions)
    if not petitions:
        return []
    ids = [petition.id for petition in petitions]
    found = db.session.execute(_newest_texts().where(PetitionText.petition_id.in_(ids))).all()
    texts: dict[tuple[int, str], Row[int, str, str]] = {(text.petition_id, text.language): text for text in found}
    counts = progress_of(petitions)
    now = clock.now()
    listed = []
    for petition in petitions:
        text = texts.get((petition.id, language)) or texts[petition.id, petition.language]
        soon = petition.closes_at is not None and now < petition.closes_at <= now + CLOSES_SOON
        listed.append(ListedPetition(petition, text.title, text.language, counts[petition.id], soon))
    return listed
