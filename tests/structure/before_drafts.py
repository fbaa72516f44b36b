"""A petition as a database of version 20261129_0400 holds it, whose unconfirmed people are signatures; in plain SQL."""

import hmac
from datetime import datetime, timedelta

import flask_migrate
from sqlalchemy import bindparam, text

from app import clock
from app.crypto import sealing
from app.db import UtcDateTime, transaction
from tests.factories import SLUG

BEFORE, DRAFTS = "20261129_0400", "20261129_0615"
SENT, WAITING, DECLINED, VERIFIED = (bytes([number]) * 16 for number in range(1, 5))
UNWANTED = b"unwanted mailbox"
PETITION_ID, MAILBOX_KEY = b"the petition's !", bytes(range(32))
Row = dict[str, object]


def letter_of(public_id: bytes, number: int = 1) -> bytes:
    """Return the public id of a letter about the signature with this one."""
    return public_id[:15] + bytes([100 + number])


def insert_into(table: str, **values: object) -> Row:
    """Insert a row; return it with what the database filled in."""
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    moments = [bindparam(name, type_=UtcDateTime()) for name, value in values.items() if isinstance(value, datetime)]
    statement = text(f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING *").bindparams(*moments)
    with transaction() as session:
        return dict(session.execute(statement, values).mappings().one())


def rows(table: str) -> list[Row]:
    """Return the rows of a table as the database keeps them."""
    with transaction() as session:
        return [dict(row) for row in session.execute(text(f"SELECT * FROM {table}")).mappings()]


def by_id(table: str) -> dict[object, Row]:
    """Return the rows of a table by their public ids."""
    return {row["public_id"]: row for row in rows(table)}


def fill_old_database() -> None:
    """Migrate an empty database to that version, and put a signature of each kind into it, with its letters."""
    flask_migrate.upgrade(revision=BEFORE)
    now = clock.now()
    about = make_old_petition(now)
    sent = make_old_signature(
        about, SENT, "pending", expires_at=now + timedelta(days=6), code_hash=b"c" * 32, network_key=b"n" * 32
    )
    waiting = make_old_signature(about, WAITING, "pending")
    declined = make_old_signature(
        about, DECLINED, "declined", sealed=None, expires_at=now + timedelta(days=5), unwanted=UNWANTED
    )
    verified = make_old_signature(about, VERIFIED, "verified", verified_at=now, changes=1)
    insert_into("unwanted", mailbox=UNWANTED, since=now)
    of_verified = {"petition_id": about["petition_id"], "signature_id": verified}
    insert_into("ledger", **of_verified, change=1, kind="confirmed", delta=1, at=now)
    insert_into("suspicion", **of_verified, clue="instant", since=now)
    for signature_id, letter, occasion, progress in (
        (sent, letter_of(SENT), "signed", "sent"),
        (sent, letter_of(SENT, 2), "reminder", "waiting"),
        (waiting, letter_of(WAITING), "signed", "waiting"),
        (declined, letter_of(DECLINED), "signed", "sent"),
        (verified, letter_of(VERIFIED), "signed", "sent"),
        (verified, letter_of(VERIFIED, 2), "confirmed", "waiting"),
    ):
        insert_into(
            "outbox", public_id=letter, signature_id=signature_id, petition_id=about["petition_id"], occasion=occasion,
            priority=0, progress=progress, queued_at=now, due_at=now, ended_at=now if progress == "sent" else None,
        )  # fmt: skip


def make_old_petition(now: datetime) -> Row:
    """Insert a petition with its text and notice; return the ids that a signature holds of them."""
    petition = insert_into(
        "petition", public_id=PETITION_ID, slug=SLUG, language="en", started_by="Friends", opened_at=now,
        contact="library@example.org", affiliation_field="optional", country_field="optional",
        comment_field="optional", initiators="[]", donations="[]", links="[]",
        mailbox_key=sealing.seal("mailbox-key", PETITION_ID, [MAILBOX_KEY.hex()]),
    )["id"]  # fmt: skip
    insert_into("tally", petition_id=petition, changed_at=now)
    words = insert_into(
        "petition_text", petition_id=petition, language="en", version=1, title="Save the test library",
        statement="We ask the town to keep the test library open.", body="", search_text="", made_at=now,
    )  # fmt: skip
    notice = insert_into(
        "privacy_notice", petition_id=petition, version=1, controller_name="Test Library Club",
        controller_address="Testville", controller_email="data@example.org", addressed_to="The Town Council",
        erase_after_days=90, more="", made_at=now,
    )  # fmt: skip
    return {"petition_id": petition, "text_id": words["id"], "notice_id": notice["id"]}


def what_is_said(public_id: bytes, name: str, email: str) -> Row:
    """Return the columns that hold what a signer said."""
    return {
        "public_id": public_id,
        "email_key": hmac.digest(MAILBOX_KEY, email.encode(), "sha256"),
        "sealed": sealing.seal("signature", public_id, (name, "Reader", "I read.", email)),
        "language": "en",
        "country": "SE",
        "visibility": "public",
        "signed_at": clock.now(),
    }


def make_old_signature(about: Row, public_id: bytes, state: str, **values: object) -> object:
    """Insert a signature as it was before there were drafts; return its id."""
    said = what_is_said(public_id, f"Ann {public_id[0]}", f"ann{public_id[0]}@example.org")
    return insert_into("signature", state=state, **{**about, **said, **values})["id"]
