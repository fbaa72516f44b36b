"""Merged letters: the letters to forms, each kind laid out once for all who signed one text in one language."""

from datetime import datetime
from typing import NamedTuple

from flask import url_for
from sqlalchemy.orm import Session

from app.confirmation.letter import link_to_entry, render_letter
from app.crypto.tokens import Purpose, make_token
from app.email import smtp
from app.email.mail_merge import MailMerge, placeholder
from app.email.pipelining import ReadyMessage
from app.email.render import unsubscribe_headers
from app.models import Petition, PetitionText
from app.signing.code import DrawnCode
from app.signing.expiry import link_works_until

CONFIRM, NOT_ME, CODE, STOP, OWN_LINK = "confirm", "not_me", "code", "stop", "own_link"
_OF_FOLDER = {"confirm": (CONFIRM, NOT_ME, CODE, STOP), "already_signed": (OWN_LINK, STOP)}


class About(NamedTuple):
    """What a letter is about, a draft or a signature: its random id, petition, text and language."""

    public_id: bytes
    petition_id: int
    text_id: int
    language: str


class Recipient(NamedTuple):
    """Who gets a letter: public id of its outbox row, plain address, mailbox as in app/outbox/unwanted.py."""

    public_id: bytes
    address: str
    mailbox: bytes
    had_stopped: bool


class MergedLetters:
    """Makes copies; what is the same in them is rendered for the first."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now
        self._merges: dict[tuple[int, str, bool], dict[str, MailMerge]] = {}

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
        return self._copy(
            "already_signed", about, to, {OWN_LINK: make_token(Purpose.ENTRY, about.public_id, generation)}
        )

    def _copy(self, folder: str, about: About, to: Recipient, own: dict[str, str]) -> ReadyMessage:
        kind = (about.text_id, about.language, to.had_stopped)
        # All at once: else it would take longer as soon as one in a batch has signed.
        merges = self._merges[kind] = self._merges.get(kind) or {
            each: self._merge(each, about, had_stopped=to.had_stopped) for each in _OF_FOLDER
        }
        return merges[folder].copy(to.public_id, to.address, own | {STOP: make_token(Purpose.UNSUBSCRIBE, to.mailbox)})

    def _merge(self, folder: str, about: About, *, had_stopped: bool) -> MailMerge:
        petition = self._session.get_one(Petition, about.petition_id)
        unsubscribe = url_for("refusing.ask_to_stop", token=placeholder(STOP))
        words: dict[str, dict[str, object]] = {
            "confirm": {
                "link": url_for("confirmation.ask", token=placeholder(CONFIRM)),
                "not_me_link": url_for("refusing.ask_who", token=placeholder(NOT_ME)),
                "code": placeholder(CODE),
                "until": link_works_until(petition, self._now),
            },
            "already_signed": {"own_link": link_to_entry(petition, placeholder(OWN_LINK))},
        }
        text = self._session.get_one(PetitionText, about.text_id)
        common = {"had_stopped": had_stopped, "no_more_link": unsubscribe}
        rendered = render_letter(folder, petition, text, about.language, **common, **words[folder])
        sender = smtp.sender(is_discreet=petition.discreet)
        headers = unsubscribe_headers(unsubscribe)
        return MailMerge(rendered, _OF_FOLDER[folder], sender=sender, headers=headers)
