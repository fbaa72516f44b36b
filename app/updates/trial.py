"""The e-mail of news for whoever writes it, just what signers get: as a list shows it, and as a test to oneself.

The test is marked as one, and its links lead to a page that says so.
"""

from collections.abc import Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import NamedTuple

from flask import current_app
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto.tokens import OF_A_TEST
from app.db import db
from app.email import smtp
from app.email.letter import Letter
from app.email.render import Rendered, marked_as_test, message
from app.models import News, NewsText, Organiser, OutboxRow, Petition
from app.organisers import letter
from app.petitions.news import text_for
from app.updates.about_petition import AboutPetition, about_now, kept
from app.updates.letter import news_links, render_news

KIND = "news test"
MAX_BEGINNING = 200  # characters; no list of e-mails shows more


class ListedEmail(NamedTuple):
    """What a list of e-mails shows of one: who it is from, its subject, and how its text begins."""

    sender: str
    subject: str
    begins: str


def as_listed(petition: Petition, number: int, texts: Sequence[NewsText], language: str) -> ListedEmail:
    """Return what lists show of the e-mail that a signer in this language gets."""
    text = text_for(texts, language, petition.language)
    about = kept(db.session(), petition, text)
    rendered = _render(petition, number, about, text, language)
    sender = smtp.sender(is_discreet=about.is_discreet) or current_app.config["MAIL_DEFAULT_SENDER"]
    name, address = parseaddr(sender)
    body = rendered.html.partition("<body")[2].partition(">")[2]
    return ListedEmail(name or address, rendered.subject, Markup(body).striptags()[:MAX_BEGINNING])  # noqa: S704 - ours


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
    rendered = _render(petition, number, about, text, language)
    sender = smtp.sender(is_discreet=about.is_discreet)
    return message(row.public_id, address, marked_as_test(rendered), sender=sender, reply_to=about.reply_to)


def _render(petition: Petition, number: int, about: AboutPetition, text: NewsText, language: str) -> Rendered:
    tokens = {"stop": OF_A_TEST, "own": OF_A_TEST}
    links = news_links(petition, number, language, **tokens, is_discreet=about.is_discreet)
    return render_news(petition, about, text, language, links)
