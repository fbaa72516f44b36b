"""One e-mail of each kind, marked as a test, for whoever wants to see how they arrive. Their links do nothing."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import current_app, url_for
from sqlalchemy import select

from app import clock
from app.confirmation.letter import WITH_UNSUBSCRIBE, link_to_entry, render_letter
from app.crypto.tokens import OF_A_TEST
from app.db import db
from app.email import smtp
from app.email.letter import Letter, make_ready
from app.email.render import Rendered, marked_as_test, message, render, unsubscribe_headers
from app.mailbox import catcher
from app.models import NewsText, Petition, Role
from app.petition_files.tell_owners import ChangedText
from app.petitions.answers import answers_to
from app.petitions.difference import Snippet
from app.petitions.labels import LABELS
from app.petitions.page import find_edition
from app.updates import about_petition
from app.updates.letter import list_id, news_links, render_news
from app.web.language import force_language

ABOUT_PETITIONS = ("confirm", "reminder", "already_signed", "own_entry", "thanks")
TO_ORGANISERS = (
    *("invitation", "added", "password_reset", "password_changed", "wrong_codes", "petition_changed"),
    *("news_asked", "news_paused", "notice"),
)
_ID_BYTES = 16


def one_of_each(recipient: str) -> Iterator[tuple[str, Letter]]:
    """Yield each kind's name and the e-mail to `recipient`, those about a petition only if there is an open one."""
    newest = select(Petition).where(Petition.deleted_at.is_(None)).order_by(Petition.id.desc())
    now = clock.now()
    petition = next((one for one in db.session.scalars(newest) if one.is_genuine and one.is_open(now)), None)
    if petition is not None:
        yield from _about_petition(petition, recipient)
    yield from _to_organisers(recipient)


def send_one(connection: smtp.SmtpConnection, letter: Letter) -> str:
    """Hand an e-mail over; return in words what the relay said. Raises NoConnection."""
    try:
        connection.send_ready(make_ready(letter))
    except smtp.NoConnection:
        raise
    except smtp.Permanent as error:
        return f"refused for good: {error}"
    except smtp.Temporary as error:
        return f"not now: {error}"
    return "taken"


def send_to_ourselves(letter: Letter) -> bytes:
    """Send an e-mail over SMTP to a catcher of our own on this machine; return it as it arrived."""
    mail = current_app.extensions["mail"]
    before = dict(vars(mail))
    port, connection = catcher.free_port(), smtp.SmtpConnection()
    with TemporaryDirectory() as folder:
        controller = catcher.start(Path(folder), port)
        vars(mail).update(server="127.0.0.1", port=port, use_tls=False, use_ssl=False, username=None)
        try:
            connection.send_ready(make_ready(letter))
        finally:
            vars(mail).update(before)
            connection.close()
            controller.stop()
        (caught,) = Path(folder).glob("*.eml")
        return caught.read_bytes()


def plain_test(recipient: str) -> Letter:
    """Return a short e-mail that is like the others in all that receivers look at."""
    text = (
        "This e-mail was sent by `flask doctor --mailbox`. If it is here and not among spam, e-mails arrive.\n\n"
        "To have it looked at: save it as it came (its source) into a file, and run:\n"
        ".venv/bin/flask --app wsgi doctor --message FILE\n"
    )
    headers = unsubscribe_headers(_no_link("refusing.ask_to_stop"))
    return _letter(recipient, Rendered("A test e-mail", text, ""), headers)


def _about_petition(petition: Petition, recipient: str) -> Iterator[tuple[str, Letter]]:
    edition = find_edition(petition.slug)
    if edition is None:
        return
    stop = _no_link("refusing.ask_to_stop")
    about = {
        "link": _no_link("confirmation.ask"),
        "not_me_link": _no_link("refusing.ask_who"),
        "code": "TES-TTE-ST0",
        "until": clock.now() + timedelta(days=7),
        "own_link": link_to_entry(petition, _no_token()),
        "had_stopped": False,
        "no_more_link": stop,
    }
    from_and_answers: dict[str, Any] = {
        "sender": smtp.sender(is_discreet=petition.discreet),
        "reply_to": answers_to(petition, edition.notice),
    }
    for folder in ABOUT_PETITIONS:
        rendered = render_letter(folder, petition, edition.text, edition.notice, edition.language, **about)
        headers = unsubscribe_headers(stop) if folder in WITH_UNSUBSCRIBE else {}
        yield folder, _letter(recipient, rendered, headers, **from_and_answers)
    text = NewsText(language=edition.language, title=edition.text.title, body=edition.text.body)
    tokens = {"stop": _no_token(), "own": _no_token()}
    links = news_links(petition, 1, edition.language, **tokens, is_discreet=petition.discreet)
    about_now = about_petition.about_now(db.session(), petition, edition.language)
    rendered = render_news(petition, about_now, text, edition.language, links)
    headers = {**unsubscribe_headers(stop), "List-Id": list_id(petition, is_discreet=petition.discreet)}
    yield "news", _letter(recipient, rendered, headers, **from_and_answers)


def _to_organisers(recipient: str) -> Iterator[tuple[str, Letter]]:
    now = clock.now()
    stop = _no_link("refusing.ask_to_stop")
    common = {
        "title": "A petition of your own",
        "role": Role.EDITOR.value,
        "inviter": "ann@example.org",
        "link": current_app.config["BASE_URL"] + "/organise",
        "until": now + timedelta(days=7),
        "no_more_link": stop,
        "language": current_app.config["SITE_LANGUAGE"],
        "who": "ann@example.org",
        "moment": now,
        "is_outcome": True,
        "reason": "complaints",
        "kind": "goal",
        "verified": 100,
        "goal": 100,
        "choose_link": current_app.config["BASE_URL"] + "/organise",
    }
    place = Snippet("Books are ", "good", "free", ".")
    changed = {
        "kinds": ["donations", "title"],
        "labels": LABELS,
        "texts": [ChangedText("en", [place], 0)],
    }
    with force_language(common["language"]):
        for folder in TO_ORGANISERS:
            rendered = render(folder, asks=True, **common, **(changed if folder == "petition_changed" else {}))
            headers = unsubscribe_headers(stop) if folder == "password_reset" else {}
            yield folder, _letter(recipient, rendered, headers)


def _letter(recipient: str, rendered: Rendered, headers: Mapping[str, str], **more: Any) -> Letter:
    return message(secrets.token_bytes(_ID_BYTES), recipient, marked_as_test(rendered), headers=headers, **more)


def _no_link(endpoint: str) -> str:
    return url_for(endpoint, token=_no_token())


def _no_token() -> str:
    """Return what looks like a token and is none: whatever page it leads to knows nothing of it."""
    return f"{OF_A_TEST}-{secrets.token_urlsafe(40)}"
