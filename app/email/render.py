"""Render e-mails from a folder in templates/email/ (subject, text, HTML), and make the message."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import current_app, render_template

from app.crypto import tokens
from app.email.smtp import Letter

AUTOMATIC = {"Auto-Submitted": "auto-generated"}  # RFC 3834


class Rendered(NamedTuple):
    """The content of an e-mail."""

    subject: str
    text: str
    html: str


def render(folder: str, **context: Any) -> Rendered:
    """Render the e-mail of templates/email/<folder>/ in the current language."""
    subject = render_template(f"email/{folder}/subject.txt", **context)
    text = render_template(f"email/{folder}/body.txt", **context)
    html = render_template(f"email/{folder}/body.html", **context)
    return Rendered(" ".join(subject.split()), text, html)


def unsubscribe_headers(url: str) -> dict[str, str]:
    """Return the headers by which mail programs offer to end such letters (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def message(
    public_id: bytes,
    recipient: str,
    rendered: Rendered,
    *,
    sender: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Letter:
    """Return the message of the outbox row with this random id; without `sender`, MAIL_DEFAULT_SENDER is used."""
    letter = Letter(
        subject=rendered.subject,
        recipients=[recipient],
        sender=sender,
        body=rendered.text,
        extra_headers={**AUTOMATIC, **(headers or {})},
    )
    letter.html = rendered.html or None
    letter.msgId = make_message_id(public_id)
    return letter


def make_message_id(public_id: bytes) -> str:
    """Return the Message-ID of the outbox row with this random id. A retry has the same.

    It holds a keyed hash of the id, so that a mail server's log and a stolen database cannot be joined.
    """
    message_id = tokens.keyed_hash("message-id", public_id.hex())[: tokens.ID_BYTES].hex()
    return f"<{message_id}@{urlsplit(current_app.config['BASE_URL']).hostname}>"
