"""The letters around a confirmation, written when they are sent: what is asked, what was done, never what was typed."""

from urllib.parse import urlsplit

from flask import current_app, render_template, url_for
from flask_mail import Message

from app import clock, tokens
from app.confirmation.confirm import link_works_until
from app.db import db
from app.models import Occasion, OutboxRow, Signature, State
from app.models.signer import signer_of
from app.signing.stored import Entry, find
from app.web.language import speaking


def write(row: OutboxRow) -> Message | None:
    """Return the letter that this row calls for, now, with the signature in hand; None when nothing is to be said."""
    signature = db.session.get(Signature, row.signature_id) if row.signature_id else None
    if signature is None:
        return None
    folder = _folder(row.occasion, signature.state)
    entry = find(signature.public_id)
    if folder is None or entry is None:
        return None
    if row.occasion == Occasion.ENTRY:
        signature.generation = (signature.generation + 1) % 2**16  # links in older letters open nothing from now on
    return _message(row, folder, entry)


def _folder(occasion: Occasion, state: State) -> str | None:
    """Return the folder in templates/email/ of the letter for this occasion and state."""
    if occasion == Occasion.CONFIRMED:
        return "thanks" if state == State.VERIFIED else None
    if occasion == Occasion.ENTRY:
        return "own_entry" if state in {State.VERIFIED, State.INVALIDATED} else None
    if state == State.PENDING:
        return "confirm"
    return "already_signed" if state in {State.VERIFIED, State.INVALIDATED} else None


def _message(row: OutboxRow, folder: str, entry: Entry) -> Message:
    named = (entry.signature.public_id, entry.signature.generation)
    token, own = tokens.make(tokens.Purpose.CONFIRM, *named), tokens.make(tokens.Purpose.ENTRY, *named)
    words = {
        "petition": entry.petition,
        "title": None if entry.petition.discreet else entry.text.title,
        "link": url_for("confirmation.ask", token=token),
        "own_link": url_for("signers.show_discreetly" if entry.petition.discreet else "signers.show", token=own),
        "petition_link": url_for("petitions.show", slug=entry.petition.slug),
        "until": link_works_until(entry.petition, clock.now()),
        "contact": entry.petition.contact,
        "language": entry.signature.language,
    }
    with speaking(entry.signature.language):
        message = Message(
            subject=" ".join(render_template(f"email/{folder}/subject.txt", **words).split()),
            recipients=[signer_of(entry.signature).email],
            body=render_template(f"email/{folder}/body.txt", **words),
            extra_headers={"Auto-Submitted": "auto-generated"},  # RFC 3834
        )
        message.html = render_template(f"email/{folder}/body.html", **words)
    message.msgId = f"<{row.public_id.hex()}@{urlsplit(current_app.config['BASE_URL']).hostname}>"
    return message
