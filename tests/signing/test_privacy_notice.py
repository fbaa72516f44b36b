"""The privacy notice on the petition's page: as the organisers wrote it, and true."""

from flask import Flask
from flask.testing import FlaskClient

from tests.factories import CONTROLLER, SLUG, make_petition
from tests.html_page import HtmlPage

PAGE = f"/petitions/{SLUG}"


def told(client: FlaskClient, path: str = PAGE) -> str:
    (notice,) = HtmlPage(client.get(path).text).all("details", **{"class": "privacy"})
    return notice.words()


def test_the_last_day_is_the_one_that_organisers_entered(app: Flask, client: FlaskClient) -> None:
    make_petition(app, closes_on="2126-06-30")
    assert "The last day for signing: June 30, 2126 (UTC)." in told(client)
    assert "July" not in told(client)


def test_the_controllers_address_keeps_its_line_breaks(app: Flask, client: FlaskClient) -> None:
    make_petition(app, controller=CONTROLLER.replace("1 Test Street, Testville", r"1 Test Street\n00000 Testville"))
    lines = ["Test Library Club", "1 Test Street", "00000 Testville"]
    shown = client.get(PAGE).text
    assert "".join(f'<bdi lang="en">{line}</bdi><br> ' for line in lines) in shown


def test_the_notice_says_who_may_read_the_e_mail_address(client: FlaskClient, petition: str) -> None:
    assert "Your e-mail address is never shown, and never on that list." in told(client)
    assert "The organisers can read it only if you agree that they write to you" in told(client)


def test_on_a_translated_page_untranslated_text_is_marked_with_its_language(app: Flask, client: FlaskClient) -> None:
    giving = '[[donations]]\nrecipient = "Club"\niban = "GB33BUKB20201555555555"\nnote = "For books."\n'
    who = '[[initiators]]\nname = "Ann Example"\naffiliation = "Reader of books"\n'
    make_petition(app, tables=giving + who, privacy='"We keep it *safe*."')
    page = HtmlPage(client.get(f"{PAGE}/sv").text)
    marked = {one.words() for one in page.elements if one.get("lang") == "en"}
    assert {"The Town Council of Testville", "We keep it safe.", "For books.", "Reader of books"} <= marked
