"""Tell the owners of a petition of its news: that it is to be sent, and that it has paused itself.

They cannot switch these e-mails off: nobody else could stop what a thief of one owner's account sends.
"""

from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.models import News, Organiser, Petition
from app.organisers.letter import owners_of, queue_rendered_letter
from app.petitions.news import text_for
from app.petitions.page import newest_title
from app.updates.write import texts_of
from app.web.absolute_url import absolute_url


def tell_of_asking(session: Session, petition: Petition, news: News, asker: Organiser) -> None:
    """Tell the owners other than who asked that news is to be sent; the caller commits.

    The e-mails go out after what signers wait for, and ahead of the news.
    """
    texts = texts_of(news)
    words: dict[str, Any] = {
        "who": asker.introduced,
        "moment": news.due_at,
        "is_outcome": news.is_outcome,
        "link": _link(petition, news),
    }
    for owner in owners_of(session, petition.id):
        if owner.id != asker.id:
            title = None if petition.discreet else text_for(texts, owner.language, petition.language).title
            queue_rendered_letter(session, owner, "news_asked", clock.now(), can_wait=True, title=title, **words)


def tell_of_pause(session: Session, petition: Petition, news: News) -> None:
    """Tell the owners that news has paused itself, and why; the caller commits."""
    title = None if petition.discreet else newest_title(petition)
    words: dict[str, Any] = {"title": title, "reason": news.pause_reason, "link": _link(petition, news)}
    for owner in owners_of(session, petition.id):
        queue_rendered_letter(session, owner, "news_paused", clock.now(), **words)


def _link(petition: Petition, news: News) -> str:
    """Return the link to the page of news, or, as it must not name a discreet petition, to the organisers' own."""
    if petition.discreet:
        return absolute_url("organisers.home")
    return absolute_url("updates.news", slug=petition.slug, nth=news.number)
