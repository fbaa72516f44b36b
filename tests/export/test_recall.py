"""A PDF delivery is recalled as soon as its list changes, so that it names nobody who left the list."""

import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db import db, transaction
from app.export.pdf_job import run_due
from app.export.recall import recall_deliveries
from app.models import Delivery, DeliveryVolume, Making, Role, State
from app.moderation.hide import HideablePart, hide_part
from app.watching.selection import Selection
from tests.export.test_pdf_job import ask, make, newest, text_of
from tests.factories import SLUG, make_petition, make_signature
from tests.moderation.act import invalidated, restored
from tests.organisers.people import signed_in
from tests.watching.people import petition_id_of

pytestmark = pytest.mark.both_databases

PLACE = f"/organise/petitions/{SLUG}"


@pytest.fixture
def editor(app: Flask, petition: str) -> FlaskClient:
    return signed_in(app, "editor@example.org", Role.EDITOR)


def volumes_kept(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(func.count()).select_from(DeliveryVolume)).one()


def test_invalidating_recalls_a_ready_delivery(app: Flask, editor: FlaskClient) -> None:
    make_signature(app, name="Ann Example")
    fake = make_signature(app, name="Fake Example", email="fake@example.org")
    ask(app)
    make(app)
    assert "Fake Example" in text_of(app)
    assert invalidated(app, Selection(entries=(fake,))) == 1
    assert volumes_kept(app) == 0
    gone = editor.get(f"{PLACE}/signatures.pdf")
    assert gone.status_code == 410
    assert "make it again" in gone.text
    assert "make it again" in editor.get(f"{PLACE}/export").text
    ask(app)
    make(app)
    assert "Fake Example" not in text_of(app)
    assert "Ann Example" in text_of(app)
    assert "make it again" not in editor.get(f"{PLACE}/export").text


def test_restoring_recalls_a_ready_delivery(app: Flask, petition: str) -> None:
    make_signature(app, state=State.INVALIDATED)
    ask(app)
    make(app)
    assert restored(app) == 1
    assert volumes_kept(app) == 0
    assert newest(app).recalled_at


def test_an_unfinished_delivery_is_built_again(app: Flask, petition: str) -> None:
    make_signature(app, name="Ann Example")
    fake = make_signature(app, name="Fake Example", email="fake@example.org")
    ask(app)
    turns = iter(range(100))

    def stopping() -> bool:
        if next(turns) == 1:  # claimed, and counted
            assert newest(app).making == Making.MAKING
            assert invalidated(app, Selection(entries=(fake,))) == 1
        return False

    with app.app_context():
        assert run_due(stopping) == 1
    assert newest(app).making == Making.READY
    assert newest(app).rows_done == 1
    assert "Fake Example" not in text_of(app)


def test_hiding_a_name_and_changes_of_other_petitions_recall_nothing(app: Flask, petition: str) -> None:
    ann = make_signature(app, name="Ann Example")
    other = make_petition(app, slug='"other"')
    make_signature(app, other)
    ask(app)
    make(app)
    with app.app_context():
        petition_id = petition_id_of()
        assert hide_part(petition_id, ann, HideablePart.NAME, None)
        others = db.session.scalars(select(Delivery.petition_id)).one() + 1
        with transaction() as session:
            recall_deliveries(session, others)
    assert volumes_kept(app) == 1
    assert newest(app).recalled_at is None


def test_queueing_a_delivery_waits_for_a_change_of_the_list(app: Flask, petition: str) -> None:
    """Otherwise it would miss the recall, and could be built of the old list."""
    order = threading.Thread(target=lambda: ask(app))
    with app.app_context():
        petition_id = petition_id_of()
        with transaction() as session:
            recall_deliveries(session, petition_id)
            order.start()
            order.join(0.3)
            assert order.is_alive()
    order.join()
    assert newest(app).making == Making.WAITING
