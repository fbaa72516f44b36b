"""The migration to drafts: pending signatures become drafts, declined ones become marks, and their links still work."""

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

from app.crypto.tokens import Purpose, make_token
from app.data_keys.check import check_keys
from app.db import db
from app.worker import work_once
from tests.factories import press_confirm, signatures, verified
from tests.mail_server import MailServer, link_in
from tests.structure.before_drafts import (
    BEFORE,
    DECLINED,
    DRAFTS,
    SENT,
    UNWANTED,
    VERIFIED,
    WAITING,
    by_id,
    fill_old_database,
    insert_into,
    letter_of,
    rows,
    what_is_said,
)

CONFIRMED_ALONE = ("expires_at", "code_hash", "code_tries", "reminded", "unwanted", "listed_at")


@pytest.fixture
def old_app(bare_app: Flask) -> Flask:
    """The app on a database from before there were drafts."""
    with bare_app.app_context():
        fill_old_database()
    return bare_app


@pytest.fixture
def new_app(old_app: Flask) -> Flask:
    """The app on the same database, migrated to the newest version and started."""
    with old_app.app_context():
        flask_migrate.upgrade()
        check_keys()
    return old_app


def link(app: Flask, place: str, purpose: Purpose, public_id: bytes) -> str:
    """Return the path of a link: what a letter holds of its draft is the random id, so it is as in an old letter."""
    with app.app_context():
        return f"/{place}/{make_token(purpose, public_id)}"


def test_pending_signatures_become_drafts_with_the_same_ids_and_sealed_data(old_app: Flask) -> None:
    with old_app.app_context():
        before = by_id("signature")
        flask_migrate.upgrade(revision=DRAFTS)
        drafts = by_id("draft")
        assert set(by_id("signature")) == {VERIFIED}
    for public_id in (SENT, WAITING):
        draft = drafts[public_id]
        assert draft.pop("signature_id") is None
        assert draft == {name: before[public_id][name] for name in draft}
    assert drafts[SENT]["code_hash"] and drafts[SENT]["expires_at"] and drafts[SENT]["network_key"]
    assert drafts[WAITING]["expires_at"] is None


def test_letters_follow_what_became_of_their_signatures(old_app: Flask) -> None:
    with old_app.app_context():
        before = by_id("outbox")
        flask_migrate.upgrade(revision=DRAFTS)
        after = by_id("outbox")
    about = {
        letter_of(SENT): SENT,
        letter_of(SENT, 2): SENT,
        letter_of(WAITING): WAITING,
        letter_of(DECLINED): DECLINED,
        letter_of(VERIFIED): None,
        letter_of(VERIFIED, 2): None,
    }
    for letter, draft_id in about.items():
        signature_id = before[letter]["signature_id"] if draft_id is None else None
        assert after[letter] == before[letter] | {"draft_id": draft_id, "signature_id": signature_id}
    assert set(after) == set(about)


def test_a_declined_signature_becomes_a_mark_of_its_mailbox_and_an_empty_draft(old_app: Flask) -> None:
    with old_app.app_context():
        old = by_id("signature")[DECLINED]
        flask_migrate.upgrade(revision=DRAFTS)
        (mark,) = rows("declined")
        draft = by_id("draft")[DECLINED]
    kept = {name: old[name] for name in ("email_key", "petition_id", "unwanted")}
    assert mark == kept | {"undo_until": old["expires_at"]}
    assert (mark["unwanted"], draft["sealed"], draft["email_key"]) == (UNWANTED, None, old["email_key"])


def test_a_verified_signature_and_what_belongs_to_it_stay_as_they_were(old_app: Flask) -> None:
    with old_app.app_context():
        before = by_id("signature")[VERIFIED], rows("ledger"), rows("suspicion"), rows("tally")
        flask_migrate.upgrade(revision=DRAFTS)
        after = by_id("signature")[VERIFIED], rows("ledger"), rows("suspicion"), rows("tally")
    for name in CONFIRMED_ALONE:
        del before[0][name]
    assert after == before
    assert len(after[1]) == len(after[2]) == 1


@pytest.mark.parametrize("public_id", [SENT, WAITING], ids=["sent", "waiting"])
def test_a_link_made_before_confirms(new_app: Flask, public_id: bytes) -> None:
    client = new_app.test_client()
    path = link(new_app, "confirm", Purpose.CONFIRM, public_id)
    name = f"Ann {public_id[0]}"
    assert name in client.get(path).text
    assert press_confirm(client, path, name=name).status_code == 303
    assert verified(client) == 2
    assert [signature.public_id for signature in signatures(new_app)] == [VERIFIED, public_id]
    assert "Already confirmed" in client.get(path).text


def test_a_letter_that_waited_goes_out_and_its_link_confirms(new_app: Flask, mail_server: MailServer) -> None:
    with new_app.app_context():
        work_once()
    (letter,) = mail_server.to(f"ann{WAITING[0]}@example.org")
    client = new_app.test_client()
    assert press_confirm(client, link_in(letter)).status_code == 303
    assert verified(client) == 2


def test_a_link_made_before_declines(new_app: Flask) -> None:
    client = new_app.test_client()
    path = link(new_app, "not-me", Purpose.NOT_ME, SENT)
    assert "It was not me" in client.get(path).text
    client.post(path)
    with new_app.app_context():
        assert by_id("draft")[SENT]["sealed"] is None
        assert len(rows("declined")) == 2
    assert client.get(link(new_app, "confirm", Purpose.CONFIRM, SENT)).status_code == 403


def test_what_was_declined_before_can_be_undone_by_its_link(new_app: Flask) -> None:
    client = new_app.test_client()
    path = link(new_app, "not-me", Purpose.NOT_ME, DECLINED)
    assert "Undo it" in client.get(path).text
    assert client.post(path, data={"act": "undo"}).status_code == 200
    with new_app.app_context():
        assert rows("declined") == []
        assert rows("unwanted") == [], "its mailbox gets letters again"


def test_the_links_of_a_signature_confirmed_before_work(new_app: Flask) -> None:
    client = new_app.test_client()
    assert "Already confirmed" in client.get(link(new_app, "confirm", Purpose.CONFIRM, VERIFIED)).text
    own = link(new_app, "signature", Purpose.ENTRY, VERIFIED)
    assert f"Ann {VERIFIED[0]}" in client.get(own).text
    client.post(own, data={"act": "withdraw"})
    assert verified(client) == 0


def test_downgrading_brings_all_signatures_and_their_letters_back(old_app: Flask) -> None:
    with old_app.app_context():
        before = without_serial_ids()
        flask_migrate.upgrade(revision=DRAFTS)
        flask_migrate.downgrade(revision=BEFORE)
        assert without_serial_ids() == before


def without_serial_ids() -> tuple[object, ...]:
    """Return signatures and letters with public ids in the place of their serial ones."""
    signed = {row.pop("id"): row for row in rows("signature")}
    letters = rows("outbox")
    for letter in letters:
        letter["signature_id"] = signed[letter["signature_id"]]["public_id"]
    by_public_id = [sorted(table, key=lambda row: str(row["public_id"])) for table in (signed.values(), letters)]
    return (*by_public_id, rows("ledger"), rows("suspicion"))


def test_downgrading_makes_one_pending_signature_of_the_newest_draft_of_a_mailbox(old_app: Flask) -> None:
    newer = b"newer than sent "
    with old_app.app_context():
        flask_migrate.upgrade(revision=DRAFTS)
        first = by_id("draft")[SENT]
        about = {name: first[name] for name in ("petition_id", "text_id", "notice_id")}
        insert_into("draft", **about, **what_is_said(newer, "Ann Newer", f"ann{SENT[0]}@example.org"))
        now = what_is_said(newer, "", "")["signed_at"]
        insert_into(
            "outbox", public_id=letter_of(newer), draft_id=newer, petition_id=first["petition_id"], occasion="signed",
            priority=0, progress="waiting", queued_at=now, due_at=now,
        )  # fmt: skip
        sealed = by_id("draft")[newer]["sealed"]
        flask_migrate.downgrade(revision=BEFORE)
        after, letters = by_id("signature"), by_id("outbox")
        db.session.remove()
    pending = {public_id for public_id, row in after.items() if row["state"] == "pending"}
    assert pending == {newer, WAITING}
    assert after[newer]["sealed"] == sealed
    assert letters[letter_of(newer)]["signature_id"] == after[newer]["id"]
    assert letters[letter_of(SENT)]["signature_id"] is None


def test_downgrading_keeps_every_mark_though_its_drafts_were_purged_or_the_mailbox_signed_again(old_app: Flask) -> None:
    with old_app.app_context():
        flask_migrate.upgrade(revision=DRAFTS)
        marks = rows("declined")
        first = by_id("draft")[SENT]
        about = {name: first[name] for name in ("petition_id", "text_id", "notice_id")}
        again = {**what_is_said(b"signed once more", "Ann Again", ""), "email_key": marks[0]["email_key"]}
        insert_into("draft", **about, **again)
        flask_migrate.downgrade(revision=BEFORE)
        assert [row["email_key"] for row in by_id("signature").values() if row["state"] == "declined"] == [
            mark["email_key"] for mark in marks
        ]
        flask_migrate.upgrade(revision=DRAFTS)
        assert rows("declined") == marks
        with db.engine.begin() as connection:
            connection.execute(text("DELETE FROM draft WHERE sealed IS NULL"))
        flask_migrate.downgrade(revision=BEFORE)
        flask_migrate.upgrade(revision=DRAFTS)
        assert rows("declined") == marks
        db.session.remove()
