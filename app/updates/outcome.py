"""News that is the outcome of its petition stands as that on its page, from when it begins until it is cancelled."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.log import record
from app.models import Act, News, NewsText, Petition
from app.petition_files.file import MAX_TEXT_LENGTH


def publish_outcome(session: Session, news: News) -> None:
    """Let news that is the outcome of its petition stand as that on its page, in each of its languages."""
    if not news.is_outcome:
        return
    petition = session.get_one(Petition, news.petition_id)
    petition.outcome = _outcome(session, news)
    petition.outcome_on = news.began_at.date() if news.began_at else None
    record(session, Act.EDITED, petition.id, news.asked_by, what="outcome, outcome_on")


def take_back_outcome(session: Session, petition: Petition, news: News, organiser_id: int) -> None:
    """Empty the outcome of a petition if it is still what this news has set. What it was before is not kept."""
    if news.is_outcome and petition.outcome == _outcome(session, news):
        petition.outcome = petition.outcome_on = None
        record(session, Act.EDITED, petition.id, organiser_id, what="outcome, outcome_on")


def _outcome(session: Session, news: News) -> dict[str, str]:
    texts = session.scalars(select(NewsText).where(NewsText.news_id == news.id)).all()
    return {text.language: text.body[:MAX_TEXT_LENGTH] for text in texts}
