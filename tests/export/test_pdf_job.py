"""PDF deliveries: built by the worker, offered when complete, stored sealed for a day, built again after a kill."""

import io
import threading
from collections.abc import Callable
from datetime import timedelta

import psutil
import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.export import handover, pdf, pdf_job
from app.export.rows import Choice
from app.models import (
    Act,
    AuditEntry,
    Delivery,
    DeliveryVolume,
    Format,
    HandOver,
    Making,
    Petition,
    Signature,
    State,
    Visibility,
)
from app.typesetting import typeset
from tests.concurrency.test_races import at_once
from tests.factories import SLUG, make_draft, make_petition, make_signature
from tests.outbox.test_deliver import OVER

pytestmark = pytest.mark.both_databases


def ask(app: Flask, choice: Choice | None = None, recipient: str = "Registry of Testville", slug: str = SLUG) -> None:
    with app.app_context():
        petition = db.session.scalars(select(Petition).where(Petition.slug == slug)).one()
        handover.begin_handover(petition, None, Format.PDF, choice or Choice(), recipient)


def newest(app: Flask) -> Delivery:
    with app.app_context():
        return db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first() or pytest.fail("none")


def make(app: Flask) -> int:
    with app.app_context():
        return pdf_job.run_due()


def text_of(app: Flask, number: int = 1) -> str:
    with app.app_context():
        petition = db.session.get_one(Petition, newest(app).petition_id)
        written = pdf_job.read_volume(petition, newest(app).id, number)
    assert written
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(written)).pages)


def test_the_worker_builds_a_delivery_and_records_its_rows(app: Flask, petition: str, work: Callable[[], int]) -> None:
    make_signature(app, name="Ann Example")
    make_signature(app, name="Боб Пример", email="bob@example.org")
    make_draft(app, name="Unconfirmed Example", email="unconfirmed@example.org")
    ask(app)
    assert newest(app).making == Making.WAITING
    work()
    assert newest(app).making == Making.READY
    text = text_of(app)
    assert "Ann Example" in text
    assert "Боб Пример" in text
    assert "Unconfirmed Example" not in text
    with app.app_context():
        assert db.session.scalars(select(HandOver.rows)).one() == 2


def test_for_the_addressee_signers_for_organisers_only_are_numbers(app: Flask, petition: str) -> None:
    make_signature(app, name="Ann Example", visibility=Visibility.DELIVERY)
    make_signature(app, name="Hidden Example", email="hidden@example.org", visibility=Visibility.ORGANISERS)
    ask(app, Choice(for_addressee=True))
    make(app)
    assert "Hidden Example" not in text_of(app)
    assert "not to be handed over" not in text_of(app)
    assert newest(app).rows_done == 2
    ask(app, Choice(for_addressee=False))
    make(app)
    assert "Hidden Example" in text_of(app)
    assert "not to be handed over" in text_of(app)


def test_many_rows_make_several_volumes(app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "ROWS_PER_VOLUME", 2)
    for number in range(5):
        make_signature(app, name=f"Ann Example{number}", email=f"ann{number}@example.org")
    ask(app)
    make(app)
    with app.app_context():
        assert pdf_job.count_volumes(newest(app).id) == 3
    assert "Ann Example4" in text_of(app, 3)
    assert "Ann Example4" not in text_of(app, 1)


def test_signatures_during_the_build_are_left_out(app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_signature(app, name="Ann Example")
    ask(app)
    counted = pdf_job.count_rows

    def late(*arguments: object, **named: object) -> int:
        number = counted(*arguments, **named)  # type: ignore[arg-type]
        db.session.rollback()
        make_signature(app, name="Late Example", email="late@example.org")
        return number

    monkeypatch.setattr(pdf_job, "count_rows", late)
    make(app)
    assert newest(app).making == Making.READY
    assert "Late Example" not in text_of(app)


def test_a_withdrawal_during_the_build_starts_it_again(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(app, name="Ann Example")
    gone = make_signature(app, name="Gone Example", email="gone@example.org")
    ask(app)
    counted = pdf_job.count_rows

    def withdrawn(*arguments: object, **named: object) -> int:
        number = counted(*arguments, **named)  # type: ignore[arg-type]
        with transaction() as session:
            mine = Signature.public_id == gone
            erased = {"state": State.WITHDRAWN, "sealed": None, "email_key": None}
            session.execute(update(Signature).where(mine).values(**erased))
        monkeypatch.setattr(pdf_job, "count_rows", counted)
        return number

    monkeypatch.setattr(pdf_job, "count_rows", withdrawn)
    assert make(app) == 1
    assert newest(app).attempts == 2
    assert "Gone Example" not in text_of(app)
    assert newest(app).rows_done == 1


def test_a_delivery_fails_after_three_attempts(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_signature(app, name="Secret Example")

    def fail(*_: object) -> bytes:
        raise ValueError("Secret Example")

    monkeypatch.setattr(pdf, "write_volume", fail)
    ask(app)
    assert make(app) == 0
    assert newest(app).making == Making.FAILED
    assert newest(app).attempts == 3
    assert "Secret Example" not in caplog.text
    with app.app_context():
        assert db.session.scalars(select(DeliveryVolume)).all() == []
        assert db.session.scalars(select(HandOver.rows)).one() is None


@pytest.mark.parametrize("until", OVER.values(), ids=OVER)
def test_after_a_kill_a_delivery_is_built_again_once_its_lease_is_over(
    app: Flask, petition: str, until: timedelta
) -> None:
    make_signature(app)
    ask(app)
    with app.app_context():
        assert pdf_job._claim()
    assert make(app) == 0
    with app.app_context(), transaction() as session:
        session.execute(update(Delivery).values(leased_until=clock.now() + until))
    assert make(app) == 1
    assert newest(app).making == Making.READY


def test_a_stopped_worker_releases_its_delivery(app: Flask, petition: str) -> None:
    make_signature(app)
    ask(app)
    answers = iter([False, True, True, True])
    with app.app_context():
        assert pdf_job.run_due(lambda: next(answers)) == 0
    assert newest(app).making == Making.WAITING
    assert newest(app).attempts == 0
    assert make(app) == 1


def test_the_lease_is_renewed_while_the_typesetter_runs(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typeset, "HEARTBEAT_SECONDS", 0.01)
    make_signature(app)
    ask(app)
    leases = set()

    def stopping() -> bool:
        if newest(app).making == Making.MAKING:
            leases.add(newest(app).leased_until)
        return False

    with app.app_context():
        assert pdf_job.run_due(stopping) == 1
    assert len(leases) > 2, "beside the beginning and the end, nobody said that it is still being made"


def test_a_stopped_worker_ends_its_typesetter(app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "HEARTBEAT_SECONDS", 0.01)
    make_signature(app)
    ask(app)
    answers = iter([False, False, True, True])
    with app.app_context():
        assert pdf_job.run_due(lambda: next(answers)) == 0
    assert newest(app).making == Making.WAITING
    assert not [one for one in psutil.Process().children() if "typeset.py" in " ".join(one.cmdline())]


def test_two_workers_never_build_the_same_delivery(app: Flask, petition: str) -> None:
    for number in range(4):
        ask(app, slug=make_petition(app, slug=f'"another-{number}"'))
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(make(app))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 4
    with app.app_context():
        assert {row.attempts for row in db.session.scalars(select(Delivery))} == {1}


def test_twenty_requests_at_once_queue_one_delivery(app: Flask, petition: str) -> None:
    def press(which: int) -> bool:
        try:
            ask(app, recipient=f"Registry {which}")
        except handover.UnfinishedDelivery:
            return False
        return True

    assert sum(at_once(20, press)) == 1
    with app.app_context():
        assert len(db.session.scalars(select(Delivery)).all()) == 1
        assert len(db.session.scalars(select(HandOver)).all()) == 1
        assert len(db.session.scalars(select(AuditEntry).where(AuditEntry.act == Act.EXPORTED)).all()) == 1


def test_another_delivery_can_be_queued_after_a_ready_or_failed_one(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(app)
    make(app)
    ask(app)
    with monkeypatch.context() as broken:
        broken.setattr(pdf, "write_volume", lambda *_: 1 / 0)
        make(app)
    assert newest(app).making == Making.FAILED
    ask(app)
    assert newest(app).making == Making.WAITING


def test_a_delivery_that_was_moved_to_another_petition_in_the_database_is_handed_out_to_nobody(
    app: Flask, petition: str
) -> None:
    make_signature(app)
    other = make_petition(app, slug='"another"')
    ask(app)
    assert make(app) == 1
    with app.app_context():
        found = (db.session.scalars(select(Petition).where(Petition.slug == slug)).one() for slug in (SLUG, other))
        mine, others = found
        assert pdf_job.read_volume(mine, newest(app).id, 1)
        with transaction() as session:
            session.execute(update(Delivery).values(petition_id=others.id))
        assert pdf_job.read_volume(others, newest(app).id, 1) is None


def test_a_delivery_is_stored_sealed_and_deleted_after_a_day(app: Flask, petition: str) -> None:
    make_signature(app)
    ask(app)
    make(app)
    with app.app_context():
        kept = db.session.scalars(select(DeliveryVolume)).one()
        assert b"%PDF" not in kept.sealed
        assert pdf_job.forget_old_deliveries() == 0
        with transaction() as session:
            session.execute(update(Delivery).values(ready_until=clock.now() - timedelta(seconds=1)))
        assert pdf_job.forget_old_deliveries() == 1
        assert db.session.scalars(select(DeliveryVolume)).all() == []
        assert db.session.scalars(select(HandOver.rows)).one() == 1
