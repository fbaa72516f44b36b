"""What nobody wants a letter about: "it was not me", and "never write to me"; GET asks, POST does it, or undoes it."""

from typing import Any

from flask import Blueprint, abort, make_response, render_template, request
from werkzeug import Response

from app import clock, tokens
from app.db import db, transaction
from app.models import State
from app.models.signer import signer_of
from app.outbox import unwanted
from app.signers.decline import can_be_undone, decline, undo
from app.signing.stored import Entry, find
from app.web import headers, language
from app.web.origin import authorised_by_token

bp = Blueprint("refusing", __name__)


@bp.get("/not-me/<token>")
def ask_who(token: str) -> Response:
    """Ask for the button that says that the mailbox's owner did not sign; or, for 7 days after, for the one back."""
    return _not_me(_entry(tokens.Purpose.NOT_ME, token))


@bp.post("/not-me/<token>")
@authorised_by_token
def answer_who(token: str) -> Response:
    """Decline the signature, or undo that; pressed twice it changes nothing more."""
    entry = _entry(tokens.Purpose.NOT_ME, token)
    public_id = entry.signature.public_id
    if request.form.get("act") != "undo":
        decline(public_id, never_again="never" in request.form)
    elif undo(public_id):
        return _private("signers/refused.html", entry, why="undone")
    return _not_me(_entry(tokens.Purpose.NOT_ME, token))


@bp.get("/unsubscribe/<token>")
def ask_to_stop(token: str) -> Response:
    """Ask for the button after which this site writes to the mailbox about no petition; or for the one back."""
    return _wanted(_entry(tokens.Purpose.UNSUBSCRIBE, token))


@bp.post("/unsubscribe/<token>")
@authorised_by_token
def stop(token: str) -> Response:
    """Write no more, or again. A mail program's own button posts here without asking anything (RFC 8058)."""
    entry = _entry(tokens.Purpose.UNSUBSCRIBE, token)
    if entry.signature.sealed is not None:
        address = signer_of(entry.signature).email
        with transaction() as session:
            if request.form.get("act") == "undo":
                unwanted.resume(session, address)
            else:
                unwanted.stop(session, address, clock.now())
    return _wanted(_entry(tokens.Purpose.UNSUBSCRIBE, token))


def _not_me(entry: Entry) -> Response:
    if entry.signature.state == State.PENDING:
        return _private("signers/not_me.html", entry)
    return _private("signers/refused.html", entry, why=entry.signature.state, undoable=can_be_undone(entry.signature))


def _wanted(entry: Entry) -> Response:
    if entry.signature.sealed is None:
        return _private("signers/refused.html", entry, why="erased")
    is_unwanted = unwanted.is_unwanted(db.session(), signer_of(entry.signature).email)
    return _private("signers/unsubscribe.html", entry, is_unwanted=is_unwanted)


def _entry(purpose: tokens.Purpose, token: str) -> Entry:
    """Return the entry that a letter's link is about, whichever of its letters; a page that says why, where none is."""
    try:
        public_id, _generation = tokens.read(purpose, token)
    except tokens.BadToken:
        abort(_private("signers/no_entry.html", None, 404, why="altered"))
    entry = find(public_id)
    if entry is None:
        abort(_private("signers/refused.html", None, 410, why="gone"))
    language.speak(entry.signature.language)
    return entry


def _private(template: str, entry: Entry | None, status: int = 200, **context: Any) -> Response:
    return headers.keep_nowhere(make_response(render_template(template, entry=entry, **context), status))
