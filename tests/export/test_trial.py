"""A trial list shows what a file looks like, and is worth nothing to whoever gets it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.audit import log, words
from app.db import db, transaction
from app.export.handover import handovers_of
from app.models import Act, HandOver, Role, Signature, Visibility
from tests.export.listed import NOON, add
from tests.factories import SLUG
from tests.organisers.people import OWNER, signed_in
from tests.watching.people import add_people, petition_id_of

pytestmark = pytest.mark.both_databases

TRIAL = f"/organise/petitions/{SLUG}/export/trial"
MARK = f"TRIAL, not for handing over. Made for {OWNER}."


@pytest.fixture
def owner(app: Flask, petition: str) -> FlaskClient:
    return signed_in(app, OWNER, Role.OWNER)


def trial(client: FlaskClient, kind: str, **more: str) -> TestResponse:
    answer = client.post(TRIAL, data={"kind": kind, **more})
    assert answer.status_code == 200, answer.text
    return answer


def rows(answer: TestResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_each_format_says_that_it_is_a_trial_and_for_whom(app: Flask, owner: FlaskClient) -> None:
    add(app)
    assert rows(trial(owner, "csv"))[0]["name"] == MARK
    assert openpyxl.load_workbook(io.BytesIO(trial(owner, "xlsx").data)).active["B2"].value == MARK
    assert json.loads(trial(owner, "json").text)["rows"][0]["name"] == MARK
    assert MARK in trial(owner, "excel").data.decode("utf-16")
    for kind, end in {"csv": ".csv", "xlsx": ".xlsx", "json": ".json", "excel": "-excel.csv"}.items():
        name = trial(owner, kind).headers["Content-Disposition"]
        assert f"{SLUG}-trial-" in name and name.endswith(f'{end}"')


def test_of_what_people_wrote_it_has_initials_and_of_the_moment_the_day(app: Flask, owner: FlaskClient) -> None:
    add(app, "Ann Middle Example Tail", "Reader", "I read and read.", updates=True, email="ann@example.org")
    add(app, "=HYPERLINK(1)", "", "", email="bob@example.org", at=NOON + timedelta(minutes=1))
    answer = trial(owner, "csv", with_email="y", for_addressee="")
    _mark, ann, formula = rows(answer)
    assert (ann["name"], ann["affiliation"], ann["comment"]) == ("A. M. E.", "R.", "I. r. a.")
    assert (ann["country"], ann["verified_at"]) == ("SE", "2026-11-23T00:00:00Z")
    assert formula["name"] == "'=."
    assert "ann@" not in answer.text


def test_whoever_signed_for_organisers_alone_is_only_a_number(app: Flask, owner: FlaskClient) -> None:
    add(app, "Hidden Example", visibility=Visibility.ORGANISERS)
    assert [row["name"] for row in rows(trial(owner, "csv"))] == [MARK, ""]


def test_it_has_the_same_twenty_whatever_is_asked_for(app: Flask, owner: FlaskClient) -> None:
    add_people(app, 30)
    add(app, "Late Example", country="NO", at=datetime(2026, 11, 29, 12, tzinfo=UTC))
    first = rows(trial(owner, "csv"))
    assert len(first) == 21
    assert rows(trial(owner, "csv", countries="NO", since="2026-11-29", states="verified")) == first


def test_the_log_has_it_as_a_trial_and_nothing_was_handed_over(app: Flask, owner: FlaskClient) -> None:
    mine = add(app)
    trial(owner, "xlsx")
    with app.app_context():
        signature = db.session.scalars(select(Signature).where(Signature.public_id == mine)).one()
        assert handovers_of(signature) == []
        assert db.session.scalars(select(HandOver)).all() == []
        (line,) = [line for line in log.entries(petition_id_of()) if line.act == Act.EXPORTED]
        assert line.details == {"format": "xlsx", "trial": 1}
    with app.test_request_context("/organise"):
        assert words.sentence(line) == "tried out a list as XLSX, with the initials of a few"


def test_there_is_no_trial_of_another_kind(owner: FlaskClient) -> None:
    for kind in ("pdf", "", "exe"):
        assert owner.post(TRIAL, data={"kind": kind}).status_code == 400


def test_an_altered_row_gives_no_trial(app: Flask, owner: FlaskClient) -> None:
    add(app)
    with app.app_context(), transaction() as session:
        session.scalars(select(Signature)).one().country = "NO"
    answer = owner.post(TRIAL, data={"kind": "csv"})
    assert answer.status_code == 409
    assert "tell whoever runs this site" in answer.text


def test_an_old_session_must_confirm_the_password(app: Flask, petition: str) -> None:
    late = signed_in(app, OWNER, Role.OWNER, minutes_ago=60)
    assert late.post(TRIAL, data={"kind": "csv"}).status_code == 302
