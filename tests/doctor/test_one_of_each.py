"""`flask mail test` sends one e-mail of each kind at once, and says what the relay answered."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from app.db import db
from app.models import Draft, Organiser, OutboxRow, Unwanted
from tests.mail_server import MailServer, text_of
from tests.structure.source import TEMPLATES, template_name

KINDS = {name.split("/")[1] for name in map(template_name, TEMPLATES) if re.match(r"email/\w+/", name)}


@pytest.mark.both_databases
def test_one_of_each_kind_arrives_and_is_marked(petition: str, runner: FlaskCliRunner, mail_server: MailServer) -> None:
    told = runner.invoke(args=["mail", "test", "ann@example.org"])
    assert told.exit_code == 0, told.output
    assert {line.split("\t")[0] for line in told.output.splitlines()} == KINDS
    assert {line.split("\t")[1] for line in told.output.splitlines()} == {"taken"}
    letters = mail_server.to("ann@example.org")
    assert len(letters) == len(KINDS)
    assert all(letter["Subject"].startswith("[Test] ") for letter in letters)
    assert len({letter["Message-ID"] for letter in letters}) == len(KINDS)


def test_their_links_do_nothing(
    app: Flask, petition: str, runner: FlaskCliRunner, client: FlaskClient, mail_server: MailServer
) -> None:
    runner.invoke(args=["mail", "test", "ann@example.org"])
    links = {
        link
        for letter in mail_server.letters
        for link in re.findall(r"http://[^/\s]+(/\S*test-\S+)", text_of(letter) + str(letter["List-Unsubscribe"]))
    }
    assert len({link.split("/")[1] for link in links}) >= 4
    for link in links:
        path = link.rstrip(">")
        assert client.get(path).status_code in {200, 404, 410}
        client.post(path, data={"List-Unsubscribe": "One-Click"})
    with app.app_context():
        for table in (Draft, OutboxRow, Unwanted, Organiser):
            assert db.session.query(table).count() == 0


def test_without_a_petition_the_others_are_sent(runner: FlaskCliRunner, mail_server: MailServer) -> None:
    told = runner.invoke(args=["mail", "test", "ann@example.org"])
    assert told.exit_code == 0 and "none is open" in told.output
    assert mail_server.letters


def test_what_the_relay_answers_to_each_is_said(petition: str, runner: FlaskCliRunner, mail_server: MailServer) -> None:
    mail_server.answer = lambda recipient: "550 5.1.1 no such user ann@example.org"
    told = runner.invoke(args=["mail", "test", "ann@example.org"])
    assert told.exit_code == 1
    assert "confirm\trefused for good: 550 5.1.1: the address" in told.output and "no such user" not in told.output
    assert "Mail is not going out" in told.output


def test_no_relay_is_said_in_words(app: Flask, petition: str, runner: FlaskCliRunner) -> None:
    app.extensions["mail"].port = 1
    told = runner.invoke(args=["mail", "test", "ann@example.org"])
    assert told.exit_code == 1 and "doctor" in told.output


def test_no_address_is_refused(runner: FlaskCliRunner) -> None:
    told = runner.invoke(args=["mail", "test", "ann"])
    assert told.exit_code == 1 and "not a complete e-mail address" in told.output
