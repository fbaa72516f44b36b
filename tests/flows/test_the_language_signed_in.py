"""Who signs on a Swedish page is written to in Swedish, with dates and plural forms as they are there."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from tests.factories import hidden_fields, make_petition, press_confirm
from tests.mail_server import MailServer, link_in, text_of


def test_page_letter_and_confirm_page_speak_the_language_signed_in(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    page = client.get(f"/petitions/{petition}/sv").text
    assert '<html lang="sv"' in page
    assert "Uppropet är inte översatt. Texten är på engelska." in page
    assert '<h1 lang="en" dir="ltr">Save the test library</h1>' in page
    answers = {"name": "Åsa Exempel", "country": "SE", "email": "asa@example.org", "visibility": "public"}
    answer = client.post(f"/petitions/{petition}/sign", data={**answers, **hidden_fields(page)})
    assert "Titta i din e-post" in client.get(answer.location).text

    work()
    letter = mail_server.letters[0]
    assert letter["Subject"] == "Bekräfta din underskrift: Save the test library"
    assert "Länk och kod gäller till" in text_of(letter)
    assert "Bekräfta din underskrift" in client.get(link_in(letter)).text
    confirmed = press_confirm(client, link_in(letter))
    assert "Tack. Din underskrift räknas." in client.get(confirmed.location).text
    work()
    assert mail_server.letters[1]["Subject"].startswith("Tack, din underskrift räknas")


def test_a_petition_in_another_language_has_its_interface_in_it(app: Flask, client: FlaskClient) -> None:
    slug = make_petition(app, language='"sv"', title='"Rädda biblioteket"')
    page = client.get(f"/petitions/{slug}").text
    assert '<html lang="sv"' in page
    assert "bekräftade underskrifter" in page
    assert "inte översatt" not in page


def test_letters_survive_every_script_in_a_title(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Callable[[], int]
) -> None:
    title = "Свободу книгам · حرية الكتب · 自由书籍 · Ünïçødé"
    slug = make_petition(app, title=f'"{title}"')
    fields = hidden_fields(client.get(f"/petitions/{slug}").text)
    answers = {"name": "Ann", "country": "SE", "email": "ann@example.org", "visibility": "public"}
    client.post(f"/petitions/{slug}/sign", data={**answers, **fields})
    work()
    letter = mail_server.letters[0]
    assert title in letter["Subject"]
    assert title in text_of(letter)
