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
MAX_LISTED = 10_000
TOP_HEADING = 3
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


def public_news(petition: Petition, language: str) -> list[ShownNews]:
    """Return what stands on the petition's page, the newest first. Of a discreet petition nothing does."""
    return [] if petition.discreet else news_for_signers(petition, language)


def news_for_signers(petition: Petition, language: str) -> list[ShownNews]:
    """Return the news that stands for signers, the newest first, each in this language if it is translated."""
    newest = _standing(petition).order_by(News.began_at.desc(), News.id.desc()).limit(MAX_SHOWN)
    return _shown(db.session.scalars(newest).all(), petition, language)


def find_public(petition: Petition, number: int, language: str) -> ShownNews | None:
    """Return one piece of public news of a petition; None if there is none of that number."""
    if petition.discreet or number >= 2**31:
        return None
    found = db.session.scalars(_standing(petition).where(News.number == number)).all()
    return next(iter(_shown(found, petition, language)), None)


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
