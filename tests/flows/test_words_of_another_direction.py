"""In an e-mail of one direction, a title of the other keeps its exclamation mark at its own end."""

import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web.isolate import isolate
from app.web.language import force_language
from tests.factories import hidden_fields, make_petition, sign
from tests.html_page import HtmlPage
from tests.mail_server import MailServer, link_in, text_of

ENGLISH, ARABIC = "Save the library!", "أنقذوا المكتبة!"
STATEMENT = "Keep it open! " * 12
LRI, RLI, PDI = "\u2066", "\u2067", "\u2069"
ISOLATES = re.compile("[\u2066-\u2069]")


def letters_about(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Callable[[], int], spoken: str, **front: str
) -> list[EmailMessage]:
    """Sign, confirm, sign again and ask for the link in a language; return the e-mails of all four."""
    slug = make_petition(app, slug='"isolated"', started_by='"Readers United!"', **front)
    sign(client, slug, language=spoken)
    work()
    link = link_in(mail_server.to("ann@example.org")[0])
    form = {"name": "Ann", "country": "SE", "visibility": "delivery", **hidden_fields(client.get(link).text)}
    client.post(link, data=form)
    sign(client, slug, language=spoken)
    client.post(f"/petitions/{slug}/my-signature", data={"email": "ann@example.org", "language": spoken})
    work()
    return mail_server.to("ann@example.org")


def test_an_english_title_in_arabic_emails(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Callable[[], int]
) -> None:
    said = {"title": f'"{ENGLISH}"', "statement": f'"{STATEMENT.strip()}"'}
    letters = letters_about(app, client, mail_server, work, "ar", **said)
    assert len(letters) == 4
    for letter in letters:
        for words in (str(letter["Subject"]), text_of(letter)):
            assert words.count(ENGLISH) == words.count(f"{LRI}{ENGLISH}{PDI}")
        assert f"{LRI}{ENGLISH}{PDI}" in text_of(letter)
        (title,) = [one for one in HtmlPage(text_of(letter, "html")).all("p") if one.text == ENGLISH]
        assert title.get("dir") == "ltr"
    first = text_of(letters[0])
    statement = [line.strip() for line in first.splitlines() if "Keep it open!" in line]
    assert len(statement) > 1
    assert all(line.startswith(LRI) and line.endswith(PDI) for line in statement)
    assert f"{LRI}Readers United!{PDI}" in first
    assert re.search(f"{LRI}[0-9A-Z-]{{11}}{PDI}", first), "a code may begin with digits"
    assert not re.search(f"https?://[^\n]*[{LRI}{RLI}{PDI}]", first), "mail programs would take it into the link"


def test_an_arabic_title_in_english_emails(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Callable[[], int]
) -> None:
    letters = letters_about(app, client, mail_server, work, "en", title=f'"{ARABIC}"', language='"ar"')
    for letter in letters:
        assert f"{RLI}{ARABIC}{PDI}" in text_of(letter)
        assert ARABIC not in str(letter["Subject"]).replace(f"{RLI}{ARABIC}{PDI}", "")


@pytest.mark.parametrize(("language", "title"), [("en", ENGLISH), ("ar", ARABIC)])
def test_nothing_is_added_where_all_is_of_one_direction(
    app: Flask,
    client: FlaskClient,
    mail_server: MailServer,
    work: Callable[[], int],
    language: str,
    title: str,
) -> None:
    letters = letters_about(app, client, mail_server, work, language, title=f'"{title}"', language=f'"{language}"')
    for letter in letters:
        assert title in text_of(letter)
        assert not ISOLATES.search(str(letter["Subject"]))
        if language == "en":
            assert not ISOLATES.search(text_of(letter))


def test_words_of_an_unknown_language_are_read_as_they_begin(app: Flask) -> None:
    with app.test_request_context(), force_language("ar"):
        assert isolate("2026: Ann!") == f"{LRI}2026: Ann!{PDI}"
        assert isolate("علي!") == "علي!"
        assert isolate("2026!") == "2026!"
        assert isolate("one\n\ntwo", "en") == f"{LRI}one{PDI}\n\n{LRI}two{PDI}"
