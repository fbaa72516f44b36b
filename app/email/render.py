"""Render e-mails from a folder in templates/email/ (subject, text, HTML), and make the message."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import current_app, render_template
from flask_babel import get_locale

from app.crypto import tokens
from app.email.letter import Letter

TEST_MARK = "[Test] "
AUTOMATIC = {"Auto-Submitted": "auto-generated"}  # RFC 3834


class Rendered(NamedTuple):
    """The content of an e-mail, and the language it is in."""

    subject: str
    text: str
    html: str
    language: str = ""


def render(folder: str, **context: Any) -> Rendered:
    """Render the e-mail of templates/email/<folder>/ in the current language."""
    subject = render_template(f"email/{folder}/subject.txt", **context)
    text = render_template(f"email/{folder}/body.txt", **context)
    html = render_template(f"email/{folder}/body.html", **context)
    return Rendered(" ".join(subject.split()), text, html, str(get_locale()).replace("_", "-"))


def marked_as_test(rendered: Rendered) -> Rendered:
    """Return an e-mail whose subject says that it is a test."""
    return rendered._replace(subject=TEST_MARK + rendered.subject)


def unsubscribe_headers(url: str) -> dict[str, str]:
    """Return the headers by which mail programs offer to end such letters (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def message(
    public_id: bytes,
    recipient: str,
    rendered: Rendered,
    *,
    sender: str | None = None,
    reply_to: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Letter:
    """Return the message of the outbox row with this random id.

    Without `sender` that is MAIL_DEFAULT_SENDER; without `reply_to`, answers go to MAIL_REPLY_TO, or to the sender.
    """
    answers = reply_to or current_app.config["MAIL_REPLY_TO"]
    return Letter(
        public_id=public_id,
        sender=sender or current_app.config["MAIL_DEFAULT_SENDER"],
        recipient=recipient,
        subject=rendered.subject,
        body=rendered.text,
        html=rendered.html,
        message_id=make_message_id(public_id),
        headers={
            **({"Reply-To": answers} if answers else {}),
            **({"Content-Language": rendered.language} if rendered.language else {}),
            **AUTOMATIC,
            **(headers or {}),
        },
    )


def make_message_id(public_id: bytes) -> str:
    """Return the Message-ID of the outbox row with this random id. A retry has the same.

    It holds a keyed hash of the id, so that a mail server's log and a stolen database cannot be joined.
    """
    message_id = tokens.keyed_hash("message-id", public_id.hex())[: tokens.ID_BYTES].hex()
    return f"<{message_id}@{urlsplit(current_app.config['BASE_URL']).hostname}>"
