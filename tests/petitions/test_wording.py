"""What a petition says is shown in the reader's language where it is translated, and else in its own."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.crypto import tokens
from app.petition_files.importing import Outcome
from tests.factories import SLUG, drafts, make_petition, make_signature, sign, signatures
from tests.html_page import HtmlPage
from tests.petitions.conftest import Import
from tests.petitions.stored import notices, texts

SAID = """
[[initiators]]
name = "Readers' Union"
affiliation = "Trade union"

[[donations]]
recipient = "Test Library Club"
iban = "DE89370400440532013000"
note = "For new shelves"

[[links]]
title = "A library in need"
url = "https://times.example/library"

[elsewhere]
count = 12
source = "at the bus stops"

[[translations]]
language = "sv"
title = "Rädda testbiblioteket"
statement = "Vi ber staden."
"""
TRANSLATED = """addressed_to = "Teststadens fullmäktige"
privacy = "Mer om **uppgifterna**."
thanks = "Ge [en gåva](https://gava.example)."
outcome = "Det finns kvar."

[translations.words]
"Friends of the Test Library" = "Testbibliotekets vänner"
"Trade union" = "Fackförbund"
"For new shelves" = "Till nya hyllor"
"A library in need" = "Ett bibliotek i nöd"
"at the bus stops" = "vid hållplatserna"
"""
FRONT = {
    "privacy": '"More about **data**."',
    "thanks": '"Please [give](https://give.example). <script>alert(1)</script>"',
    "outcome": '"The library *stays*."',
    "outcome_on": "2026-03-01",
}
PAIRS = {
    "The Town Council of Testville": "Teststadens fullmäktige",
    "More about <strong>data</strong>.": "Mer om <strong>uppgifterna</strong>.",
    "Friends of the Test Library": "Testbibliotekets vänner",
    "Trade union": "Fackförbund",
    "For new shelves": "Till nya hyllor",
    "A library in need": "Ett bibliotek i nöd",
    "at the bus stops": "vid hållplatserna",
}


def test_a_translated_page_says_everything_in_its_language(app: Flask, client: FlaskClient) -> None:
    make_petition(app, tables=SAID + TRANSLATED, **FRONT)
    own, swedish = client.get(f"/petitions/{SLUG}").text, client.get(f"/petitions/{SLUG}/sv").text
    for original, translation in PAIRS.items():
        assert original in own and translation not in own
        assert translation in swedish and original not in swedish
    assert '<bdi lang="sv">Teststadens fullmäktige</bdi>' in swedish


@pytest.mark.parametrize("spoken", ["sv", "de"])
def test_what_is_not_translated_stays_in_the_petitions_own_words(app: Flask, client: FlaskClient, spoken: str) -> None:
    make_petition(app, tables=SAID, **FRONT)
    page = client.get(f"/petitions/{SLUG}/{spoken}").text
    assert [original for original in PAIRS if original not in page] == []
    assert '<bdi lang="en">Trade union</bdi>' in page


def test_a_changed_original_is_shown_until_it_is_translated_anew(
    app: Flask, client: FlaskClient, bring: Import
) -> None:
    bring("Books.", SAID + TRANSLATED, **FRONT)
    no_translation = SAID.partition("[[translations]]")[0]
    bring("Books.", no_translation.replace("Trade union", "Trade unions"), **FRONT)
    swedish = client.get(f"/petitions/{SLUG}/sv").text
    assert "Trade unions" in swedish and "Fackförbund" not in swedish
    assert "Till nya hyllor" in swedish


def test_the_start_page_lists_and_other_sites_show_who_started_it_in_the_readers_language(
    app: Flask, client: FlaskClient
) -> None:
    make_petition(app, tables=SAID + TRANSLATED, **FRONT)
    assert "Testbibliotekets vänner" in client.get("/sv").text
    assert "Friends of the Test Library" in client.get("/de").text
    answer = client.get("/oembed", query_string={"url": f"http://localhost:8000/petitions/{SLUG}/sv"})
    assert json.loads(answer.text)["author_name"] == "Testbibliotekets vänner"
    assert "Teststadens fullmäktige" in client.get(f"/petitions/{SLUG}/poster/sv").text


@pytest.mark.both_databases
def test_a_changed_translation_of_the_addressee_is_a_new_notice_and_who_signed_keeps_the_old_one(
    app: Flask, client: FlaskClient, bring: Import
) -> None:
    bring("Books.", SAID + TRANSLATED, **FRONT)
    first = make_signature(app)
    later = TRANSLATED.replace("Teststadens fullmäktige", "Teststadens borgmästare")
    assert bring("Books.", SAID + later, **FRONT) == Outcome.UPDATED
    assert bring("Books.", SAID + later, **FRONT) == Outcome.UNCHANGED
    old, new = notices(app)
    assert (old.translations or {})["sv"]["addressed_to"] == "Teststadens fullmäktige"
    assert (new.translations or {})["sv"]["addressed_to"] == "Teststadens borgmästare"
    assert old.says() == new.says() | {"translations": old.translations}
    assert [one.notice_id for one in signatures(app) if one.public_id == first] == [old.id]
    assert [text.version for text in texts(app)] == [1, 1]


def test_who_signs_on_an_old_page_is_shown_the_new_addressee_and_asked_again(
    app: Flask, client: FlaskClient, bring: Import
) -> None:
    bring("Books.", SAID + TRANSLATED, **FRONT)
    bring("Books.", SAID + TRANSLATED.replace("fullmäktige", "borgmästare"), **FRONT)
    answer = sign(client, language="sv", notice_version="1")
    assert answer.status_code == 422
    assert "Teststadens borgmästare" in answer.text


@pytest.mark.both_databases
def test_other_translated_words_make_no_new_version(app: Flask, bring: Import) -> None:
    bring("Books.", SAID + TRANSLATED, **FRONT)
    assert bring("Books.", SAID + TRANSLATED.replace("hyllor", "böcker"), **FRONT) == Outcome.UPDATED
    assert [len(notices(app)), len(texts(app))] == [1, 2]


def test_the_page_after_confirming_says_what_the_petition_asks_for_and_a_script_is_text(
    app: Flask, client: FlaskClient
) -> None:
    make_petition(app, tables=SAID + TRANSLATED, **FRONT)
    page = client.get(f"/petitions/{SLUG}/signed").text
    assert '<a href="https://give.example"' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert '<a href="https://gava.example"' in client.get(f"/petitions/{SLUG}/signed?language=sv").text
    assert "give.example" not in client.get(f"/petitions/{SLUG}").text


def test_the_words_of_thanks_stay_after_closing(app: Flask, client: FlaskClient) -> None:
    make_petition(app, closes_on="2026-01-31", **FRONT)
    assert "https://give.example" in client.get(f"/petitions/{SLUG}/signed").text


def test_a_closed_petition_says_what_became_of_it_and_when(app: Flask, client: FlaskClient) -> None:
    make_petition(app, tables=SAID + TRANSLATED, closes_on="2026-01-31", **FRONT)
    page = client.get(f"/petitions/{SLUG}").text
    assert "The library <em>stays</em>." in page and "March 1, 2026" in page
    assert page.index("The library <em>stays") < page.index("Why this petition matters")
    assert "Det finns kvar." in client.get(f"/petitions/{SLUG}/sv").text
    assert "stays" not in client.get(f"/petitions/{SLUG}/changes").text


def test_an_open_petition_does_not_say_what_became_of_it(app: Flask, client: FlaskClient) -> None:
    make_petition(app, **FRONT)
    assert "stays" not in client.get(f"/petitions/{SLUG}").text


@pytest.mark.both_databases
def test_an_outcome_may_have_ten_thousand_words(app: Flask, client: FlaskClient) -> None:
    words = " ".join(["kept"] * 9_998 + ["for", "good"])
    make_petition(app, closes_on="2026-01-31", outcome=f'"{words}"')
    assert words in client.get(f"/petitions/{SLUG}").text


def test_the_confirm_page_says_who_gets_the_list_in_the_language_signed_in(app: Flask, client: FlaskClient) -> None:
    make_petition(app, tables=SAID + TRANSLATED, **FRONT)
    assert sign(client, language="sv").status_code == 303
    (draft,) = drafts(app)
    with app.app_context():
        link = f"/confirm/{tokens.make_token(tokens.Purpose.CONFIRM, draft.public_id)}"
    words = HtmlPage(client.get(link).text).all("bdi", lang="sv")
    assert "Teststadens fullmäktige" in [one.words() for one in words]
