"""Made-up signers: by the million with one statement, or one by one, sealed as the app seals them."""

import os
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import psycopg
from flask import Flask
from sqlalchemy import insert

from app import clock
from app.crypto import tokens
from app.db import transaction
from app.models import Signature, State, Visibility
from app.models.signer import Signer
from app.petitions.page import Edition, find_edition
from app.signing.entry import Entry, entry_digest
from bench.stage import SLUG

SEALED_BYTES = 289  # what an ordinary signer comes to
ANSWERS = {
    "affiliation": "Reader of the bench",
    "country": "SE",
    "comment": "I read, so I sign.",
    "visibility": "public",
}

MANY = """
INSERT INTO signature (id, public_id, petition_id, text_id, notice_id, language, state, email_key, sealed, country,
  visibility, changes, signed_at, verified_at)
SELECT n, decode(md5(n::text), 'hex'), petition.id, petition_text.id, privacy_notice.id, 'en', %(state)s,
  sha256(n::text::bytea), convert_to(repeat('x', %(sealed)s), 'UTF8'), 'SE', 'delivery', %(changes)s, now(),
  CASE WHEN %(changes)s > 0 THEN now() END
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n, petition, petition_text, privacy_notice
"""


def make_many(connection: psycopg.Connection, first: int, last: int, state: State = State.PENDING) -> None:
    """Make signatures numbered `first` to `last`; the public id of each is the MD5 of its number."""
    changes = int(state == State.VERIFIED)
    values = {"state": state.value, "sealed": SEALED_BYTES, "first": first, "last": last, "changes": changes}
    connection.execute("SET session_replication_role = replica")  # looks up no foreign key, row by row
    connection.execute(MANY, values)
    connection.execute("RESET session_replication_role")


def make_verified(app: Flask, connection: psycopg.Connection, number: int) -> None:
    """Make that many verified signatures, a second apart, each really sealed, so that the app can open them."""
    columns = (
        "id, public_id, petition_id, text_id, notice_id, language, state, email_key, sealed, country, visibility,"
        " updates, changes, signed_at, verified_at"
    )
    began = clock.now()
    connection.execute("SET session_replication_role = replica")
    with (
        app.app_context(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY signature ({columns}) FROM STDIN") as copy,
    ):
        under = edition()
        for which in range(1, number + 1):
            row, _ = _row(under, which)
            at = began + timedelta(seconds=which)
            row |= {"state": "verified", "visibility": "delivery", "changes": 1, "signed_at": at, "verified_at": at}
            copy.write_row([row[column] for column in columns.replace(" ", "").split(",")])
    connection.execute("RESET session_replication_role")


@dataclass(frozen=True, slots=True)
class Pending:
    """A signature that waits for its confirmation, and what the signer's browser then sends."""

    id: int
    public_id: bytes
    token: str
    digest: str
    form: str


def edition() -> Edition:
    """Return the example petition."""
    found = find_edition(SLUG)
    assert found is not None
    return found


def make_pending(app: Flask, number: int, first: int) -> list[Pending]:
    """Make `number` pending signatures, numbered from `first`, that the app can open, show and confirm."""
    with app.app_context():
        under = edition()
        made = [_row(under, first + n) for n in range(number)]
        with transaction() as session:
            session.execute(insert(Signature), [columns for columns, _ in made])
        return [_pending(under, columns, name) for columns, name in made]


def _row(under: Edition, number: int) -> tuple[dict[str, object], str]:
    public_id, name = os.urandom(16), f"Ann Example the {number}th"
    signer = Signer(name, ANSWERS["affiliation"], ANSWERS["comment"], f"ann.{number}@example.org")
    columns = {
        "id": number,
        "public_id": public_id,
        "petition_id": under.petition.id,
        "text_id": under.text.id,
        "notice_id": under.notice.id,
        "language": "en",
        "state": State.PENDING,
        "email_key": os.urandom(32),
        "sealed": signer.sealed_for(public_id),
        "country": "SE",
        "visibility": Visibility.PUBLIC,
        "updates": False,
        "signed_at": clock.now(),
        "expires_at": clock.now() + timedelta(days=7),
    }
    return columns, name


def _pending(under: Edition, columns: dict[str, object], name: str) -> Pending:
    signature = Signature(**columns)
    seen = entry_digest(Entry(signature, under.petition, under.text, under.notice))
    token = tokens.make_token(tokens.Purpose.CONFIRM, signature.public_id)
    form = urlencode({"digest": seen, "name": name, **ANSWERS})
    return Pending(signature.id, signature.public_id, token, seen, form)
