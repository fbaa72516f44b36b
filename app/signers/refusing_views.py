"""What nobody wants a letter about: "it was not me", and "never write to me"; GET asks, POST does it, or undoes it."""

from flask import Blueprint, abort, request
from werkzeug import Response

from app import clock
from app.crypto import tokens
from app.db import db, transaction
from app.models import State
from app.outbox import unwanted
from app.signers.decline import can_be_undone, decline, undo_decline
from app.signing.entry import Entry, find_entry
from app.web import language
from app.web.answers import private_page
from app.web.csrf import authorised_by_token

bp = Blueprint("refusing", __name__)


@bp.get("/not-me/<token>")
def ask_who(token: str) -> Response:
    """Ask for the button that says that the mailbox's owner did not sign; or, for 7 days after, for the one back."""
    return _not_me(_entry(token))


@bp.post("/not-me/<token>")
@authorised_by_token
def answer_who(token: str) -> Response:
    """Decline the signature, or undo that; pressed twice it changes nothing more."""
    entry = _entry(token)
    public_id = entry.signature.public_id
    if request.form.get("act") != "undo":
        decline(public_id, never_again="never" in request.form)
    elif undo_decline(public_id):
        return private_page("signers/refused.html", entry=entry, why="undone")
    return _not_me(_entry(token))


@bp.get("/unsubscribe/<token>")
def ask_to_stop(token: str) -> Response:
    """Ask for the button after which this site writes to the mailbox about no petition; or for the one back."""
    return _wanted(_mailbox(token))


@bp.post("/unsubscribe/<token>")
@authorised_by_token
def stop(token: str) -> Response:
    """Write no more, or again. A mail program's own button posts here without asking anything (RFC 8058)."""
    mailbox = _mailbox(token)
    with transaction() as session:
        if request.form.get("act") == "undo":
            unwanted.resume_emails(session, mailbox)
        else:
            unwanted.stop_emails(session, mailbox, clock.now())
    return _wanted(mailbox)


def _not_me(entry: Entry) -> Response:
    if entry.signature.state == State.PENDING:
        return private_page("signers/not_me.html", entry=entry)
    return private_page(
        "signers/refused.html", entry=entry, why=entry.signature.state, undoable=can_be_undone(entry.signature)
    )


def _wanted(mailbox: bytes) -> Response:
    return private_page("signers/unsubscribe.html", entry=None, is_unwanted=unwanted.is_unwanted(db.session(), mailbox))


def _mailbox(token: str) -> bytes:
    """Return the mailbox that a link is about, which is all that it knows: its page speaks the browser's language."""
    return _id(tokens.Purpose.UNSUBSCRIBE, token)


def _entry(token: str) -> Entry:
    """Return the entry that a letter's link is about, whichever of its letters; a page that says why, where none is."""
    entry = find_entry(_id(tokens.Purpose.NOT_ME, token))
    if entry is None:
        abort(private_page("signers/refused.html", 410, entry=None, why="gone"))
    language.set_language(entry.signature.language)
    return entry


def _id(purpose: tokens.Purpose, token: str) -> bytes:
    try:
        return tokens.read_token(purpose, token)[0]
    except tokens.BadToken:
        abort(private_page("signers/no_entry.html", 404, entry=None, why="altered"))
