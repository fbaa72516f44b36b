"""Links that refuse e-mails: "it was not me" and unsubscribe. GET shows a button, POST does it or undoes it."""

from flask import Blueprint, abort, request
from werkzeug import Response

from app import clock
from app.crypto import tokens
from app.db import db, transaction
from app.outbox import unwanted
from app.petitions.stop_link import named_edition
from app.signers.decline import decline, undo_decline
from app.signing.draft import DraftEntry, declined_mark
from app.signing.entry import Entry
from app.signing.link import LinkStatus, follow_link
from app.web import language
from app.web.answers import private_page
from app.web.csrf import authorised_by_token

bp = Blueprint("refusing", __name__)


@bp.get("/not-me/<token>")
def ask_who(token: str) -> Response:
    """Show the button "it was not me"; for 7 days after it was pressed, the button that undoes it."""
    return _not_me_page(*_follow(token))


@bp.post("/not-me/<token>")
@authorised_by_token
def answer_who(token: str) -> Response:
    """Decline the draft, or undo that (idempotent)."""
    entry, _status = _follow(token)
    public_id = _read_id(tokens.Purpose.NOT_ME, token)
    if request.form.get("act") != "undo":
        decline(public_id, never_again="never" in request.form)
    elif undo_decline(public_id):
        return private_page("signers/refused.html", entry=entry, why="undone")
    return _not_me_page(*_follow(token))


@bp.get("/unsubscribe/<token>")
def ask_to_stop(token: str) -> Response:
    """Show the button that ends all e-mails about petitions to this mailbox; or the one that undoes it."""
    return _unsubscribe_page(_mailbox(token))


@bp.post("/unsubscribe/<token>")
@authorised_by_token
def stop(token: str) -> Response:
    """End all e-mails about petitions to this mailbox, or undo that. Mail programs post here directly (RFC 8058)."""
    mailbox = _mailbox(token)
    with transaction() as session:
        if request.form.get("act") == "undo":
            unwanted.resume_emails(session, mailbox)
        else:
            unwanted.stop_emails(session, mailbox, clock.now())
    return _unsubscribe_page(mailbox, undone=request.form.get("act") == "undo")


def _not_me_page(entry: Entry | DraftEntry, status: LinkStatus) -> Response:
    if status == LinkStatus.PENDING:
        return private_page("signers/not_me.html", entry=entry)
    mark = declined_mark(db.session(), entry.draft) if isinstance(entry, DraftEntry) else None
    undo_until = mark.undo_until if mark and mark.undo_until > clock.now() else None
    return private_page("signers/refused.html", entry=entry, why=status, undo_until=undo_until)


def _unsubscribe_page(mailbox: bytes, *, undone: bool = False) -> Response:
    is_unwanted = unwanted.unwanted_since(db.session(), mailbox) is not None
    about = named_edition(
        request.args.get("petition", ""), language.requested_language() or language.browser_language()
    )
    return private_page("signers/unsubscribe.html", about=about, is_unwanted=is_unwanted, undone=undone)


def _mailbox(token: str) -> bytes:
    """Return the keyed hash of the mailbox in the token."""
    return _read_id(tokens.Purpose.UNSUBSCRIBE, token)


def _follow(token: str) -> tuple[Entry | DraftEntry, LinkStatus]:
    """Return what the link leads to, and its status; abort with a page that says why, if there is nothing."""
    entry, status = follow_link(_read_id(tokens.Purpose.NOT_ME, token))
    if entry is None or status == LinkStatus.EXPIRED:
        abort(private_page("signers/refused.html", 410, entry=entry, why="gone"))
    language.set_language(entry.language)
    return entry, status


def _read_id(purpose: tokens.Purpose, token: str) -> bytes:
    try:
        return tokens.read_token(purpose, token)[0]
    except tokens.BadToken:
        why = "test" if token.startswith(tokens.OF_A_TEST) else "altered"
        abort(private_page("signers/no_entry.html", 404, entry=None, why=why))
