"""`/dev/mailbox`: the letters caught, for the one person who runs the site on this machine, and for nobody else."""

from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, make_response, request
from markupsafe import Markup

from app.mailbox import caught_emails
from app.web import headers
from app.web.answers import private_page
from app.web.this_machine import is_from_this_machine, is_loopback

bp = Blueprint("mailbox", __name__, url_prefix="/dev/mailbox")
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-top-navigation allow-popups"


@bp.before_request
def only_here() -> None:
    """Answer as if there were no such page to all but a person at this machine under `make run`."""
    config = current_app.config
    here = (
        config["MAILBOX_DIR"] and is_loopback(urlsplit(config["BASE_URL"]).hostname) and is_from_this_machine(request)
    )
    if not here:
        abort(404)


@bp.get("")
def show_mailbox() -> Response:
    """Show the letters caught, the newest first, with the links in them."""
    caught = caught_emails.list_emails(_folder())
    return private_page("mailbox/mailbox.html", letters=caught)


@bp.get("/<number>.html")
def html_part(number: str) -> Response:
    """Show a letter's HTML part alone, as a mail program would."""
    letter = caught_emails.find_email(_folder(), number)
    if letter is None:
        abort(404)
    response = headers.no_store(make_response(Markup(letter.part("html"))))  # noqa: S704 - our own letter
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    return response


def _folder() -> Path:
    return Path(current_app.config["MAILBOX_DIR"])
