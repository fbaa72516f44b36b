"""The right to open petitions: administrators give it and have it, a setting gives it to all, and nobody else opens."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.models import Act, AuditEntry, Organiser, Role
from app.models.petition import Standing
from app.petition_files.file import BadPetitionFile
from app.petition_files.stored import as_file
from app.petition_files.write import write_petition_file
from app.publishing.create import import_upload
from tests.organisers.people import make_organiser, organiser, signed_in
from tests.publishing.conftest import PLACE, Desk, stored
from tests.publishing.test_opening import complete

WRITER = "olga@example.org"


@pytest.fixture
def ready(app: Flask, draft: Desk) -> Desk:
    """The browser of the owner of a complete draft, who may not open it."""
    complete(draft)
    set_right(app, to=False)
    return draft


@pytest.fixture
def closed(app: Flask, ready: Desk) -> Desk:
    """The browser of the owner of a closed petition, who may open none any more."""
    set_right(app, to=True)
    ready.press(f"{PLACE}/open")
    ready.press(f"{PLACE}/close")
    set_right(app, to=False)
    return ready


def set_right(app: Flask, *, to: bool) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Organiser, organiser(app, WRITER).id).may_open = to


def buttons(desk: Desk, act: str = "open") -> list[str]:
    return [one.words() for one in desk.page(f"{PLACE}/{act}").all("button")]


@pytest.mark.both_databases
def test_an_owner_without_the_right_does_not_open_and_reads_whom_to_ask(app: Flask, ready: Desk) -> None:
    assert "Open the petition" not in buttons(ready)
    assert "ask one of them to let you" in ready.get(f"{PLACE}/open").text
    assert "Ask an administrator of this site to let you open petitions" in ready.get(f"{PLACE}/publishing").text
    answer = signed_in(app, WRITER).post(f"{PLACE}/open")
    assert answer.status_code == 403 and "ask one of them to let you" in answer.text
    assert stored(app).opened_at is None
    set_right(app, to=True)
    assert "Open the petition" in buttons(ready)
    assert ready.press(f"{PLACE}/open").status_code == 303
    assert stored(app).opened_at is not None


@pytest.mark.both_databases
def test_nor_does_that_owner_open_it_again(app: Flask, closed: Desk) -> None:
    assert "Open it again" not in buttons(closed, "reopen")
    answer = signed_in(app, WRITER).post(f"{PLACE}/reopen")
    assert answer.status_code == 403 and "ask one of them to let you" in answer.text
    assert stored(app).standing(clock.now()) == Standing.CLOSED
    set_right(app, to=True)
    assert closed.press(f"{PLACE}/reopen").status_code == 303
    assert stored(app).standing(clock.now()) == Standing.OPEN


@pytest.mark.both_databases
def test_nor_by_a_file_without_a_last_day(app: Flask, closed: Desk) -> None:
    with app.app_context():
        petition = db.session.merge(stored(app))
        file = write_petition_file(replace(as_file(db.session(), petition), closes_on=None))
        owner = organiser(app, WRITER).id
        with pytest.raises(BadPetitionFile, match="closes_on"):
            import_upload(file.encode(), "again.md", owner, "")
    assert stored(app).standing(clock.now()) == Standing.CLOSED


def test_an_administrator_opens_without_being_given_the_right(app: Flask, ready: Desk) -> None:
    make_organiser(app, WRITER, administrator=True)
    assert ready.press(f"{PLACE}/open").status_code == 303
    assert stored(app).opened_at is not None


def test_a_setting_lets_every_owner_open(app: Flask, ready: Desk) -> None:
    app.config["EVERYBODY_MAY_OPEN"] = True
    assert "Open the petition" in buttons(ready)
    assert ready.press(f"{PLACE}/open").status_code == 303
    assert stored(app).opened_at is not None


def test_the_right_opens_nothing_that_somebody_does_not_own(app: Flask, ready: Desk) -> None:
    make_organiser(app, "edith@example.org", Role.EDITOR, may_open=True)
    assert signed_in(app, "edith@example.org").post(f"{PLACE}/open").status_code == 404
    assert stored(app).opened_at is None


def test_administrators_give_and_take_the_right_on_the_page_of_a_person_and_the_log_has_it(app: Flask) -> None:
    make_organiser(app, WRITER)
    person = f"/organise/people/{organiser(app, WRITER).public_id.hex()}"
    admin = signed_in(app, "admin@example.org", administrator=True)
    assert "Let them open petitions" in admin.get(person).text
    for _ in range(2):
        assert admin.post(f"{person}/entitle").status_code == 303
    assert organiser(app, WRITER).may_open
    assert "may open petitions" in admin.get("/organise/people").text
    assert "May no longer open petitions" in admin.get(person).text
    assert admin.post(f"{person}/disentitle").status_code == 303
    assert not organiser(app, WRITER).may_open
    with app.app_context():
        logged = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        giver = organiser(app, "admin@example.org").id
        assert [(one.act, one.organiser_id, one.subject_id) for one in logged] == [
            (Act.ENTITLED, giver, organiser(app, WRITER).id),
            (Act.DISENTITLED, giver, organiser(app, WRITER).id),
        ]


def test_nobody_else_gives_it_not_even_to_themselves(app: Flask, ready: Desk) -> None:
    own = f"/organise/people/{organiser(app, WRITER).public_id.hex()}"
    assert signed_in(app, WRITER).post(f"{own}/entitle").status_code == 404
    assert not organiser(app, WRITER).may_open


def test_the_right_ends_with_the_account(app: Flask) -> None:
    organiser_id = make_organiser(app, WRITER, may_open=True)
    assert signed_in(app, WRITER).post("/organise/account/end").status_code == 303
    with app.app_context():
        assert not db.session.get_one(Organiser, organiser_id).may_open
