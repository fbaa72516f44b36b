"""The e-mail of a piece of news, laid out once for each language and filled in for each signer.

Whether a signer still gets it is asked when it is written, and once more before the server gets its end: whoever
withdraws or unsubscribes meanwhile gets none.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from app.crypto.tokens import Purpose, make_token
from app.db import all_columns, is_one_of
from app.email import smtp
from app.email.mail_merge import MailMerge, placeholder
from app.email.render import Rendered, render, unsubscribe_headers
from app.models import (
    BouncedMailbox,
    News,
    NewsState,
    NewsText,
    OutboxRow,
    Petition,
    Signature,
    State,
    Unwanted,
)
from app.models.signer import AlteredRow, opener
from app.outbox import bounced, unwanted
from app.outbox.callbacks import OnceLetter
from app.petitions.markdown import to_html, with_whole_addresses
from app.petitions.news import text_for
from app.petitions.stop_link import stop_link
from app.petitions.wording import Words
from app.updates.about_petition import AboutPetition, kept
from app.web.absolute_url import absolute_url
from app.web.language import force_language

STOP, OWN_LINK = "stop", "own_link"
EXTENSION = "countersign_news_letters"
MAX_KEPT = 100
TOP_HEADING = 2


def write_news(session: Session, row_ids: Sequence[int]) -> dict[int, OnceLetter | None]:
    """Return the e-mail that each of these rows of the outbox gets, None for none; left out is what is paused."""
    rows = {row.id: row for row in session.execute(_ROWS.where(is_one_of(OutboxRow.id, row_ids)))}
    due = [rows[row_id] for row_id in row_ids if row_id in rows and rows[row_id].state == NewsState.SENDING]
    addresses = _addresses(session, due)
    mailbox_of = unwanted.mailbox_finder(session)
    mailboxes = {row_id: mailbox_of(address) for row_id, address in addresses.items()}
    bounces_as = bounced.mailbox_finder(session)
    bouncing = {row_id: bounces_as(address) for row_id, address in addresses.items()}
    refused = set(unwanted.unwanted_among(session, set(mailboxes.values())))
    came_back = bounced.bounced_among(session, set(bouncing.values()))
    merged = _Merged(session)
    written: dict[int, OnceLetter | None] = {}
    for row in due:
        mailbox = mailboxes.get(row.id)
        if mailbox is None or mailbox in refused or bouncing[row.id] in came_back:
            written[row.id] = None
            continue
        own = {STOP: make_token(Purpose.UNSUBSCRIBE, mailbox), OWN_LINK: _own_token(row)}
        merge = merged.of(row.news_id, row.petition_id, row.language)
        copy = merge.copy(row.public_id, addresses[row.id], own)
        still_due = _is_still_due(row.news_id, row.signature_id, mailbox)
        written[row.id] = OnceLetter(copy, still_due & ~exists().where(BouncedMailbox.mailbox == bouncing[row.id]))
    return written


def render_news(
    petition: Petition, about: AboutPetition, text: NewsText, language: str, links: Mapping[str, str]
) -> Rendered:
    """Render the e-mail of a piece of news for a signer in this language; of a discreet petition it says nothing."""
    is_discreet = about.is_discreet
    with force_language(language):
        return render(
            "news",
            title=None if is_discreet else text.title,
            body=None if is_discreet else text.body,
            prose=None if is_discreet else _prose(text),
            text=text,
            contact=about.contact,
            started_by=Words(about.started_by, about.language_of_started_by),
            controller=about.controller,
            is_translated=text.language == language,
            petition=petition,
            petition_title=about.title,
            **links,
        )


def _prose(text: NewsText) -> Markup:
    return with_whole_addresses(to_html(text.body, TOP_HEADING), current_app.config["BASE_URL"])


def list_id(petition: Petition, *, is_discreet: bool) -> str:
    """Return the List-Id of a petition's news (RFC 2919).

    Discreet ones share one, or whoever has signed there would know by it what others' e-mails are about.
    """
    host = urlsplit(current_app.config["BASE_URL"]).hostname
    return f"<news.{host}>" if is_discreet else f"<{petition.slug}.news.{host}>"


class _Merged:
    """The e-mails that are laid out, by news and the signer's language. They are kept as long as nothing changes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found: dict[tuple[int, str], MailMerge] = {}

    def of(self, news_id: int, petition_id: int, language: str) -> MailMerge:
        """Return the mail merge of a piece of news for signers in this language."""
        found = self._found.get((news_id, language))
        if found is None:
            petition = self._session.get_one(Petition, petition_id)
            found = self._found[news_id, language] = self._kept(news_id, petition, language)
        return found

    def _kept(self, news_id: int, petition: Petition, language: str) -> MailMerge:
        laid_out: dict[Any, MailMerge] = current_app.extensions.setdefault(EXTENSION, {})
        of_news = select(NewsText).where(NewsText.news_id == news_id).order_by(NewsText.language)
        texts = self._session.scalars(of_news).all()
        text = text_for(texts, language, petition.language)
        about = kept(self._session, petition, text)
        shown = (news_id, all_columns(petition), all_columns(text), about, language)
        found = laid_out.get(shown)
        if found is None:
            if len(laid_out) >= MAX_KEPT:
                laid_out.clear()
            number = self._session.get_one(News, news_id).number
            found = laid_out[shown] = _merge(petition, number, about, text, language)
        return found


def _merge(petition: Petition, number: int, about: AboutPetition, text: NewsText, language: str) -> MailMerge:
    is_discreet = about.is_discreet
    tokens = {"stop": placeholder(STOP), "own": placeholder(OWN_LINK)}
    links = news_links(petition, number, language, **tokens, is_discreet=is_discreet)
    rendered = render_news(petition, about, text, language, links)
    list_header = {"List-Id": list_id(petition, is_discreet=is_discreet)}
    headers = unsubscribe_headers(links["no_more_link"]) | list_header
    return MailMerge(rendered, sender=smtp.sender(is_discreet=is_discreet), reply_to=about.reply_to, headers=headers)


def news_links(
    petition: Petition, number: int, language: str, *, stop: str, own: str, is_discreet: bool
) -> dict[str, str]:
    """Return the links in the e-mail of news of that number: to its page, and with these tokens the signer's own.

    With `stop` all e-mails are ended, and `own` opens the signer's entry.
    """
    entry = "signers.show_discreetly" if is_discreet else "signers.show_entry"
    lang = None if language == petition.language else language
    return {
        "news_link": absolute_url("public_news.one", slug=petition.slug, nth=number, lang=lang),
        "no_more_link": stop_link(stop, language, None if is_discreet else petition),
        "own_link": absolute_url(entry, token=own),
    }


def _own_token(row: Any) -> str:
    return make_token(Purpose.ENTRY, row.signed_id, row.generation)


def _addresses(session: Session, rows: Sequence[Any]) -> dict[int, str]:
    """Return the addresses of those of these rows whose signers still agree, by the rows' ids."""
    open_row = {one: opener(session.get_one(Petition, one)) for one in {row.petition_id for row in rows}}
    found: dict[int, str] = {}
    for row in rows:
        if row.signature_state != State.VERIFIED or not row.updates or row.sealed is None:
            continue
        sealed = (row.sealed, row.country, row.visibility.value, row.updates)
        try:
            _, (_, _, _, address, *_) = open_row[row.petition_id](row.signed_id, *sealed)
        except AlteredRow:
            continue  # `count audit` tells of it
        found[row.id] = address
    return found


def _is_still_due(news_id: int, signature_id: int, mailbox: bytes) -> ColumnElement[bool]:
    agrees = (Signature.id == signature_id) & (Signature.state == State.VERIFIED) & Signature.updates
    return (
        exists().where(News.id == news_id, News.state == NewsState.SENDING)
        & exists().where(agrees)
        & ~exists().where(Unwanted.mailbox == mailbox)
    )


_ROWS: Select[*tuple[Any, ...]] = (
    select(
        OutboxRow.id,
        OutboxRow.public_id,
        OutboxRow.news_id,
        OutboxRow.signature_id,
        OutboxRow.petition_id,
        News.state,
        Signature.public_id.label("signed_id"),
        Signature.state.label("signature_state"),
        Signature.language,
        Signature.generation,
        Signature.sealed,
        Signature.country,
        Signature.visibility,
        Signature.updates,
    )
    .join(News, News.id == OutboxRow.news_id)
    .outerjoin(Signature, Signature.id == OutboxRow.signature_id)
)
