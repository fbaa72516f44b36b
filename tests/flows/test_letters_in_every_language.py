"""Letters are in the language signed in, each the way it is read; those of a discreet petition betray it in none."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web.language import INTERFACE_LANGUAGES, text_direction
from tests.factories import hidden_fields, make_petition, sign
from tests.html_page import HtmlPage
from tests.mail_server import MailServer, link_in, text_of

pytestmark = pytest.mark.slow

# How the words for a petition, and for signing one, begin in each language.
TELLING = {
    "en": "petition|\\bsign",
    "sv": "upprop|underskri|(skriv|skrev|skrivit) under",
    "fi": "vetoom|allekirjoit",
    "de": "petition|unterschr",
    "fr": "pétition|\\bsign(?!al|if)",
    "it": "petizion|\\bfirm",
    "es": "petici(ón|ones)|\\bfirm",
    "hu": "petíci|aláír",
    "cs": "petic|podpis|podeps",
    "da": "underskrift|(skriv|skrev|skrevet|skrive) under",
    "ru": "петици|подпис",
    "uk": "петиці|підпис",
    "ar": "عريض|توقيع|وقّع|موقّع",
}
LINK = re.compile(r"https?://\S+")


def test_each_letter_speaks_the_language_signed_in(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    for language in INTERFACE_LANGUAGES:
        sign(client, where=f"192.0.2.{len(language)}", language=language, email=f"{language}@example.org")
    work()
    subjects = set()
    for language in INTERFACE_LANGUAGES:
        (letter,) = mail_server.to(f"{language}@example.org")
        (root,) = HtmlPage(text_of(letter, "html")).all("html")
        assert (root.get("lang"), root.get("dir")) == (language, text_direction(language))
        assert re.search(TELLING[language], text_of(letter), re.IGNORECASE), "the words that this looks for are right"
        subjects.add(letter["Subject"])
    assert len(subjects) == len(INTERFACE_LANGUAGES)


def test_no_letter_of_a_discreet_petition_betrays_it(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Callable[[], int]
) -> None:
    slug = make_petition(app, slug='"hushed"', discreet="true", title='"Free the librarian"')
    people = {language: f"{language}@example.org" for language in INTERFACE_LANGUAGES}
    for language, address in people.items():
        sign(client, slug, language=language, email=address)
    work()
    for address in people.values():
        link = link_in(mail_server.to(address)[0])
        page = client.post(link).text  # the first button: show me
        client.post(link, data={"name": "Ann", "country": "SE", "visibility": "delivery", **hidden_fields(page)})
    work()
    for language, address in people.items():
        client.post(f"/petitions/{slug}/my-signature", data={"email": address, "language": language})
    work()
    for language, address in people.items():
        letters = mail_server.to(address)
        assert len(letters) == 3
        for letter in letters:
            assert not betrayed(letter, language), text_of(letter)
        shown = HtmlPage(client.get(link_in(letters[2], "entry")).text)
        assert shown.all("html")[0].get("lang") == language
        assert not re.search(TELLING[language], " ".join(one.words() for one in shown.all("body")), re.IGNORECASE)


def betrayed(letter: EmailMessage, language: str) -> str | None:
    """Return what in a letter tells of a petition or of signing one; links, which hold random letters, left out."""
    sender, _ = parseaddr(str(letter["From"]))
    said = "\n".join([str(letter["Subject"]), sender, text_of(letter), text_of(letter, "html")])
    found = re.search(TELLING[language], LINK.sub("", said), re.IGNORECASE)
    return found[0] if found else None
