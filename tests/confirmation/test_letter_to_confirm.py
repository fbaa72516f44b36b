"""The e-mail that asks to confirm: what is signed, one button that says what it does, and who sends it for whom."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import SLUG, make_petition, sign
from tests.html_page import HtmlPage
from tests.mail_server import MailServer, link_in, text_of

SITE = "Petitions of Testville"
SENT_BY = f"Sent by {SITE} for Friends of the Test Library."

Write = Callable[..., EmailMessage]


@pytest.fixture
def write(app: Flask, client: FlaskClient, mail_server: MailServer, work: Callable[[], int]) -> Write:
    """Return a function that signs a petition with these values in its file, and returns the e-mail."""
    app.config.update(SITE_NAME=SITE)

    def signed(**front: str) -> EmailMessage:
        sign(client, make_petition(app, **front))
        work()
        (letter,) = mail_server.letters
        return letter

    return signed


def words_of(letter: EmailMessage, kind: str) -> str:
    """Return what a part reads, without the marks that keep names in another direction together."""
    text = text_of(letter, kind)
    words = HtmlPage(text).all("body")[0].words() if kind == "html" else " ".join(text.split())
    return re.sub("[\u2066-\u2069]", "", words)


def test_it_says_what_is_signed_and_who_sends_it_for_whom(write: Write) -> None:
    letter = write()
    assert parseaddr(letter["From"])[0] == SITE
    for kind in ("plain", "html"):
        words = words_of(letter, kind)
        assert "Save the test library" in words
        assert "We ask the town to keep the test library open." in words
        assert SENT_BY in words


def test_its_button_says_what_it_does_and_leads_to_the_page_that_counts(write: Write) -> None:
    letter = write()
    links = HtmlPage(text_of(letter, "html")).all("a")
    assert links[0].words() == "Confirm my signature"
    assert (links[0].get("href") or "").endswith(link_in(letter))


def test_that_of_a_discreet_petition_names_neither_it_nor_those_who_started_it(write: Write) -> None:
    letter = write(discreet="true")
    assert HtmlPage(text_of(letter, "html")).all("a")[0].words() == "Open the page"
    for kind in ("plain", "html"):
        words = words_of(letter, kind)
        for betrays in ("library", "Library", "Sent by", SITE, "signature", SLUG):
            assert betrays not in words.replace(link_in(letter), "")
