"""The test e-mail of news to whoever writes it: just what signers get, but that its links lead nowhere."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db
from app.email import smtp
from app.email.letter import Letter
from app.email.render import message
from app.models import News, NewsText, Organiser, OutboxRow, Petition
from app.organisers import letter
from app.petitions.news import text_for
from app.updates.about_petition import about_now
from app.updates.letter import news_links, render_news

KIND = "news test"
NO_TOKEN = "test"  # noqa: S105 - where a signer's own would stand


def queue_test(session: Session, organiser: Organiser, news: News, language: str, at: datetime) -> None:
    """Queue the test e-mail in this language; the caller commits."""
    letter.queue_for_member(session, KIND, organiser, news.petition_id, at, str(news.id), language)


def render_test(row: OutboxRow) -> Letter | None:
    """Return the test e-mail that a row of the outbox asks for; None if it asks for another one, or it is gone."""
    fields = letter.unseal_fields(row, KIND)
    if not fields or row.petition_id is None:
        return None
    session = db.session()
    address, news_id, language = fields
    petition = session.get_one(Petition, row.petition_id)
    texts = session.scalars(select(NewsText).where(NewsText.news_id == int(news_id)).order_by(NewsText.language)).all()
    if not texts:
        return None
    text = text_for(texts, language, petition.language)
    about = about_now(session, petition, text.language)
    number = session.get_one(News, int(news_id)).number
    tokens = {"stop": NO_TOKEN, "own": NO_TOKEN}
    links = news_links(petition, number, language, **tokens, is_discreet=about.is_discreet)
    rendered = render_news(petition, about, text, language, links)
    sender = smtp.sender(is_discreet=about.is_discreet)
    return message(row.public_id, address, rendered, sender=sender, reply_to=about.reply_to)
