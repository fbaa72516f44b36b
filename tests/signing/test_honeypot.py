"""The honeypot, a field that people do not see: a form that fills it in gets the usual answer and is not saved."""

from flask import Flask
from flask.testing import FlaskClient

from app.web.rate_limits import MAX_FORMS
from tests.factories import sign, written
from tests.html_page import HtmlPage


def test_a_bot_that_fills_in_the_honeypot_gets_the_usual_answer_and_nothing_is_saved(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    person = sign(client, email="ann@example.org")
    after_person = written(app)
    bot = sign(client, email="bot@example.org", topic="Cheap watches")
    assert (bot.status_code, len(bot.data)) == (person.status_code, len(person.data))
    assert len(bot.location) == len(person.location)
    assert sorted(dict(bot.headers)) == sorted(dict(person.headers))
    assert client.get(bot.location).status_code == 200
    assert written(app) == after_person


def test_bots_are_limited_like_people(client: FlaskClient, petition: str) -> None:
    statuses = [sign(client, email=f"bot{which}@example.org", topic="x").status_code for which in range(MAX_FORMS + 1)]
    assert statuses == [303] * MAX_FORMS + [429]


def test_a_bot_sees_errors_like_a_person(client: FlaskClient, petition: str) -> None:
    assert sign(client, email="no address", topic="Cheap watches").status_code == 422


def test_people_cannot_see_or_reach_the_honeypot(client: FlaskClient, petition: str) -> None:
    page = HtmlPage(client.get(f"/petitions/{petition}").text)
    (trap,) = [one for one in page.elements if one.get("name") == "topic"]
    assert (trap.get("tabindex"), trap.get("autocomplete"), trap.get("value")) == ("-1", "off", "")
    assert any("for-no-one" in (outer.get("class") or "") for outer in trap.inside)
    assert page.answers()["topic"] == ""
    with client.get("/static/css/base.css") as sheet:
        rule = sheet.text.split(".for-no-one {")[1].split("}")[0]
    assert "display: none" in rule
