"""The log as a file: all of it, for owners, and itself in the log."""

import csv
import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.audit.log import record
from app.db import transaction
from app.models import Act, Role
from tests.factories import SLUG, make_petition
from tests.organisers.people import OWNER, signed_in
from tests.watching.people import petition_id_of

pytestmark = pytest.mark.both_databases

FILE = f"/organise/petitions/{SLUG}/log.csv"


@pytest.fixture
def owner(app: Flask, petition: str) -> FlaskClient:
    return signed_in(app, OWNER, Role.OWNER)


def log_something(app: Flask, number: int, slug: str = SLUG) -> None:
    with app.app_context():
        petition_id = petition_id_of(slug)
        with transaction() as session:
            for _ in range(number):
                record(session, Act.INVALIDATED, petition_id, None, number=2, reason="duplicate")


def lines(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_it_has_all_lines_of_this_petition_and_its_own(app: Flask, owner: FlaskClient) -> None:
    make_petition(app, slug='"another"')
    log_something(app, 1, "another")
    log_something(app, 250)
    answer = owner.post(FILE)
    assert f"{SLUG}-log-" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    newest, *others = lines(answer)
    assert (newest["who"], newest["act"], newest["sentence"]) == (OWNER, "exported", "saved this log as a file")
    assert newest["at"].endswith("Z")
    assert sum(line["act"] == "invalidated" for line in others) == 250
    assert others[0]["sentence"] == "invalidated 2 signatures: The same person twice"
    assert "saved this log as a file" in owner.get(f"/organise/petitions/{SLUG}/log").text


def test_no_cell_is_a_formula(app: Flask, petition: str) -> None:
    signed_in(app, "=olga@example.org", Role.OWNER)
    assert lines(signed_in(app, "=olga@example.org", Role.OWNER).post(FILE))[0]["who"] == "'=olga@example.org"


def test_an_old_session_must_confirm_the_password(app: Flask, petition: str) -> None:
    assert signed_in(app, OWNER, Role.OWNER, minutes_ago=60).post(FILE).status_code == 302
