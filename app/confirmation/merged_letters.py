"""Merged letters: the letters to forms, each kind laid out once for all who signed one text in one language."""

from datetime import datetime
from typing import Any, NamedTuple

from flask import current_app, url_for
from sqlalchemy.orm import Session

from app.confirmation.letter import link_to_entry, render_letter
from app.crypto.tokens import Purpose, make_token
from app.db import all_columns
from app.email import smtp
from app.email.mail_merge import MailMerge, placeholder
from app.email.pipelining import ReadyMessage
from app.email.render import unsubscribe_headers
from app.models import Petition, PetitionText, PrivacyNotice
from app.petitions.answers import answers_to
from app.petitions.stop_link import stop_link
from app.signing.code import DrawnCode
from app.signing.expiry import link_works_until

CONFIRM, NOT_ME, CODE, STOP, OWN_LINK = "confirm", "not_me", "code", "stop", "own_link"
_FOLDERS = ("confirm", "already_signed")
EXTENSION = "countersign_merged_letters"
MAX_KEPT = 100
_Kinds = dict[tuple[str, bool], MailMerge]


class About(NamedTuple):
    """What a letter is about, a draft or a signature, by its random id; and what the form showed in which language."""

    public_id: bytes
    petition_id: int
    text_id: int
    notice_id: int
    language: str


class Recipient(NamedTuple):
    """Who gets a letter: public id of its outbox row, plain address, mailbox as in app/outbox/unwanted.py."""

    public_id: bytes
    address: str
    mailbox: bytes
    had_stopped: bool


class MergedLetters:
    """Makes copies. What is the same in them is rendered for the first, and kept for as long as it would be the same.

    All kinds are rendered at once, in the language of the form: if it went by what its mailbox did, the first letter
    after it would leave later.
    """

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now
        self._found: dict[tuple[int, int, str], _Kinds] = {}

    def confirm(self, about: About, to: Recipient, code: DrawnCode) -> ReadyMessage:
        """Return the letter that asks to confirm a draft."""
        own = {
            CONFIRM: make_token(Purpose.CONFIRM, about.public_id),
            NOT_ME: make_token(Purpose.NOT_ME, about.public_id),
            CODE: code.shown,
        }
        return self._copy("confirm", about, to, own)

    def already_signed(self, about: About, to: Recipient, generation: int) -> ReadyMessage:
        """Return the letter that says that the mailbox has signed already; its link is of that generation."""
        link = make_token(Purpose.ENTRY, about.public_id, generation)
        return self._copy("already_signed", about, to, {OWN_LINK: link})

    def prepare(self, petition_id: int, text_id: int, notice_id: int, language: str) -> None:
        """Render what is not rendered yet, so that it takes no longer later."""
        self._kinds(petition_id, text_id, notice_id, language)

    def _copy(self, folder: str, about: About, to: Recipient, own: dict[str, str]) -> ReadyMessage:
        merge = self._kinds(*about[1:])[folder, to.had_stopped]
        return merge.copy(to.public_id, to.address, own | {STOP: make_token(Purpose.UNSUBSCRIBE, to.mailbox)})

    def _kinds(self, petition_id: int, text_id: int, notice_id: int, language: str) -> _Kinds:
        found = self._found.get((text_id, notice_id, language))
        if found is None:
            petition = self._session.get_one(Petition, petition_id)
            text = self._session.get_one(PetitionText, text_id)
            until = link_works_until(petition, self._now).replace(second=0, microsecond=0)
            notice = self._session.get_one(PrivacyNotice, notice_id)
            shown = _Shown(petition, text, notice, language, until)
            found = self._found[text_id, notice_id, language] = _kept_kinds(shown)
        return found


class _Shown(NamedTuple):
    """What letters of one kind show alike."""

    petition: Petition
    text: PetitionText
    notice: PrivacyNotice
    language: str
    until: datetime


def _kept_kinds(shown: _Shown) -> _Kinds:
    """Return the letters of all kinds, rendered anew each minute, and if anything that they can show has changed."""
    kept: dict[Any, _Kinds] = current_app.extensions.setdefault(EXTENSION, {})
    key = (*map(all_columns, shown[:3]), shown.language, shown.until)
    found = kept.get(key)
    if found is None:
        if len(kept) >= MAX_KEPT:
            kept.clear()
        found = kept[key] = {
            (folder, had_stopped): _merge(folder, shown, had_stopped=had_stopped)
            for folder in _FOLDERS
            for had_stopped in (False, True)
        }
    return found


def _merge(folder: str, shown: _Shown, *, had_stopped: bool) -> MailMerge:
    petition, text, notice, language, until = shown
    unsubscribe = stop_link(placeholder(STOP), language, petition)
    words: dict[str, dict[str, object]] = {
        "confirm": {
            "link": url_for("confirmation.ask", token=placeholder(CONFIRM)),
            "not_me_link": url_for("refusing.ask_who", token=placeholder(NOT_ME)),
            "code": placeholder(CODE),
            "until": until,
        },
        "already_signed": {"own_link": link_to_entry(petition, placeholder(OWN_LINK))},
    }
    common = {"had_stopped": had_stopped, "no_more_link": unsubscribe}
    rendered = render_letter(folder, petition, text, notice, language, **common, **words[folder])
    return MailMerge(
        rendered,
        sender=smtp.sender(is_discreet=petition.discreet),
        reply_to=answers_to(petition, notice),
        headers=unsubscribe_headers(unsubscribe),
    )
