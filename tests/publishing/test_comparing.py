"""The review of an import: changes in the forms' words, and what follows from them."""

from flask import Flask

from app.db import transaction
from app.models import Organiser
from tests.factories import make_signature, petition_file
from tests.html_page import HtmlPage
from tests.publishing.conftest import Desk
from tests.publishing.test_details import IBAN
from tests.publishing.test_files import SWEDISH, upload, upload_and_confirm

FIELDS = '[fields]\ncountry = "off"\n'


def parts(page: HtmlPage) -> dict[str, str]:
    """Return the text below each part's label."""
    names, told = page.all("dt"), page.all("dd")
    return {name.words(): one.words() for name, one in zip(names, told, strict=True)}


def speak_swedish(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.query(Organiser).update({"language": "sv"})


def test_form_fields_are_shown_with_their_labels_and_choices(app: Flask, desk: Desk) -> None:
    text = petition_file(tables=FIELDS)
    shown = parts(HtmlPage(upload(desk, text).text))["What the form asks"]
    assert "Country: [removed: Required end] [added: Not asked end]" in shown
    assert "Title or affiliation: Optional" in shown
    speak_swedish(app)
    shown = parts(HtmlPage(upload(desk, text).text))["Vad formuläret frågar"]
    assert "off" not in shown and "required" not in shown


def test_a_translation_is_shown_with_its_languages_name(desk: Desk) -> None:
    shown = parts(HtmlPage(upload(desk, petition_file(tables=SWEDISH)).text))["Translations"]
    assert "Swedish" in shown and "Rädda" in shown


def test_consequences_for_an_open_petition_are_shown_before_confirming(app: Flask, desk: Desk) -> None:
    make_signature(app)
    make_signature(app, email="bo@example.org")
    donation = f'[[donations]]\nrecipient = "Club"\niban = "{IBAN}"\n'
    page = upload_and_confirm(desk, petition_file("Other words.", donation, addressed_to='"Somebody else"'))
    assert [one.words() for one in page.all("li") if "will" in one.words()] == [
        "The petition's page will say that its text was changed after 2 signatures.",
        "The page will tell visitors for 14 days that donations were changed.",
        "All owners will get an e-mail that this was changed: Donations, Addressee.",
    ]


def test_changes_without_consequences_show_none(app: Flask, desk: Desk) -> None:
    assert "What follows" not in upload(desk, petition_file("Nobody signed yet.")).text
    make_signature(app)
    assert "What follows" not in upload(desk, petition_file(goal="700", tables=SWEDISH)).text  # a first translation
    upload_and_confirm(desk, petition_file(tables=SWEDISH))
    other = SWEDISH.replace("Vi ber", "Vi hoppas")
    assert "after 1 signature." in upload(desk, petition_file(tables=other)).text


def test_a_draft_shows_no_consequences(draft: Desk) -> None:
    assert "What follows" not in upload(draft, petition_file()).text
