"""A petition may name its questions itself: on the form, in its errors, on the confirm page and in the entry."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.crypto import tokens
from tests.factories import SLUG, make_draft, make_petition, make_signature, sign
from tests.html_page import HtmlPage

LABELS = """
[fields]
affiliation = "required"
comment = "required"

[labels]
affiliation = "Your <b>trade</b>"
country = "Country of origin"
comment = "Your story"

[[translations]]
language = "sv"
title = "Rädda testbiblioteket"
statement = "Vi ber staden."

[translations.labels]
country = "Ursprungsland"
"""
OPTIONAL = LABELS.replace('comment = "required"', "", 1)


def labels(page: str) -> dict[str, str]:
    return {one.attributes["for"]: one.words() for one in HtmlPage(page).all("label")}


def link(app: Flask, purpose: tokens.Purpose, public_id: bytes) -> str:
    with app.app_context():
        return f"/{purpose.value}/{tokens.make_token(purpose, public_id)}"


def test_the_form_asks_in_the_petitions_words_and_markup_is_text(app: Flask, client: FlaskClient) -> None:
    make_petition(app, tables=LABELS)
    for path in (f"/petitions/{SLUG}", f"/petitions/{SLUG}/sign"):
        page = client.get(path).text
        assert "Your &lt;b&gt;trade&lt;/b&gt;" in page and "<b>trade" not in page
        asked = labels(page)
        assert (asked["affiliation"], asked["country"], asked["comment"]) == (
            "Your <b>trade</b>",
            "Country of origin",
            "Your story",
        )
        assert "For example your profession" not in page


def test_a_translated_question_is_asked_in_that_language_and_others_as_in_the_original(
    app: Flask, client: FlaskClient
) -> None:
    make_petition(app, tables=LABELS)
    page = client.get(f"/petitions/{SLUG}/sv").text
    assert '<bdi lang="sv">Ursprungsland</bdi>' in page
    assert '<bdi lang="en">Your story</bdi>' in page
    assert '<bdi lang="en">Country of origin</bdi>' in client.get(f"/petitions/{SLUG}/de").text


def test_without_names_of_its_own_the_site_asks_in_its_own_words(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    asked = labels(client.get(f"/petitions/{SLUG}").text)
    assert (asked["country"], asked["affiliation"]) == ("Country", "Title or affiliation (optional)")


def test_errors_name_the_question(app: Flask, client: FlaskClient) -> None:
    make_petition(app, tables=LABELS)
    answer = sign(client, affiliation="", country="", comment="")
    assert answer.status_code == 422
    assert HtmlPage(answer.text).errors() == {
        "affiliation": "Please answer: Your <b>trade</b>",
        "country": "Please answer: Country of origin",
        "comment": "Please answer: Your story",
    }


def test_the_confirm_pages_card_and_fields_name_the_question(app: Flask, client: FlaskClient) -> None:
    make_petition(app, tables=LABELS)
    page = client.get(link(app, tokens.Purpose.CONFIRM, make_draft(app))).text
    (card,) = [one for one in HtmlPage(page).all("div") if one.get("class") == "said-words"]
    assert "You sign as Ann Example, Your <b>trade</b>: Reader, Country of origin: Sweden." in card.words()
    assert "Your story: I read." in card.words()
    assert labels(page)["country"] == "Country of origin"


@pytest.mark.parametrize("tables", [LABELS, OPTIONAL])
def test_the_entry_names_the_question(app: Flask, client: FlaskClient, tables: str) -> None:
    make_petition(app, tables=tables)
    asked = labels(client.get(link(app, tokens.Purpose.ENTRY, make_signature(app))).text)
    assert asked["comment"].startswith("Your story")
    assert asked["country"] == "Country of origin"
