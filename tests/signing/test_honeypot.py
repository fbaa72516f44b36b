"""A field that nobody sees: a form in which it is filled is answered like any other, and kept nowhere."""

from flask import Flask
from flask.testing import FlaskClient

from tests.factories import sign, written
from tests.html_page import HtmlPage


def test_a_machine_that_fills_in_everything_is_told_nothing_and_leaves_nothing(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    person = sign(client, email="ann@example.org")
    after_person = written(app)
    machine = sign(client, email="bot@example.org", topic="Cheap watches")
    assert (machine.status_code, len(machine.data)) == (person.status_code, len(person.data))
    assert len(machine.location) == len(person.location)
    assert sorted(dict(machine.headers)) == sorted(dict(person.headers))
    assert client.get(machine.location).status_code == 200
    assert written(app) == after_person


def test_a_machine_is_told_its_mistakes_like_a_person(client: FlaskClient, petition: str) -> None:
    assert sign(client, email="no address", topic="Cheap watches").status_code == 422


def test_people_are_not_led_to_the_field(client: FlaskClient, petition: str) -> None:
    page = HtmlPage(client.get(f"/petitions/{petition}").text)
    (trap,) = [one for one in page.elements if one.get("name") == "topic"]
    assert (trap.get("tabindex"), trap.get("autocomplete"), trap.get("value")) == ("-1", "off", "")
    assert any("for-no-one" in (outer.get("class") or "") for outer in trap.inside)
    assert page.answers()["topic"] == ""
    with client.get("/static/css/base.css") as sheet:
        rule = sheet.text.split(".for-no-one {")[1].split("}")[0]
    assert "display: none" in rule
