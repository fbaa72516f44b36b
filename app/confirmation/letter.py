"""The letters around a confirmation, written when they are sent: what is asked, what was done, never what was typed."""

from datetime import datetime

from flask import url_for

from app import clock
from app.crypto import tokens
from app.db import db
from app.email import smtp
from app.email.render import message, render
from app.email.smtp import Letter
from app.models import Occasion, OutboxRow, Signature, State
from app.models.signer import signer_of
from app.outbox import unwanted
from app.signing import code
from app.signing.entry import Entry, find_entry
from app.signing.expiry import confirmable_until, link_works_until
from app.web.language import force_language
from app.web.template_filters import petition_address

# A stranger can cause these, so each of them offers to write no more (RFC 8058).
UNASKED = {"confirm", "reminder", "already_signed"}


def write_letter(row: OutboxRow) -> Letter | None:
    """Return the letter that this row calls for, now, with the signature in hand; None when nothing is to be said."""
    signature = db.session.get(Signature, row.signature_id) if row.signature_id else None
    if signature is None or signature.sealed is None:
        return None
    folder = _folder(row.occasion, signature.state)
    entry = find_entry(signature.public_id)
    mailbox = unwanted.mailbox_of(db.session(), signer_of(signature).email)
    if folder is None or entry is None or unwanted.is_unwanted(db.session(), mailbox):
        return None
    if row.occasion == Occasion.REMINDER and not (entry.petition.is_open(clock.now()) and _can_still(entry)):
        return None
    if row.occasion == Occasion.ENTRY:
        row.generation = (signature.generation + 1) % 2**16  # it has two bytes in the link
    return _message(row, folder, entry, mailbox)


def _folder(occasion: Occasion, state: State) -> str | None:
    """Return the folder in templates/email/ of the letter for this occasion and state."""
    if occasion == Occasion.CONFIRMED:
        return "thanks" if state == State.VERIFIED else None
    if occasion == Occasion.ENTRY:
        return "own_entry" if state in {State.VERIFIED, State.INVALIDATED} else None
    if occasion == Occasion.REMINDER:
        return "reminder" if state == State.PENDING else None
    if state == State.PENDING:
        return "confirm"
    return "already_signed" if state in {State.VERIFIED, State.INVALIDATED} else None


def _can_still(entry: Entry) -> bool:
    return confirmable_until(entry.petition, entry.signature.expires_at) > clock.now()


def _until(row: OutboxRow, entry: Entry) -> datetime:
    """Return when the letter's link stops working: a reminder moves nothing on."""
    if row.occasion == Occasion.REMINDER:
        return confirmable_until(entry.petition, entry.signature.expires_at)
    return link_works_until(entry.petition, clock.now())


def _message(row: OutboxRow, folder: str, entry: Entry, mailbox: bytes) -> Letter:
    generation = entry.signature.generation if row.generation is None else row.generation
    named = (entry.signature.public_id, generation)
    no_more = url_for("refusing.ask_to_stop", token=tokens.make_token(tokens.Purpose.UNSUBSCRIBE, mailbox))
    own = "signers.show_discreetly" if entry.petition.discreet else "signers.show_entry"
    words = {
        "petition": entry.petition,
        "title": None if entry.petition.discreet else entry.text.title,
        "link": url_for("confirmation.ask", token=tokens.make_token(tokens.Purpose.CONFIRM, *named)),
        "own_link": url_for(own, token=tokens.make_token(tokens.Purpose.ENTRY, *named)),
        "not_me_link": url_for("refusing.ask_who", token=tokens.make_token(tokens.Purpose.NOT_ME, *named)),
        "no_more_link": no_more,
        "code": code.draw_code(entry.signature) if entry.signature.state == State.PENDING else None,
        "petition_link": petition_address(entry.petition, entry.signature.language),
        "until": _until(row, entry),
        "contact": entry.petition.contact,
    }
    headers = {}
    if folder in UNASKED:
        headers = {"List-Unsubscribe": f"<{no_more}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    with force_language(entry.signature.language):
        rendered = render(folder, **words)
    sender = smtp.sender(is_discreet=entry.petition.discreet)
    return message(row.public_id, signer_of(entry.signature).email, rendered, sender=sender, headers=headers)
