"""What a file would change is told in the words of the forms, with what follows from it once it is agreed to."""

from flask import Flask

from app.db import transaction
from app.models import Organiser
from tests.factories import make_signature, petition_file
from tests.html_page import HtmlPage
from tests.publishing.conftest import Desk
from tests.publishing.test_details import IBAN
from tests.publishing.test_files import SWEDISH, bring, bring_and_agree

FIELDS = '[fields]\ncountry = "off"\n'


def parts(page: HtmlPage) -> dict[str, str]:
    """Return what stands below each part's name."""
    names, told = page.all("dt"), page.all("dd")
    return {name.words(): one.words() for name, one in zip(names, told, strict=True)}


def speak_swedish(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.query(Organiser).update({"language": "sv"})


def test_what_the_form_asks_is_named_by_its_labels_and_choices(app: Flask, desk: Desk) -> None:
    text = petition_file(tables=FIELDS)
    shown = parts(HtmlPage(bring(desk, text).text))["What the form asks"]
    assert "Country of origin: [removed: Required end] [added: Not asked end]" in shown
    assert "Title or affiliation: Optional" in shown
    speak_swedish(app)
    shown = parts(HtmlPage(bring(desk, text).text))["Vad formuläret frågar"]
    assert "off" not in shown and "required" not in shown


def test_a_translation_is_named_by_its_language(desk: Desk) -> None:
    shown = parts(HtmlPage(bring(desk, petition_file(tables=SWEDISH)).text))["Translations"]
    assert "Swedish" in shown and "Rädda" in shown


def test_what_follows_for_an_open_petition_is_said_before_it_is_agreed_to(app: Flask, desk: Desk) -> None:
    make_signature(app)
    make_signature(app, email="bo@example.org")
    donation = f'[[donations]]\nrecipient = "Club"\niban = "{IBAN}"\n'
    page = bring_and_agree(desk, petition_file("Other words.", donation, addressed_to='"Somebody else"'))
    assert [one.words() for one in page.all("li") if "will" in one.words()] == [
        "The petition's page will say that its text was changed after 2 signatures.",
        "The page will tell visitors for 14 days that donations were changed.",
        "All owners will get a letter that this was changed: Donations, Addressee.",
    ]


def test_nothing_is_said_to_follow_where_nothing_does(app: Flask, desk: Desk) -> None:
    assert "What follows" not in bring(desk, petition_file("Nobody signed yet.")).text
    make_signature(app)
    assert "What follows" not in bring(desk, petition_file(goal="700", tables=SWEDISH)).text  # a first translation
    bring_and_agree(desk, petition_file(tables=SWEDISH))
    other = SWEDISH.replace("Vi ber", "Vi hoppas")
    assert "after 1 signature." in bring(desk, petition_file(tables=other)).text


def test_nothing_follows_for_a_draft(draft: Desk) -> None:
    assert "What follows" not in bring(draft, petition_file()).text
