"""To whom an entry was handed over: the lists that it was on, whatever has happened to it since."""

import sys
from collections.abc import Iterator
from datetime import date
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.db import db, transaction
from app.export import cli_files, csv, download_slots, list_stream
from app.export.handover import begin_handover, handovers_of
from app.export.pdf_job import run_due
from app.export.rows import Choice
from app.models import Format, HandOver, HandOverBlock, Role, Signature, Visibility
from app.petitions.page import find_edition
from app.watching.selection import Selection
from app.web.request_log import ResponseAborted
from tests.factories import SLUG, make_petition, make_signature
from tests.moderation.act import invalidated, restored
from tests.organisers.people import OWNER, signed_in
from tests.signers.own_entry import link_to, save, withdraw

pytestmark = pytest.mark.both_databases

LIST = f"/organise/petitions/{SLUG}/signatures"
WAYS = ("csv", "xlsx", "json", "command", "pdf")
STREAMED = WAYS[:4]
CHOICE = {"kind": "csv", "states": "verified", "recipient": "Registry of Testville"}


@pytest.fixture
def owner(app: Flask, petition: str) -> FlaskClient:
    return signed_in(app, OWNER, Role.OWNER)


def hand_over(app: Flask, owner: FlaskClient, way: str, **choice: str) -> None:
    """Hand the list over by the page, or by the command, which makes the PDF too; `choice` is what the query asks."""
    if way in ("command", "pdf"):
        names = {"states": "--state", "countries": "--country", "for_addressee": "--for-addressee"}
        options = [part for key, value in choice.items() for part in (names[key], value) if part != "y"]
        with TemporaryDirectory() as folder:
            options += ["--format", "pdf", "-o", f"{folder}/list.pdf"] if way == "pdf" else []
            done = app.test_cli_runner().invoke(args=["signatures", "export", SLUG, *options])
        assert done.exit_code == 0, done.output
    else:
        with owner.get(f"{LIST}.{way}", query_string=choice) as answer:
            assert answer.status_code == 200
            assert answer.data


def seen(app: Flask, public_id: bytes) -> int:
    """Return how many hand-overs a signer sees."""
    with app.app_context():
        return len(handovers_of(db.session.scalars(select(Signature).where(Signature.public_id == public_id)).one()))


@pytest.mark.parametrize("way", STREAMED)
def test_a_list_of_invalidated_ones_is_seen_after_they_were_restored(
    app: Flask, client: FlaskClient, owner: FlaskClient, way: str
) -> None:
    ann = make_signature(app)
    invalidated(app)
    hand_over(app, owner, way, states="invalidated")
    restored(app)
    assert seen(app, ann) == 1
    assert "To nobody yet." not in client.get(link_to(app, ann)).text


@pytest.mark.parametrize("way", WAYS)
def test_a_list_made_while_one_was_invalidated_is_not_seen_by_them(app: Flask, owner: FlaskClient, way: str) -> None:
    ann, bob = make_signature(app), make_signature(app, email="bob@example.org")
    invalidated(app, Selection(entries=(ann,)))
    hand_over(app, owner, way)
    restored(app)
    assert (seen(app, ann), seen(app, bob)) == (0, 1)


@pytest.mark.parametrize("way", WAYS)
def test_a_country_that_is_corrected_neither_hides_nor_adds_a_list(
    app: Flask, client: FlaskClient, owner: FlaskClient, way: str
) -> None:
    ann = make_signature(app)
    hand_over(app, owner, way, countries="SE")
    hand_over(app, owner, "csv", countries="FI")
    assert seen(app, ann) == 1, "she was not on the list of Finland"
    assert save(client, link_to(app, ann), country="FI").status_code < 400
    assert seen(app, ann) == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_number_alone_for_the_addressee_is_not_a_hand_over(
    app: Flask, client: FlaskClient, owner: FlaskClient, way: str
) -> None:
    ann = make_signature(app, visibility=Visibility.ORGANISERS)
    bob = make_signature(app, email="bob@example.org", visibility=Visibility.DELIVERY)
    hand_over(app, owner, way, for_addressee="y")
    assert (seen(app, ann), seen(app, bob)) == (0, 1)
    assert save(client, link_to(app, ann), visibility="public").status_code < 400
    assert seen(app, ann) == 0
    hand_over(app, owner, way)
    assert (seen(app, ann), seen(app, bob)) == (1, 2)


def three(app: Flask) -> list[bytes]:
    return [make_signature(app, email=f"{name}@example.org") for name in ("ann", "bob", "cleo")]


def test_a_download_that_is_cut_off_is_seen_by_those_whose_rows_were_sent(
    app: Flask, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = three(app)
    monkeypatch.setattr(csv, "CHUNK_CHARACTERS", 1)
    answer = owner.get(f"{LIST}.csv", buffered=False)
    chunks = iter(answer.response)
    for _ in ("names of columns", "ann", "bob"):
        next(chunks)
    answer.close()
    assert [seen(app, one) for one in people] == [1, 1, 0]
    with app.app_context():
        assert db.session.scalars(select(HandOver.rows)).one() is None


def test_a_download_that_takes_too_long_is_seen_by_those_whose_rows_were_sent(
    app: Flask, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = make_signature(app)
    monkeypatch.setattr(download_slots, "TIMEOUT_SECONDS", -1)
    answer = owner.get(f"{LIST}.csv", buffered=False)
    with pytest.raises(ResponseAborted):
        list(answer.response)
    answer.close()
    assert seen(app, ann) == 0


def test_a_command_whose_output_breaks_is_seen_by_those_whose_rows_were_sent(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = three(app)
    monkeypatch.setattr(csv, "CHUNK_CHARACTERS", 1)

    def break_off(chunks: Iterator[bytes]) -> None:
        for _ in ("names of columns", "ann", "bob"):
            next(chunks)
        raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=SimpleNamespace(writelines=break_off)))
    with app.app_context():
        edition = find_edition(SLUG)
        assert edition
        begun = begin_handover(edition.petition, None, Format.CSV, Choice(), "")
        with pytest.raises(BrokenPipeError):
            cli_files.write_file(list_stream.stream_list(edition, begun), None)
    assert [seen(app, one) for one in people] == [1, 1, 0]


def test_who_confirms_between_the_form_and_the_download_sees_the_list(app: Flask, owner: FlaskClient) -> None:
    asked = owner.post(f"/organise/petitions/{SLUG}/export", data=CHOICE)
    assert asked.status_code == 303
    ann = make_signature(app)
    assert owner.get(asked.headers["Location"]).data
    assert seen(app, ann) == 1


def test_a_pdf_is_recorded_once_it_is_made(app: Flask, petition: str) -> None:
    ann = make_signature(app)
    with app.app_context():
        edition = find_edition(SLUG)
        assert edition
        begin_handover(edition.petition, None, Format.PDF, Choice(), "Registry of Testville")
    late = make_signature(app, email="late@example.org")
    assert seen(app, ann) == 0
    with app.app_context():
        assert run_due() == 1
    assert (seen(app, ann), seen(app, late)) == (1, 0)


def test_an_erased_row_stays_recorded(app: Flask, client: FlaskClient, owner: FlaskClient) -> None:
    ann = make_signature(app)
    hand_over(app, owner, "csv")
    withdraw(client, link_to(app, ann))
    assert seen(app, ann) == 1


def test_signers_of_another_petition_see_nothing(app: Flask, owner: FlaskClient) -> None:
    make_petition(app, slug='"another"')
    other = make_signature(app, "another")
    make_signature(app)
    hand_over(app, owner, "csv")
    assert seen(app, other) == 0


def test_a_list_from_before_rows_were_recorded_is_judged_by_its_choice(app: Flask, owner: FlaskClient) -> None:
    ann = make_signature(app)
    hand_over(app, owner, "csv")
    hand_over(app, owner, "csv", until=date(2020, 1, 1).isoformat())
    with app.app_context(), transaction() as session:
        session.execute(delete(HandOverBlock))
        session.execute(update(HandOver).values(rows_known=False))
    assert seen(app, ann) == 1


def test_a_list_that_is_under_way_is_seen_by_whom_it_was_made_for_and_restored_meanwhile(
    app: Flask, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = make_signature(app)
    for number in range(5):
        make_signature(app, email=f"p{number}@example.org")
    invalidated(app)
    monkeypatch.setattr(csv, "CHUNK_CHARACTERS", 1)
    answer = owner.get(f"{LIST}.csv", query_string={"states": "invalidated"}, buffered=False)
    next(iter(answer.response))
    restored(app)
    later = make_signature(app, email="later@example.org")
    assert (seen(app, ann), seen(app, later)) == (1, 0)
    answer.close()
