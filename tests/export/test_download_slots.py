"""Download slots: few lists are streamed at once, and each frees its slot however it ends."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.export import download_slots, rows
from app.export.download_slots import (
    MAX_DOWNLOADS_PER_ORGANISER,
    MAX_DOWNLOADS_PER_PROCESS,
    AllSlotsTaken,
    DownloadSlot,
    OwnSlotsTaken,
)
from app.models import HandOver, Role
from app.web.request_log import ResponseAborted
from tests.concurrency.test_races import at_once
from tests.factories import SLUG, make_signature
from tests.organisers.people import organiser, signed_in

pytestmark = pytest.mark.both_databases

LIST = f"/organise/petitions/{SLUG}/signatures.csv"


def try_to_acquire(organiser_id: int) -> DownloadSlot | None:
    try:
        return download_slots.acquire_slot(organiser_id)
    except (AllSlotsTaken, OwnSlotsTaken):
        return None


def test_forty_requests_at_once_get_as_many_slots_as_there_are() -> None:
    slots = [slot for slot in at_once(40, try_to_acquire) if slot]
    assert len(slots) == MAX_DOWNLOADS_PER_PROCESS
    with pytest.raises(AllSlotsTaken):
        download_slots.acquire_slot(41)
    for slot in slots:
        slot.release()
        slot.release()
    again = [slot for slot in at_once(40, try_to_acquire) if slot]
    assert len(again) == MAX_DOWNLOADS_PER_PROCESS, "a slot that is released twice is one slot"
    for slot in again:
        slot.release()


def test_one_organiser_never_gets_all_slots() -> None:
    slots = [slot for slot in at_once(20, lambda _: try_to_acquire(1)) if slot]
    assert len(slots) == MAX_DOWNLOADS_PER_ORGANISER < MAX_DOWNLOADS_PER_PROCESS
    with pytest.raises(OwnSlotsTaken):
        download_slots.acquire_slot(1)
    download_slots.acquire_slot(2).release()
    for slot in slots:
        slot.release()


@pytest.fixture
def owner(app: Flask, petition: str) -> FlaskClient:
    make_signature(app)
    return signed_in(app, role=Role.OWNER)


def download(client: FlaskClient) -> int:
    """Download the whole list; return the status."""
    with client.get(LIST) as answer:
        assert answer.data
        return answer.status_code


def test_an_organiser_with_two_downloads_must_wait_until_one_ends(app: Flask, owner: FlaskClient) -> None:
    under_way = [download_slots.acquire_slot(organiser(app).id) for _ in range(MAX_DOWNLOADS_PER_ORGANISER)]
    refused = owner.get(LIST)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert "Let one of them end, or stop it" in refused.text
    with app.app_context():
        assert db.session.scalars(select(HandOver)).all() == [], "nothing was handed over"
    under_way[0].release()
    assert download(owner) == 200
    under_way[1].release()


def test_when_all_slots_are_taken_retry_after_is_sent(app: Flask, owner: FlaskClient) -> None:
    slots = [download_slots.acquire_slot(-number) for number in range(MAX_DOWNLOADS_PER_PROCESS)]
    refused = owner.get(LIST)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert "Please start this again in a minute." in refused.text
    for slot in slots:
        slot.release()
    assert download(owner) == 200


@pytest.mark.parametrize("end", ["whole", "cut off", "refused", "failed"])
def test_a_download_frees_its_slot_however_it_ends(
    owner: FlaskClient, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    for _ in range(2 * MAX_DOWNLOADS_PER_PROCESS):
        if end == "whole":
            assert download(owner) == 200
        elif end == "cut off":
            answer = owner.get(LIST, buffered=False)
            next(iter(answer.response))
            answer.close()
        elif end == "refused":
            assert owner.get(f"{LIST}?list=00").status_code == 404
        else:
            with monkeypatch.context() as broken:
                broken.setattr(rows, "_rows", lambda *_: (1 / 0 for _ in "x"))
                answer = owner.get(LIST, buffered=False)
                with pytest.raises(ResponseAborted):
                    list(answer.response)
                answer.close()
    monkeypatch.undo()
    assert download(owner) == 200


def test_a_download_that_takes_too_long_ends_with_a_warning_line(
    app: Flask, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_slots, "TIMEOUT_SECONDS", -1)
    answer = owner.get(LIST, buffered=False)
    pieces = []
    with pytest.raises(ResponseAborted):
        pieces.extend(answer.response)
    answer.close()
    assert "THIS LIST IS NOT WHOLE" in b"".join(pieces).decode()
    with app.app_context():
        assert db.session.scalars(select(HandOver.rows)).one() is None
