"""The export pages: each download is recorded, streamed, and opens in a program of its format."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.db import db
from app.export import handover
from app.export.pdf_job import run_due
from app.models import Act, AuditEntry, HandOver, Role, State, Visibility
from tests.concurrency.test_races import at_once
from tests.export.listed import add
from tests.factories import SLUG, make_petition, make_signature
from tests.organisers.people import OWNER, make_organiser, signed_in

PLACE = f"/organise/petitions/{SLUG}"
CHOICE = {"recipient": "Registry of Testville", "states": "verified"}


@pytest.fixture
def owner(app: Flask, petition: str) -> FlaskClient:
    return signed_in(app, OWNER, Role.OWNER)


@pytest.fixture
def editor(app: Flask, petition: str) -> FlaskClient:
    return signed_in(app, "editor@example.org", Role.EDITOR)


def hand_over(client: FlaskClient, kind: str, **choice: object) -> TestResponse:
    """Fill in the form of the export page and follow it to the file."""
    return client.post(f"{PLACE}/export", data={**CHOICE, "kind": kind, **choice}, follow_redirects=True)


def names(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in csv.DictReader(io.StringIO(answer.text, newline=""))]


def records(app: Flask) -> list[HandOver]:
    with app.app_context():
        return list(db.session.scalars(select(HandOver).order_by(HandOver.id)))


def exported(app: Flask) -> list[AuditEntry]:
    with app.app_context():
        entries = select(AuditEntry).where(AuditEntry.act == Act.EXPORTED).order_by(AuditEntry.id)
        return list(db.session.scalars(entries))


def test_each_format_can_be_opened(app: Flask, owner: FlaskClient, work: Callable[[], int]) -> None:
    add(app, "Ann Example")
    add(app, "Боб Пример", email="bob@example.org")
    assert names(hand_over(owner, "csv")) == ["Ann Example", "Боб Пример"]
    sheet = openpyxl.load_workbook(io.BytesIO(hand_over(owner, "xlsx").data)).active
    assert [sheet["B2"].value, sheet["B3"].value] == ["Ann Example", "Боб Пример"]
    assert [row["name"] for row in json.loads(hand_over(owner, "json").text)["rows"]] == ["Ann Example", "Боб Пример"]
    assert "Боб Пример" in hand_over(owner, "excel").data.decode("utf-16")
    waiting = hand_over(owner, "pdf")
    assert waiting.status_code == 202
    work()
    assert "The delivery is ready." in owner.get(f"{PLACE}/signatures.pdf?wait=1", follow_redirects=True).text
    ready = owner.get(f"{PLACE}/signatures.pdf")
    assert re.search(r"-organisers-\d{4}-\d\d-\d\d-\d{4}-1\.pdf", ready.headers["Content-Disposition"])
    assert ready.mimetype == "application/pdf"
    assert "Боб Пример" in "".join(page.extract_text() for page in PdfReader(io.BytesIO(ready.data)).pages)
    assert [record.rows for record in records(app)] == [2, 2, 2, 2, 2]


def test_a_hand_over_is_listed_with_its_recipient(app: Flask, owner: FlaskClient) -> None:
    add(app)
    hand_over(owner, "csv", recipient="\u202eMinistry\x0cof\u200b Tests")
    page = owner.get(f"{PLACE}/export").text
    assert "Ministry of Tests" in page
    assert OWNER in page
    assert b"Ministry" not in records(app)[0].sealed_recipient
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == Act.EXPORTED)).one()
        assert entry.details == {"format": "csv"}


def test_a_cut_off_download_is_recorded_as_cut_off(app: Flask, owner: FlaskClient) -> None:
    make_signature(app)
    answer = owner.get(f"{PLACE}/signatures.json", buffered=False)
    pieces = iter(answer.response)
    first = next(pieces)
    answer.close()
    with pytest.raises(json.JSONDecodeError):
        json.loads(first)
    assert [record.rows for record in records(app)] == [None]
    assert "under way, or cut off" in owner.get(f"{PLACE}/export").text


def test_a_list_for_the_addressee_does_not_name_signers_for_organisers_only(app: Flask, owner: FlaskClient) -> None:
    add(app, "Hidden Example", visibility=Visibility.ORGANISERS)
    add(app, "Ann Example", email="bob@example.org", visibility=Visibility.DELIVERY)
    assert sorted(names(hand_over(owner, "csv", for_addressee="y"))) == ["", "Ann Example"]


def test_only_owners_get_addresses_of_signers_who_agreed(app: Flask, owner: FlaskClient, editor: FlaskClient) -> None:
    add(app, "Ann", email="ann@example.org", updates=True)
    add(app, "Bob", email="bob@example.org", updates=False)
    assert "ann@example.org" not in hand_over(owner, "csv").text
    asked = hand_over(owner, "csv", with_email="y").text
    assert "ann@example.org" in asked
    assert "bob@example.org" not in asked
    assert "ann@example.org" not in hand_over(editor, "csv", with_email="y").text
    assert editor.get(f"{PLACE}/signatures.csv?with_email=1").status_code == 403
    assert "ann@example.org" in owner.get(f"{PLACE}/signatures.csv?with_email=1").text
    refused = hand_over(owner, "csv", with_email="y", for_addressee="y")
    assert refused.status_code == 422
    assert "never an e-mail address" in refused.text


def test_lists_can_be_filtered_by_country_and_day(app: Flask, owner: FlaskClient) -> None:
    add(app, "Ann", country="SE", at=datetime(2026, 11, 1, 12, tzinfo=UTC))
    add(app, "Bob", email="bob@example.org", country="FI", at=datetime(2026, 11, 3, 12, tzinfo=UTC))
    assert names(owner.get(f"{PLACE}/signatures.csv?countries=FI")) == ["Bob"]
    assert names(owner.get(f"{PLACE}/signatures.csv?since=2026-11-02")) == ["Bob"]
    assert names(owner.get(f"{PLACE}/signatures.csv?until=2026-11-02")) == ["Ann"]
    assert names(owner.get(f"{PLACE}/signatures.csv?until=9999-12-31")) == ["Ann", "Bob"]
    assert names(owner.get(f"{PLACE}/signatures.csv?countries=NO")) == []
    assert names(hand_over(owner, "csv", countries="FI")) == ["Bob"]


@pytest.mark.parametrize(
    "query", ["countries=XX", "since=yesterday", "states=nonsense", "states=pending", "for_addressee=1&with_email=1"]
)
def test_an_invalid_query_is_refused_with_a_message(app: Flask, owner: FlaskClient, query: str) -> None:
    answer = owner.get(f"{PLACE}/signatures.csv?{query}")
    assert answer.status_code == 400
    assert "cannot be had" in answer.text
    assert records(app) == []


def test_other_states_are_exported_only_on_request(app: Flask, owner: FlaskClient) -> None:
    add(app, "Ann")
    add(app, "Invalidated", email="invalidated@example.org", state=State.INVALIDATED)
    assert names(owner.get(f"{PLACE}/signatures.csv")) == ["Ann"]
    assert names(owner.get(f"{PLACE}/signatures.csv?states=invalidated")) == ["Invalidated"]
    refused = hand_over(owner, "pdf", states=["verified", "invalidated"])
    assert refused.status_code == 422
    assert "verified signatures only" in refused.text


def test_another_sites_page_cannot_start_an_export(app: Flask, owner: FlaskClient) -> None:
    for site in ("cross-site", "same-site"):
        for kind in ("csv", "pdf"):
            answer = owner.get(f"{PLACE}/signatures.{kind}", headers={"Sec-Fetch-Site": site})
            assert answer.status_code == 403
    assert records(app) == []


def test_a_head_request_records_nothing(app: Flask, owner: FlaskClient) -> None:
    add(app)
    answer = owner.head(f"{PLACE}/signatures.csv")
    assert answer.status_code == 200
    assert records(app) == []


def test_an_old_session_must_confirm_the_password(app: Flask, petition: str) -> None:
    late = signed_in(app, OWNER, Role.OWNER, minutes_ago=60)
    for path in ("export", "signatures.csv", "signatures.pdf"):
        answer = late.get(f"{PLACE}/{path}")
        assert answer.status_code == 302
        assert "/organise/verify" in answer.location
    assert records(app) == []


def test_a_download_link_works_once_and_for_its_organiser_only(
    app: Flask, owner: FlaskClient, editor: FlaskClient
) -> None:
    add(app)
    chosen = owner.post(f"{PLACE}/export", data={**CHOICE, "kind": "csv"}).location
    assert editor.get(chosen).status_code == 404
    assert names(owner.get(chosen)) == ["Ann Example"]
    assert owner.get(chosen).status_code == 404


def test_a_cut_off_download_needs_a_new_record(app: Flask, owner: FlaskClient) -> None:
    add(app)
    chosen = owner.post(f"{PLACE}/export", data={**CHOICE, "kind": "json"}).location
    answer = owner.get(chosen, buffered=False)
    next(iter(answer.response))
    answer.close()
    again = owner.get(chosen)
    assert again.status_code == 404
    assert "start it again on the export page" in again.text
    assert [record.rows for record in records(app)] == [None]


def test_twenty_requests_for_one_download_link_give_one_list(app: Flask, owner: FlaskClient) -> None:
    add(app)
    chosen = owner.post(f"{PLACE}/export", data={**CHOICE, "kind": "csv"}).location
    copies = [signed_in(app, OWNER, Role.OWNER) for _ in range(20)]
    statuses = at_once(20, lambda which: copies[which].get(chosen, buffered=True).status_code)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 404, 429}


def test_a_list_has_no_signatures_of_another_petition(app: Flask, owner: FlaskClient) -> None:
    other = make_petition(app, slug='"other"')
    make_signature(app, other, name="Other Example")
    add(app)
    assert names(owner.get(f"{PLACE}/signatures.csv")) == ["Ann Example"]
    assert owner.get("/organise/petitions/other/signatures.csv").status_code == 404


def test_a_name_that_is_a_formula_stays_text(app: Flask, owner: FlaskClient) -> None:
    add(app, "=HYPERLINK(1)")
    assert names(owner.get(f"{PLACE}/signatures.csv")) == ["'=HYPERLINK(1)"]
    cell = openpyxl.load_workbook(io.BytesIO(owner.get(f"{PLACE}/signatures.xlsx").data)).active["B2"]
    assert cell.data_type == "s"


def test_the_progress_of_a_delivery_is_shown_as_page_and_json(app: Flask, owner: FlaskClient) -> None:
    assert owner.get(f"{PLACE}/signatures.pdf").status_code == 404
    owner.post(f"{PLACE}/signatures.pdf", data=CHOICE)
    page = owner.get(f"{PLACE}/signatures.pdf")
    assert page.status_code == 202
    assert page.headers["Refresh"]
    as_json = owner.get(f"{PLACE}/signatures.pdf", headers={"Accept": "application/json"})
    assert as_json.json == {"making": "waiting", "rows_done": 0, "rows_wanted": 0}


def test_a_second_pdf_request_leads_to_the_unfinished_one(app: Flask, owner: FlaskClient, editor: FlaskClient) -> None:
    hand_over(owner, "pdf")
    for again in (hand_over(editor, "pdf"), editor.post(f"{PLACE}/signatures.pdf", data=CHOICE, follow_redirects=True)):
        assert again.status_code == 202
        assert "no other one was begun" in again.text
    assert len(records(app)) == 1


def test_each_download_of_a_volume_is_recorded_with_its_organiser(
    app: Flask, owner: FlaskClient, editor: FlaskClient
) -> None:
    add(app)
    owner.post(f"{PLACE}/signatures.pdf", data=CHOICE)
    with app.app_context():
        run_due()
    owner.head(f"{PLACE}/signatures.pdf")
    owner.get(f"{PLACE}/signatures.pdf?volume=2")
    owner.get(f"{PLACE}/signatures.pdf?wait=1")
    assert len(exported(app)) == 1, "what hands nothing over is no download"
    for reader in (editor, editor, owner):
        assert reader.get(f"{PLACE}/signatures.pdf").status_code == 200
    downloads = exported(app)[1:]
    assert [entry.details for entry in downloads] == [{"format": "pdf", "volume": 1}] * 3
    assert downloads[0].organiser_id == downloads[1].organiser_id != downloads[2].organiser_id
    assert "downloaded volume 1 of the PDF delivery" in owner.get(f"{PLACE}/log").text


def test_a_list_is_not_cached(app: Flask, owner: FlaskClient) -> None:
    answer = owner.get(f"{PLACE}/signatures.csv", buffered=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")


def test_a_record_stores_the_exact_choice(app: Flask, owner: FlaskClient) -> None:
    hand_over(owner, "csv", countries=["SE", "FI"], since="2026-11-01", until="2026-11-30", for_addressee="y")
    with app.app_context():
        kept = handover.choice_of(records(app)[0])
    assert (kept.countries, kept.for_addressee) == (frozenset({"SE", "FI"}), True)
    assert str(kept.since) == "2026-11-01"
    assert handover.choice_as_json(kept) == records(app)[0].choice


def test_a_former_owner_gets_no_addresses_by_an_earlier_link(app: Flask, owner: FlaskClient) -> None:
    add(app, updates=True)
    chosen = owner.post(f"{PLACE}/export", data={**CHOICE, "kind": "csv", "with_email": "y"}).location
    make_organiser(app, OWNER, Role.EDITOR)
    assert owner.get(chosen).status_code == 403


def test_a_pdf_with_addresses_or_a_huge_volume_number_is_refused(app: Flask, owner: FlaskClient) -> None:
    assert hand_over(owner, "pdf", with_email="y").status_code == 422
    owner.post(f"{PLACE}/signatures.pdf", data=CHOICE)
    with app.app_context():
        run_due()
    assert owner.get(f"{PLACE}/signatures.pdf?volume=99999999999999999999").status_code == 404


def test_earlier_hand_overs_are_shown_by_themselves(app: Flask, owner: FlaskClient) -> None:
    add(app)
    assert "Nothing yet." in owner.get(f"{PLACE}/export/before").text
    hand_over(owner, "csv", recipient="Ministry of Tests")
    page = owner.get(f"{PLACE}/export").text
    assert f'href="{PLACE}/export/before"' in page
    assert "Signers will read what you write here." in page
    assert "Ministry of Tests" in owner.get(f"{PLACE}/export/before").text
