"""The rows of an export: which ones, their order and columns, and what the addressee does not get."""

import threading
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from app import streamed_rows
from app.db import db, transaction
from app.export.rows import Choice, read_rows
from app.export.sent_rows import SentRows
from app.models import Petition, PetitionText, Signature, State, Visibility
from app.petitions.page import find_edition
from tests.export.listed import NOON, add, names_of, row, rows_of
from tests.factories import SLUG, make_mailbox, make_petition

pytestmark = pytest.mark.both_databases

EVERY_STATE = frozenset(State)


def test_each_column_has_what_the_signer_typed(app: Flask, petition: str) -> None:
    add(
        app,
        "Анна Пример",
        "Библиотека",
        '第一行\n\nمرحبا, "you"',
        visibility=Visibility.DELIVERY,
        country="RU",
        language="sv",
    )
    assert rows_of(app) == [
        row(
            1,
            name="Анна Пример",
            affiliation="Библиотека",
            country="RU",
            comment='第一行\n\nمرحبا, "you"',
            language="sv",
            verified_at=NOON,
            visibility="delivery",
        )
    ]


def test_the_text_version_is_the_signed_one(app: Flask, petition: str) -> None:
    with app.app_context(), transaction() as session:
        first = session.scalars(select(PetitionText)).one()
        columns = {c.key: getattr(first, c.key) for c in PetitionText.__table__.columns if c.key != "id"}
        second = session.scalars(insert(PetitionText).returning(PetitionText.id), [columns | {"version": 2}]).one()
    add(app)
    add(app, email="bob@example.org", text_id=second)
    assert [one.text_version for one in rows_of(app)] == [1, 2]


def test_rows_are_numbered_in_the_order_in_which_they_were_verified(app: Flask, petition: str) -> None:
    for name, minutes in (("third", 3), ("first", 1), ("second", 2), ("also second", 2)):
        add(app, name, email=f"{minutes}{name[0]}@example.org", at=NOON + timedelta(minutes=minutes))
    found = rows_of(app)
    assert [(one.number, one.name) for one in found] == [
        (1, "first"),
        (2, "second"),
        (3, "also second"),
        (4, "third"),
    ]


def test_other_states_than_verified_are_there_on_request_only(app: Flask, petition: str) -> None:
    for state in State:
        add(app, state.value, email=f"{state}@example.org", state=state)
    assert names_of(app, Choice()) == ["verified"]
    others = rows_of(app, Choice(states=EVERY_STATE))
    assert [one.state for one in others] == ["verified", "withdrawn", "invalidated"]
    (erased,) = [one for one in others if one.state == "withdrawn"]
    assert (erased.name, erased.affiliation, erased.comment, erased.email) == ("", "", "", "")


def test_what_nobody_confirmed_is_in_no_list(app: Flask, petition: str) -> None:
    make_mailbox(app, "draft", "ann@example.org")
    make_mailbox(app, "declined", "bob@example.org")
    assert rows_of(app, Choice(states=EVERY_STATE)) == []


def test_signatures_of_another_petition_are_left_out(app: Flask, petition: str) -> None:
    add(app)
    other = make_petition(app, slug='"another"')
    with app.app_context():
        petition_id = db.session.scalars(select(Petition.id).where(Petition.slug == other)).one()
        assert list(read_rows(petition_id, Choice(), SentRows().add)) == []


def test_rows_of_chosen_countries_are_numbered_from_one(app: Flask, petition: str) -> None:
    for country in ("SE", "FI", "NO", "SE"):
        add(app, country, email=f"{country}{names_of(app, Choice())}@example.org".replace("'", ""), country=country)
    assert names_of(app, Choice(countries=frozenset({"SE", "NO"}))) == ["SE", "NO", "SE"]
    assert [one.number for one in rows_of(app, Choice(countries=frozenset({"NO"})))] == [1]
    assert names_of(app, Choice(countries=frozenset({"DE"}))) == []


def test_since_and_until_are_days_in_utc_both_included(app: Flask, petition: str) -> None:
    moments = {
        "eve": "2026-11-22T23:59:59.999999Z",
        "midnight": "2026-11-23T00:00:00Z",
        "last": "2026-11-23T23:59:59.999999Z",
        "next": "2026-11-24T00:00:00Z",
    }
    for name, moment in moments.items():
        add(app, name, email=f"{name}@example.org", at=datetime.fromisoformat(moment))
    day = date(2026, 11, 23)
    assert names_of(app, Choice(since=day)) == ["midnight", "last", "next"]
    assert names_of(app, Choice(until=day)) == ["eve", "midnight", "last"]
    assert names_of(app, Choice(since=day, until=day)) == ["midnight", "last"]


def test_for_the_addressee_signers_for_organisers_only_are_numbers(app: Flask, petition: str) -> None:
    for visibility in Visibility:
        add(app, visibility.value, email=f"{visibility}@example.org", visibility=visibility)
    assert names_of(app, Choice()) == ["public", "delivery", "organisers"]
    shown = rows_of(app, Choice(for_addressee=True))
    assert [one.name for one in shown] == ["public", "delivery", ""]
    assert shown[2] == (3, "", "", "", "", "", None, None, "", "", "")


def test_addresses_of_signers_who_agreed_are_there_on_request(app: Flask, petition: str) -> None:
    add(app, email="yes@example.org", updates=True)
    add(app, email="no@example.org")
    assert [one.email for one in rows_of(app)] == ["", ""]
    assert [one.email for one in rows_of(app, Choice(with_email=True))] == ["yes@example.org", ""]
    assert "email" not in Choice().columns()
    assert Choice(with_email=True).columns()[-1] == "email"


def test_the_addressee_never_gets_addresses_or_unverified_rows() -> None:
    with pytest.raises(ValueError, match="never an e-mail address"):
        Choice(for_addressee=True, with_email=True)
    with pytest.raises(ValueError, match="verified"):
        Choice(for_addressee=True, states=EVERY_STATE)


def test_changes_during_reading_are_not_in_the_list(app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed_rows, "ROWS_PER_CHUNK", 2)
    for which in range(6):
        add(app, f"before {which}", email=f"{which}@example.org")
    with app.app_context():
        edition = find_edition(SLUG)
        assert edition
        found = read_rows(edition.petition.id, Choice(), SentRows().add)
        db.session.rollback()
    names = [next(found).name]
    add(app, "meanwhile", email="meanwhile@example.org")
    with app.app_context(), transaction() as session:
        last = session.scalars(select(Signature.id).order_by(Signature.id.desc()).offset(1).limit(1)).one()
        session.execute(
            update(Signature).where(Signature.id == last).values(state=State.WITHDRAWN, sealed=None, email_key=None)
        )
    names += [one.name for one in found]
    assert names == [f"before {which}" for which in range(6)]
    assert names_of(app, Choice()) == [*names[:5], "meanwhile"]


def test_closing_early_releases_the_connection(app: Flask, petition: str) -> None:
    for which in range(3):
        add(app, email=f"{which}@example.org")
    with app.app_context():
        edition = find_edition(SLUG)
        assert edition
        found = read_rows(edition.petition.id, Choice(), SentRows().add)
        db.session.remove()
        pool = db.engine.pool
        assert pool.checkedout() == 0  # type: ignore[attr-defined]
        next(found)
        assert pool.checkedout() == 1  # type: ignore[attr-defined]
        found.close()
        assert pool.checkedout() == 0  # type: ignore[attr-defined]


def test_rows_can_be_read_outside_the_app_and_in_another_thread(app: Flask, petition: str) -> None:
    add(app)
    with app.app_context():
        edition = find_edition(SLUG)
        assert edition
        found = read_rows(edition.petition.id, Choice(), SentRows().add)
    names: list[str] = []
    reader = threading.Thread(target=lambda: names.extend(one.name for one in found))
    reader.start()
    reader.join()
    assert names == ["Ann Example"]
