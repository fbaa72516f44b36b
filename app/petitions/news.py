"""The news of a petition as people read it: what is published, in their language or the original."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import Select, select

from app.db import db, is_one_of
from app.models import News, NewsState, NewsText, Petition
from app.petitions.markdown import to_html

MAX_SHOWN = 100
MAX_IN_FEED = 20
ON_A_PAGE = 20
MAX_LISTED = 10_000
TOP_HEADING = 3
_NEWEST_FIRST = (News.began_at.desc(), News.id.desc())
_STANDS = News.began_at.is_not(None) & (News.state != NewsState.CANCELLED)


@dataclass(frozen=True, slots=True)
class ShownNews:
    """A piece of news in one language, and the languages that it is written in. `at` is when it began to be sent."""

    number: int
    title: str
    body: str
    language: str
    at: datetime
    is_outcome: bool
    languages: tuple[str, ...]

    def prose(self, top_heading: int = TOP_HEADING) -> Markup:
        """Return its text as HTML, whose highest headings become level `top_heading`."""
        return to_html(self.body, top_heading)


@dataclass(frozen=True, slots=True)
class ListedNews:
    """The title of a piece of news in one language, its number, and when it began to be sent."""

    number: int
    title: str
    language: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewsListPage:
    """Titles of news, the newest first, and the number of the last of them if there are older ones."""

    found: list[ListedNews]
    older: int | None


def list_public(petition: Petition, language: str, before: int | None = None) -> NewsListPage | None:
    """Return a page of what stands publicly: the newest, or what is older than the news of a number.

    Of a discreet petition nothing stands there. None if there is no news of that number.
    """
    if petition.discreet:
        return NewsListPage([], None)
    newest = _standing(petition).order_by(*_NEWEST_FIRST)
    if before is not None:
        last = _find(petition, before)
        if last is None:
            return None
        began_with_it = (News.began_at == last.began_at) & (News.id < last.id)
        newest = newest.where((News.began_at < last.began_at) | began_with_it)
    found = db.session.scalars(newest.limit(ON_A_PAGE + 1)).all()
    columns = select(NewsText.news_id, NewsText.language, NewsText.title)
    titles: dict[int, dict[str, str]] = {}
    of_found = columns.where(is_one_of(NewsText.news_id, [news.id for news in found])).order_by(NewsText.language)
    for row in db.session.execute(of_found):
        titles.setdefault(row.news_id, {})[row.language] = row.title
    listed = []
    for news in found[:ON_A_PAGE]:
        by_language = titles[news.id]
        tag = next((one for one in (language, petition.language) if one in by_language), min(by_language))
        assert news.began_at is not None
        listed.append(ListedNews(news.number, by_language[tag], tag, news.began_at))
    return NewsListPage(listed, listed[-1].number if len(found) > ON_A_PAGE else None)


def news_in_feed(petition: Petition, language: str) -> list[ShownNews]:
    """Return the newest of what stands publicly, with its texts."""
    return [] if petition.discreet else _newest(petition, language, MAX_IN_FEED)


def news_for_signers(petition: Petition, language: str) -> list[ShownNews]:
    """Return the news that stands for signers, the newest first, each in this language if it is translated."""
    return _newest(petition, language, MAX_SHOWN)


def find_public(petition: Petition, number: int, language: str) -> ShownNews | None:
    """Return one piece of public news of a petition; None if there is none of that number."""
    found = None if petition.discreet else _find(petition, number)
    return _shown([found], petition, language)[0] if found else None


def listed_news() -> list[tuple[str, int, datetime]]:
    """Return slug, number and moment of the newest public news of the site, for its map."""
    public = _STANDS & ~Petition.discreet & Petition.opened_at.is_not(None)
    columns = select(Petition.slug, News.number, News.began_at).join(News, News.petition_id == Petition.id)
    rows = db.session.execute(columns.where(public).order_by(News.id.desc()).limit(MAX_LISTED))
    return [(slug, number, at) for slug, number, at in rows if at]


def text_for(texts: Sequence[NewsText], language: str, original: str) -> NewsText:
    """Return the text in a language, or else the original, or else the first that there is."""
    by_language = {text.language: text for text in texts}
    return by_language.get(language) or by_language.get(original) or texts[0]


def _newest(petition: Petition, language: str, most: int) -> list[ShownNews]:
    newest = _standing(petition).order_by(*_NEWEST_FIRST).limit(most)
    return _shown(db.session.scalars(newest).all(), petition, language)


def _find(petition: Petition, number: int) -> News | None:
    if not 0 <= number < 2**31:
        return None
    return db.session.scalars(_standing(petition).where(News.number == number)).one_or_none()


def _standing(petition: Petition) -> Select[News]:
    return select(News).where(News.petition_id == petition.id, _STANDS)


def _shown(found: Sequence[News], petition: Petition, language: str) -> list[ShownNews]:
    if not found:
        return []
    texts: dict[int, list[NewsText]] = {}
    of_found = select(NewsText).where(is_one_of(NewsText.news_id, [news.id for news in found]))
    for text in db.session.scalars(of_found.order_by(NewsText.language)):
        texts.setdefault(text.news_id, []).append(text)
    shown = []
    for news in found:
        text, at = text_for(texts[news.id], language, petition.language), news.began_at
        assert at is not None
        languages = tuple(one.language for one in texts[news.id])
        shown.append(ShownNews(news.number, text.title, text.body, text.language, at, news.is_outcome, languages))
    return shown
