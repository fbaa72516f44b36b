"""The worker's part in sending news: it begins what is due, queues its e-mails a few thousand ahead, and ends it.

Only so many wait in the outbox at a time, so that a pause or an end of it is felt at once, and whoever has withdrawn
by then is not even looked at. The e-mails themselves are written when they are sent: see app/updates/letter.py.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.log import record
from app.db import db, in_batches, insert, is_one_of, transaction
from app.models import Act, News, NewsState, Occasion, OutboxProgress, OutboxRow, Petition, Role, Signature, State
from app.organisers.acting import role_now
from app.outbox.enqueue import letter_row
from app.updates import watch
from app.updates.outcome import publish_outcome
from app.updates.write import make_draft_again

WINDOW = 5000
BATCH_SIZE = 1000
AT_WORK = News.state.in_((NewsState.ASKED, NewsState.SENDING))
NOT_YET_ENDED = (News.state == NewsState.CANCELLED) & ~News.all_queued


def send_news() -> int:
    """Do for all news that is being sent what is due; return how many e-mails were queued."""
    queued = 0
    found = select(News.id, News.state).where(AT_WORK | NOT_YET_ENDED).order_by(News.id)
    for news_id, state in db.session.execute(found).all():
        if state == NewsState.CANCELLED:
            _end_cancelled(news_id)
        elif not watch.pause_if_troubled(news_id):
            while added := _step(news_id):
                queued += added
    return queued


def _end_cancelled(news_id: int) -> None:
    """End the e-mails that waited when their news was cancelled. Those in a worker's hand are let go by it."""
    waits = OutboxRow.progress.in_((OutboxProgress.WAITING, OutboxProgress.HELD)) & (OutboxRow.news_id == news_id)

    def end(session: Session, ids: Sequence[int]) -> None:
        ended = {"progress": OutboxProgress.SILENT, "ended_at": clock.now(), "claim": None, "leased_until": None}
        change = update(OutboxRow).where(is_one_of(OutboxRow.id, ids)).values(ended)
        session.execute(change.execution_options(synchronize_session=False))

    in_batches(select(OutboxRow.id).where(waits).order_by(OutboxRow.id), end)
    with transaction() as session:
        if not session.scalar(select(exists().where(waits))):
            session.execute(update(News).where(News.id == news_id).values(all_queued=True))


def _step(news_id: int) -> int:
    """Begin, queue or end one piece of news, as is due; return how many e-mails were queued."""
    its_petition = Petition.id.in_(select(News.petition_id).where(News.id == news_id))
    with transaction() as session:
        # First, as organisers' acts lock it before the news: nobody's role in it changes until this has ended.
        of_news = select(Petition).where(its_petition).with_for_update(key_share=True)
        petition = session.scalars(of_news.execution_options(populate_existing=True)).one()
        locked = select(News).where(News.id == news_id).with_for_update(skip_locked=True)
        news = session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
        if news is None:
            return 0  # another worker is at it
        now = clock.now()
        if news.state == NewsState.ASKED and news.due_at is not None and news.due_at <= now:
            _begin(session, petition, news, now)
        if news.state != NewsState.SENDING:
            return 0
        if not news.all_queued:
            return _queue(session, news)
        waits = (OutboxRow.news_id == news.id) & OutboxRow.progress.in_((OutboxProgress.WAITING, OutboxProgress.HELD))
        if not session.scalar(select(exists().where(waits))):
            news.state, news.ended_at = NewsState.SENT, now
    return 0


def _begin(session: Session, petition: Petition, news: News, now: datetime) -> None:
    """Begin to send news that is due, if who had the last word still owns its petition; else it is a draft again."""
    answers_for_it = news.consented_by or news.asked_by
    if answers_for_it is None or role_now(session, petition, answers_for_it) != Role.OWNER:
        make_draft_again(news)
        news.asker_left = True
        record(session, Act.NEWS, petition.id, None, what="taken back", number=news.number)
        return
    news.state, news.began_at, news.watched_since = NewsState.SENDING, now, now
    publish_outcome(session, news)


def _queue(session: Session, news: News) -> int:
    """Queue the next e-mails of news, up to WINDOW that wait; return how many."""
    is_waiting = (OutboxRow.news_id == news.id) & (OutboxRow.progress == OutboxProgress.WAITING)
    waiting = session.scalar(select(func.count(OutboxRow.id)).where(is_waiting)) or 0
    size = min(BATCH_SIZE, WINDOW - waiting)
    if size <= 0:
        return 0
    ids = _next_signers(session, news, size)
    if ids:
        now = clock.now()
        rows = [
            letter_row(Occasion.NEWS, now, news.petition_id, signature_id=one) | {"news_id": news.id} for one in ids
        ]
        session.execute(insert(OutboxRow).on_conflict_do_nothing(), rows)
        news.queued_up_to = ids[-1]
    news.all_queued = len(ids) < size
    return len(ids)


def _next_signers(session: Session, news: News, size: int) -> Sequence[int]:
    """Return the next verified signatures, by id, that agreed to updates and had been confirmed when it began."""
    agreed = Signature.updates & (Signature.state == State.VERIFIED) & Signature.sealed.is_not(None)
    those = agreed & (Signature.petition_id == news.petition_id) & (Signature.verified_at <= news.began_at)
    next_ones = select(Signature.id).where(those, Signature.id > news.queued_up_to)
    return session.scalars(next_ones.order_by(Signature.id).limit(size)).all()
