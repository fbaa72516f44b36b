"""Lists that go out at once are few, and each makes room however it ends."""

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


def tried(organiser_id: int) -> DownloadSlot | None:
    try:
        return download_slots.acquire_slot(organiser_id)
    except (AllSlotsTaken, OwnSlotsTaken):
        return None


def test_of_many_who_come_at_once_as_many_are_let_in_as_there_are_places() -> None:
    places = [place for place in at_once(40, tried) if place]
    assert len(places) == MAX_DOWNLOADS_PER_PROCESS
    with pytest.raises(AllSlotsTaken):
        download_slots.acquire_slot(41)
    for place in places:
        place.release()
        place.release()
    again = [place for place in at_once(40, tried) if place]
    assert len(again) == MAX_DOWNLOADS_PER_PROCESS, "a place that is left twice is one place"
    for place in again:
        place.release()


def test_one_organiser_never_takes_all_places() -> None:
    mine = [place for place in at_once(20, lambda _: tried(1)) if place]
    assert len(mine) == MAX_DOWNLOADS_PER_ORGANISER < MAX_DOWNLOADS_PER_PROCESS
    with pytest.raises(OwnSlotsTaken):
        download_slots.acquire_slot(1)
    download_slots.acquire_slot(2).release()
    for place in mine:
        place.release()


@pytest.fixture
def owner(app: Flask, petition: str) -> FlaskClient:
    make_signature(app)
    return signed_in(app, role=Role.OWNER)


def taken(client: FlaskClient) -> int:
    """Take the whole list; return the status."""
    with client.get(LIST) as answer:
        assert answer.data
        return answer.status_code


def test_who_has_lists_under_way_is_told_so_until_one_ends(app: Flask, owner: FlaskClient) -> None:
    under_way = [download_slots.acquire_slot(organiser(app).id) for _ in range(MAX_DOWNLOADS_PER_ORGANISER)]
    refused = owner.get(LIST)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert "Let one of them end, or stop it" in refused.text
    with app.app_context():
        assert db.session.scalars(select(HandOver)).all() == [], "nothing was handed over"
    under_way[0].release()
    assert taken(owner) == 200
    under_way[1].release()


def test_when_others_have_all_places_the_page_says_when_to_come_again(app: Flask, owner: FlaskClient) -> None:
    places = [download_slots.acquire_slot(-number) for number in range(MAX_DOWNLOADS_PER_PROCESS)]
    refused = owner.get(LIST)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert "Please start this again in a minute." in refused.text
    for place in places:
        place.release()
    assert taken(owner) == 200


@pytest.mark.parametrize("end", ["whole", "cut off", "refused", "failed"])
def test_a_list_makes_room_however_it_ends(owner: FlaskClient, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    for _ in range(2 * MAX_DOWNLOADS_PER_PROCESS):
        if end == "whole":
            assert taken(owner) == 200
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
    assert taken(owner) == 200


def test_one_that_takes_too_long_breaks_off_and_says_so(
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
