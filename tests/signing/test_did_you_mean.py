"""An address at a domain that is one slip from a common one is asked about once, before anything is sent."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.models.signer import signer_of
from tests.factories import SLUG, drafts, sign, written
from tests.html_page import HtmlPage
from tests.mail_server import MailServer

TYPED = "ann@gmail.con"
MEANT = "ann@gmail.com"


def press(client: FlaskClient, path: str, page: TestResponse, button: str) -> TestResponse:
    """Press a button of the question in a page, whose form keeps what was typed."""
    return client.post(path, data={**HtmlPage(page.text).answers(), "address": button})


@pytest.mark.parametrize(("button", "expected"), [("meant", MEANT), ("typed", TYPED)])
def test_the_form_is_sent_once_the_question_is_answered(
    app: Flask, client: FlaskClient, petition: str, button: str, expected: str
) -> None:
    asked = sign(client, email=TYPED, comment="I read a lot.")
    assert asked.status_code == 422
    assert "Did you mean" in asked.text
    assert MEANT in asked.text
    assert written(app) == (0, 0)
    assert press(client, f"/petitions/{SLUG}/sign", asked, button).status_code == 303
    (draft,) = drafts(app)
    with app.app_context():
        assert (signer_of(draft).email, signer_of(draft).comment) == (expected, "I read a lot.")


def test_a_mistyped_domain_that_is_known_for_throw_away_addresses_is_asked_about_before_it_is_refused(
    client: FlaskClient, petition: str
) -> None:
    asked = sign(client, email="ann@gmial.com")
    assert "Did you mean" in asked.text
    assert "are refused here" not in asked.text
    assert "are refused here" in press(client, f"/petitions/{SLUG}/sign", asked, "typed").text


def test_it_is_asked_once_though_another_answer_is_refused(client: FlaskClient, petition: str) -> None:
    asked = sign(client, email="ann@hotnail.com")
    said = HtmlPage(asked.text).answers()
    refused = client.post(f"/petitions/{SLUG}/sign", data={**said, "address": "typed", "name": ""})
    assert "Please tell us your name" in refused.text
    assert "Did you mean" not in refused.text
    again = client.post(f"/petitions/{SLUG}/sign", data={**HtmlPage(refused.text).answers(), "name": "Ann"})
    assert "Did you mean" not in again.text


def test_another_address_is_asked_about_anew(client: FlaskClient, petition: str) -> None:
    said = HtmlPage(sign(client, email="ann@hotnail.com").text).answers()
    kept = client.post(f"/petitions/{SLUG}/sign", data={**said, "address": "typed", "name": ""})
    other = {**HtmlPage(kept.text).answers(), "email": "ann@yaho.com", "name": "Ann"}
    assert "ann@yahoo.com" in client.post(f"/petitions/{SLUG}/sign", data=other).text


def test_it_goes_by_the_domain_alone(app: Flask, client: FlaskClient, petition: str) -> None:
    pages = [sign(client, email=f"{name}@gmal.com").text.replace(name, "NAME") for name in ("anna", "bobo")]
    assert pages[0] == pages[1]


def test_asking_for_the_own_link_asks_too(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    path = f"/petitions/{SLUG}/my-signature"
    asked = client.post(path, data={"email": TYPED, "language": "en"})
    assert (asked.status_code, MEANT in asked.text) == (422, True)
    assert press(client, path, asked, "meant").status_code == 303


def test_the_right_address_after_signing_asks_too(app: Flask, client: FlaskClient, petition: str) -> None:
    page = sign(client, email="wrong@example.org").location
    asked = client.post(page, data={"email": TYPED})
    assert (asked.status_code, MEANT in asked.text) == (422, True)
    assert client.post(page, data={"email": TYPED, "address": "meant"}).status_code == 303
    with app.app_context():
        assert [signer_of(draft).email for draft in drafts(app)] == [MEANT]
