"""Send news: an owner asks, another one consents or a quarter of an hour passes; and how it is stopped."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from app import clock
from app.audit.log import record
from app.db import db
from app.models import Act, Membership, News, NewsState, NewsText, Organiser, PauseReason
from app.organisers.access import Who
from app.organisers.acting import acting
from app.updates import about_petition
from app.updates.outcome import take_back_outcome
from app.updates.tell import tell_of_asking
from app.updates.write import ChangedMeanwhile, NotADraft, is_closed, locked_news, make_draft_again

DELAY = timedelta(minutes=15)


class WithoutOriginal(Exception):
    """The news has no text in the petition's own language, which signers get who have no other."""


def ask_to_send(petition_id: int, organiser_id: int, number: int, revision: int) -> bool:
    """Ask to send a draft as it was seen, and tell the other owners; return whether this was what did it.

    Of two owners who ask at once one does it. Raises WithoutOriginal, ChangedMeanwhile, and NotADraft for what is
    sent or cancelled already.
    """
    with acting(petition_id, organiser_id, Who.OWNERS) as (session, petition):
        news = locked_news(session, petition_id, number)
        if news.state in {NewsState.ASKED, NewsState.SENDING}:
            return False
        if news.state != NewsState.DRAFT:
            raise NotADraft
        if news.revision != revision:
            raise ChangedMeanwhile
        texts = session.scalars(select(NewsText).where(NewsText.news_id == news.id)).all()
        if petition.language not in {text.language for text in texts}:
            raise WithoutOriginal
        for text in texts:
            about_petition.keep(session, petition, text)
        now = clock.now()
        news.is_outcome = news.is_outcome and is_closed(petition)  # it may have been opened again since
        news.state, news.asked_by, news.asked_at, news.due_at = NewsState.ASKED, organiser_id, now, now + DELAY
        news.asker_left = False
        record(session, Act.NEWS, petition_id, organiser_id, what="asked", number=number)
        tell_of_asking(session, petition, news, session.get_one(Organiser, organiser_id))
    return True


def consent(petition_id: int, organiser_id: int, number: int, revision: int) -> bool:
    """Let news go out at once, as it was seen, that another owner has asked to send; return whether that was so.

    It was not if this owner asked, or became one only since. Raises ChangedMeanwhile if it was taken back, changed and
    asked for again since.
    """

    def change(news: News) -> bool:
        if not may_consent(news, organiser_id):
            return False
        if news.revision != revision:
            raise ChangedMeanwhile
        if news.consented_by is None:
            news.consented_by, news.due_at = organiser_id, clock.now()
        return True

    return _act(petition_id, organiser_id, number, "consented", change)


def may_consent(news: News, organiser_id: int) -> bool:
    """Return whether this owner may consent to news: another one than who asked, and an owner before that.

    Else whoever has stolen an owner's account would invite somebody to consent.
    """
    if news.state != NewsState.ASKED or news.asked_at is None or news.asked_by == organiser_id:
        return False
    member = db.session.get(Membership, (news.petition_id, organiser_id), populate_existing=True)
    return member is not None and member.was_owner(news.asked_at)


def pause(petition_id: int, organiser_id: int, number: int) -> bool:
    """Pause what is being sent; return whether it was."""

    def change(news: News) -> bool:
        if news.state != NewsState.SENDING:
            return False
        news.state, news.pause_reason = NewsState.PAUSED, PauseReason.OWNER
        return True

    return _act(petition_id, organiser_id, number, "paused", change)


def resume(petition_id: int, organiser_id: int, number: int) -> bool:
    """Go on with what was paused; return whether that could be. What comes back from now on can pause it again.

    Nobody knows who has got it since the backup that a site was restored from, so there it does not go on.
    """

    def change(news: News) -> bool:
        if news.state != NewsState.PAUSED or news.pause_reason == PauseReason.RESTORED:
            return False
        news.state, news.pause_reason, news.watched_since = NewsState.SENDING, None, clock.now()
        return True

    return _act(petition_id, organiser_id, number, "resumed", change)


def cancel(petition_id: int, organiser_id: int, number: int) -> bool:
    """Send no more of it, and take it off the public pages; what was only asked for becomes a draft again.

    Returns whether there was anything to cancel. What waits in the outbox is ended by the worker. What was sent to all
    can be taken off, too.
    """
    with acting(petition_id, organiser_id, Who.OWNERS) as (session, petition):
        news = locked_news(session, petition_id, number)
        if news.state == NewsState.ASKED:
            make_draft_again(news)
        elif news.state in {NewsState.SENDING, NewsState.PAUSED, NewsState.SENT}:
            news.state, news.pause_reason, news.ended_at = NewsState.CANCELLED, None, news.ended_at or clock.now()
            news.all_queued = False  # until the worker has ended what waits
            take_back_outcome(session, petition, news, organiser_id)
        else:
            return False
        record(session, Act.NEWS, petition_id, organiser_id, what="cancelled", number=number)
    return True


def _act(petition_id: int, organiser_id: int, number: int, what: str, change: Callable[[News], bool]) -> bool:
    with acting(petition_id, organiser_id, Who.OWNERS) as (session, _petition):
        is_changed = change(locked_news(session, petition_id, number))
        if is_changed:
            record(session, Act.NEWS, petition_id, organiser_id, what=what, number=number)
    return is_changed
