"""Write news: a draft with a text for each language, which its editors change until an owner asks to send it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import clock
from app.audit.log import record
from app.db import db
from app.models import Act, News, NewsState, NewsText, Petition
from app.models.petition import Standing
from app.organisers.access import Who
from app.organisers.acting import NotTheirs, acting

MAX_DRAFTS = 20  # of a petition


class TooManyDrafts(Exception):
    """The petition has as many drafts as it may have."""


class NotADraft(Exception):
    """The news is asked to be sent, or is sent already."""


class ChangedMeanwhile(Exception):
    """Somebody else has saved the draft since the page was opened."""


class Written(NamedTuple):
    """The title and the text in one language."""

    title: str
    body: str


def begin_news(petition_id: int, organiser_id: int) -> int:
    """Begin an empty draft of an opened petition; return its number.

    Raises NotTheirs for a petition that is not opened, and TooManyDrafts.
    """
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, petition):
        if petition.opened_at is None:
            raise NotTheirs
        unsent = News.state.in_((NewsState.DRAFT, NewsState.ASKED)) & (News.petition_id == petition_id)
        if (session.scalar(select(func.count(News.id)).where(unsent)) or 0) >= MAX_DRAFTS:
            raise TooManyDrafts
        last = session.scalar(select(func.max(News.number)).where(News.petition_id == petition_id)) or 0
        about = {"petition_id": petition_id, "written_by": organiser_id, "made_at": clock.now()}
        session.add(News(number=last + 1, state=NewsState.DRAFT, **about))
        _record(session, petition, organiser_id, "begun", last + 1)
    return last + 1


def save_news(
    petition_id: int,
    organiser_id: int,
    number: int,
    revision: int,
    texts: Mapping[str, Written],
    *,
    is_outcome: bool,
) -> None:
    """Save a draft's texts by language, those without words left out. Only a closed petition has an outcome.

    What is saved already changes nothing. Raises NotADraft, and ChangedMeanwhile if it has another revision by now.
    """
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, petition):
        news = locked_news(session, petition_id, number)
        if news.state != NewsState.DRAFT:
            raise NotADraft
        is_outcome = is_outcome and is_closed(petition)
        saved = session.scalars(select(NewsText).where(NewsText.news_id == news.id))
        if news.is_outcome == is_outcome and {one.language: (one.title, one.body) for one in saved} == texts:
            return
        if news.revision != revision:
            raise ChangedMeanwhile
        session.execute(delete(NewsText).where(NewsText.news_id == news.id))
        session.add_all(
            NewsText(news_id=news.id, language=tag, title=one.title, body=one.body) for tag, one in texts.items()
        )
        news.revision += 1
        news.is_outcome = is_outcome
        _record(session, petition, organiser_id, "written", number)


def make_draft_again(news: News) -> None:
    """Make a draft again of locked news that was only asked to be sent."""
    news.state = NewsState.DRAFT
    news.asked_by = news.asked_at = news.due_at = news.consented_by = None


def is_closed(petition: Petition) -> bool:
    """Return whether the petition is closed, so that news can be what became of it."""
    return petition.standing(clock.now()) == Standing.CLOSED


def delete_news(petition_id: int, organiser_id: int, number: int) -> None:
    """Delete a draft; raise NotADraft if it is none any more."""
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, petition):
        news = locked_news(session, petition_id, number)
        if news.state != NewsState.DRAFT:
            raise NotADraft
        session.execute(delete(NewsText).where(NewsText.news_id == news.id))
        session.delete(news)
        _record(session, petition, organiser_id, "deleted", number)


def find_news(petition_id: int, number: int) -> News | None:
    """Return a petition's news of that number."""
    if number >= 2**31:
        return None
    of_number = (News.petition_id == petition_id) & (News.number == number)
    return db.session.scalars(select(News).where(of_number)).one_or_none()


def all_news(petition_id: int) -> Sequence[News]:
    """Return all news of a petition, the newest first."""
    return db.session.scalars(select(News).where(News.petition_id == petition_id).order_by(News.id.desc())).all()


def titles_of(petition_id: int) -> dict[int, dict[str, str]]:
    """Return the titles of all news of a petition, by its id and their languages."""
    columns = select(NewsText.news_id, NewsText.language, NewsText.title).join(News, News.id == NewsText.news_id)
    titles: dict[int, dict[str, str]] = {}
    of_petition = columns.where(News.petition_id == petition_id).order_by(NewsText.language)
    for row in db.session.execute(of_petition):
        titles.setdefault(row.news_id, {})[row.language] = row.title
    return titles


def texts_of(news: News) -> Sequence[NewsText]:
    """Return the texts of news, the original first, then by their languages' tags."""
    is_translated = (
        NewsText.language != select(Petition.language).where(Petition.id == news.petition_id).scalar_subquery()
    )
    of_news = select(NewsText).where(NewsText.news_id == news.id)
    return db.session.scalars(of_news.order_by(is_translated, NewsText.language)).all()


def locked_news(session: Session, petition_id: int, number: int) -> News:
    """Lock news until the transaction ends, and return it; raise NotTheirs if the petition has none of that number."""
    of_number = (News.petition_id == petition_id) & (News.number == number)
    locked = select(News).where(of_number).with_for_update().execution_options(populate_existing=True)
    news = session.scalars(locked).one_or_none() if number < 2**31 else None
    if news is None:
        raise NotTheirs
    return news


def _record(session: Session, petition: Petition, organiser_id: int, what: str, number: int) -> None:
    record(session, Act.NEWS, petition.id, organiser_id, what=what, number=number)
