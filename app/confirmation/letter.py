"""The letters about a signature, written when they are sent. They never repeat what somebody typed."""

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

# Strangers can cause these by typing an address, so each has a List-Unsubscribe header (RFC 8058).
WITH_UNSUBSCRIBE = {"confirm", "reminder", "already_signed"}


def write_letter(row: OutboxRow) -> Letter | None:
    """Return the letter for this outbox row, as the signature's state calls for now; None when none is to be sent."""
    signature = db.session.get(Signature, row.signature_id) if row.signature_id else None
    if signature is None or signature.sealed is None:
        return None
    folder = _folder(row.occasion, signature.state)
    entry = find_entry(signature.public_id)
    mailbox = unwanted.mailbox_of(db.session(), signer_of(signature).email)
    if folder is None or entry is None or unwanted.is_unwanted(db.session(), mailbox):
        return None
    if row.occasion == Occasion.REMINDER and not (entry.petition.is_open(clock.now()) and _is_confirmable(entry)):
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


def _is_confirmable(entry: Entry) -> bool:
    return confirmable_until(entry.petition, entry.signature.expires_at) > clock.now()


def _link_end(row: OutboxRow, entry: Entry) -> datetime:
    """Return when the letter's link stops working. A reminder does not extend that."""
    if row.occasion == Occasion.REMINDER:
        return confirmable_until(entry.petition, entry.signature.expires_at)
    return link_works_until(entry.petition, clock.now())


def _message(row: OutboxRow, folder: str, entry: Entry, mailbox: bytes) -> Letter:
    generation = entry.signature.generation if row.generation is None else row.generation
    id_and_generation = (entry.signature.public_id, generation)
    unsubscribe = url_for("refusing.ask_to_stop", token=tokens.make_token(tokens.Purpose.UNSUBSCRIBE, mailbox))
    entry_endpoint = "signers.show_discreetly" if entry.petition.discreet else "signers.show_entry"
    context = {
        "petition": entry.petition,
        "title": None if entry.petition.discreet else entry.text.title,
        "link": url_for("confirmation.ask", token=tokens.make_token(tokens.Purpose.CONFIRM, *id_and_generation)),
        "own_link": url_for(entry_endpoint, token=tokens.make_token(tokens.Purpose.ENTRY, *id_and_generation)),
        "not_me_link": url_for("refusing.ask_who", token=tokens.make_token(tokens.Purpose.NOT_ME, *id_and_generation)),
        "no_more_link": unsubscribe,
        "code": code.draw_code(entry.signature) if entry.signature.state == State.PENDING else None,
        "petition_link": petition_address(entry.petition, entry.signature.language),
        "until": _link_end(row, entry),
        "contact": entry.petition.contact,
    }
    headers = {}
    if folder in WITH_UNSUBSCRIBE:
        headers = {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    with force_language(entry.signature.language):
        rendered = render(folder, **context)
    sender = smtp.sender(is_discreet=entry.petition.discreet)
    return message(row.public_id, signer_of(entry.signature).email, rendered, sender=sender, headers=headers)
