"""Words of thanks can name a discreet petition's cause: who has confirmed reads them by pressing one more button."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.signers.withdraw import withdraw
from tests.confirmation.test_confirm import show_and_confirm
from tests.factories import SLUG, hidden_fields, make_petition, sign, signatures
from tests.html_page import HtmlPage
from tests.mail_server import MailServer, link_in

TEXTS = {"en": "Please <strong>give</strong> to the library.", "sv": "Ge <em>gärna</em> till biblioteket."}
SWEDISH = """[[translations]]
language = "sv"
title = "Böcker"
statement = "Vi ber."
thanks = "Ge *gärna* till biblioteket."
"""


@pytest.fixture
def letter(client: FlaskClient, mail_server: MailServer, work: Callable[[], int]) -> Callable[[str], str]:
    """Return a function that signs in a language, and returns the link in the letter."""

    def run(language: str = "en") -> str:
        page = client.get(f"/petitions/{SLUG}/sign?language={language}").text
        sign(client, **hidden_fields(page))
        work()
        return link_in(mail_server.letters[-1])

    return run


@pytest.mark.parametrize("language", TEXTS)
def test_they_wait_for_a_button(app: Flask, client: FlaskClient, letter: Callable[[str], str], language: str) -> None:
    make_petition(app, discreet="true", thanks='"Please **give** to the library."', tables=SWEDISH)
    link = letter(language)
    assert TEXTS[language] not in client.post(link).text, "not before confirming"
    show_and_confirm(client, link)
    page = HtmlPage(client.get(link).text)
    for telling in ("librar", "bibliotek", "petition", "signature"):
        assert telling not in page.html.lower()
    answer = client.post(link, data=page.answers())
    assert answer.status_code == 200
    assert TEXTS[language] in answer.text
    assert f'lang="{language}"' in answer.text
    assert "no-store" in answer.headers["Cache-Control"]


def test_without_any_there_is_no_button(app: Flask, client: FlaskClient, letter: Callable[[], str]) -> None:
    make_petition(app, discreet="true")
    link = letter()
    show_and_confirm(client, link)
    assert HtmlPage(client.get(link).text).all("form") == []
    assert client.post(link).status_code == 200


def test_who_has_withdrawn_is_not_thanked(app: Flask, client: FlaskClient, letter: Callable[[], str]) -> None:
    make_petition(app, discreet="true", thanks='"Please give to the library."')
    link = letter()
    show_and_confirm(client, link)
    (signature,) = signatures(app)
    with app.app_context():
        withdraw(signature.public_id)
    answer = client.post(link)
    assert answer.status_code == 410
    assert "library" not in answer.text
