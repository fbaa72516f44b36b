"""News pauses itself when too many of its e-mails come back or are complained about, and tells the owners.

Large providers refuse whoever goes on: from three in a thousand complaints, and ask for less than one.
"""

from sqlalchemy import select

from app.audit.log import record
from app.db import db, transaction
from app.models import Act, News, NewsState, PauseReason
from app.models.petition import Petition
from app.petitions.news_numbers import Trouble, trouble_since
from app.updates.tell import tell_of_pause

MAX_COMPLAINTS, MIN_COMPLAINTS = 0.001, 2  # a single one, of few, says nothing
MAX_BOUNCES, MIN_BOUNCES = 0.05, 5


def pause_if_troubled(news_id: int) -> bool:
    """Pause news that too many e-mails of come back; return whether it is paused now."""
    news = db.session.get(News, news_id, populate_existing=True)
    if news is None or news.state != NewsState.SENDING or news.watched_since is None:
        return False
    reason = why_to_pause(trouble_since(news_id, news.watched_since))
    if reason is None:
        return False
    with transaction() as session:
        locked = select(News).where(News.id == news_id, News.state == NewsState.SENDING).with_for_update()
        news = session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
        if news is None:
            return True  # somebody has stopped it meanwhile
        news.state, news.pause_reason = NewsState.PAUSED, reason
        record(session, Act.NEWS, news.petition_id, None, what=f"paused: {reason}", number=news.number)
        petition = session.get_one(Petition, news.petition_id)
        tell_of_pause(session, petition, news)
    return True


def why_to_pause(trouble: Trouble) -> PauseReason | None:
    """Return why sending must pause; None if all is well, or if these are too few to tell."""
    if trouble.complained >= MIN_COMPLAINTS and trouble.complained > MAX_COMPLAINTS * trouble.left:
        return PauseReason.COMPLAINTS
    if trouble.bounced >= MIN_BOUNCES and trouble.bounced > MAX_BOUNCES * trouble.left:
        return PauseReason.BOUNCES
    return None
