"""A translation's page: a field for all that the petition says itself, and a fresh sign-in for what people trust."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Role
from tests.factories import SLUG, make_petition
from tests.html_page import HtmlPage
from tests.organisers.people import letters_to_organisers
from tests.petitions.stored import notices, texts, the_petition
from tests.petitions.test_wording import FRONT, SAID
from tests.publishing.conftest import PLACE, Desk, Seat

WORDS = f"{PLACE}/words/sv"


@pytest.fixture
def desk(app: Flask, seat: Seat) -> Desk:
    make_petition(app, tables='[labels]\ncountry = "Country of <b>origin</b>"\n' + SAID, **FRONT)
    return seat()


def named(page: HtmlPage, words: str) -> str:
    """Return the name of the field that is called so."""
    (label,) = [one for one in page.all("label") if one.words() == f"{words} (optional)"]
    return label.attributes["for"]


def test_each_thing_that_the_petition_says_has_a_field_that_is_called_as_it_says_it(desk: Desk) -> None:
    page = desk.page(WORDS)
    for original in (
        "Country of <b>origin</b>",
        "Friends of the Test Library",
        "Trade union",
        "For new shelves",
        "A library in need",
        "at the bus stops",
    ):
        assert named(page, original)
    assert "The Town Council of Testville" in page.by_id("addressed_to-hint").words()
    assert {"privacy", "thanks", "outcome"} <= desk.form(WORDS).keys()


def test_what_the_petition_does_not_say_has_none(app: Flask, seat: Seat) -> None:
    make_petition(app)
    fields = seat().form(WORDS).keys()
    assert not fields & {"privacy", "thanks", "outcome", "country_label"}
    assert len([name for name in fields if name.startswith("words_")]) == 1  # who started it


@pytest.mark.both_databases
def test_translated_words_are_saved_and_shown(app: Flask, desk: Desk, client: FlaskClient) -> None:
    page = desk.page(WORDS)
    said = {named(page, "Trade union"): "Fackförbund", "country_label": "Ursprungsland", "thanks": "Tack"}
    assert desk.send(WORDS, **said, addressed_to="Fullmäktige").status_code == 303
    shown = client.get(f"/petitions/{SLUG}/sv").text
    assert "Fackförbund" in shown and "Ursprungsland" in shown and "Fullmäktige" in shown
    assert "Tack" in client.get(f"/petitions/{SLUG}/signed?language=sv").text
    again = desk.form(WORDS)
    assert again["addressed_to"] == "Fullmäktige" and "Fackförbund" in again.values()
    assert len(texts(app)) == 2


def test_each_is_held_to_its_rules(desk: Desk) -> None:
    name = named(desk.page(WORDS), "Trade union")
    answer = desk.send(WORDS, **{name: "x" * 501}, country_label="y" * 101, addressed_to="z" * 1001)
    assert answer.status_code == 422
    assert HtmlPage(answer.text).errors() == {
        name: "Must have at most 500 characters; it has 501.",
        "country_label": "Must have at most 100 characters; it has 101.",
        "addressed_to": "Must have at most 1000 characters; it has 1001.",
    }


def test_what_people_trust_wants_a_fresh_sign_in_in_translations_too(app: Flask, desk: Desk, seat: Seat) -> None:
    late = seat(Role.EDITOR, "ed@example.org", 60)
    note = named(late.page(WORDS), "For new shelves")
    for said in ({"addressed_to": "Jag"}, {"privacy": "Inget."}, {note: "Till mig"}):
        answer = late.send(WORDS, **said)
        assert answer.status_code == 403
        assert "Is it still you?" in answer.text and next(iter(said.values())) in answer.text
    assert len(notices(app)) == 1
    assert late.send(WORDS, thanks="Tack").status_code == 303


def test_owners_get_an_email_when_a_translation_says_who_gets_the_list_or_where_money_goes(
    app: Flask, desk: Desk, client: FlaskClient
) -> None:
    note = named(desk.page(WORDS), "For new shelves")
    desk.send(WORDS, addressed_to="Borgmästaren", **{note: "Till mig: DE00"})
    (letter,) = letters_to_organisers(app)
    assert "who gets the list" in letter and "where donations go" in letter
    assert "what is said about them" in client.get(f"/petitions/{SLUG}").text


def test_a_translation_that_is_taken_back_leaves_no_words(app: Flask, desk: Desk) -> None:
    desk.send(WORDS, addressed_to="Fullmäktige", thanks="Tack", country_label="Ursprungsland")
    assert desk.send(f"{WORDS}/delete").status_code == 303
    petition = the_petition(app)
    assert petition.labels == {"en": {"country": "Country of <b>origin</b>"}}
    assert petition.words is None
    first, translated, last = notices(app)
    assert (first.translations, last.translations) == (None, None)
    assert (translated.translations or {})["sv"] == {"addressed_to": "Fullmäktige"}


def test_of_two_who_save_a_translation_the_second_sees_the_difference(app: Flask, desk: Desk, seat: Seat) -> None:
    bo = seat(Role.EDITOR, "bo@example.org")
    form = bo.form(WORDS)
    desk.send(WORDS, thanks="Tack", country_label="Land")
    answer = bo.client.post(WORDS, data=form | {"thanks": "Stort tack"})
    assert answer.status_code == 409
    assert "Words of thanks" in answer.text
    page = HtmlPage(answer.text)
    again = page.answers(next(one for one in page.all("form", method="post") if one.get("action") == WORDS))
    assert again["thanks"] == "Stort tack"
    assert bo.client.post(WORDS, data=again).status_code == 303
