"""Made-up drafts and signatures: by the million with one statement, or one by one, sealed as the app seals them."""

import base64
import json
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import psycopg
from altcha.v1 import solve_challenge
from flask import Flask
from sqlalchemy import insert

from app import clock
from app.crypto import tokens
from app.db import transaction
from app.models import Draft, Visibility
from app.models.signer import Signer
from app.petitions.page import Edition, find_edition
from app.signing import proof_of_work
from app.signing.expiry import LINK_WORKS_FOR
from bench.stage import SLUG

SEALED_BYTES = 289  # what an ordinary signer comes to
ANSWERS = {
    "affiliation": "Reader of the bench",
    "country": "SE",
    "comment": "I read, so I sign.",
    "visibility": "public",
}

MANY = """
INSERT INTO {table} (public_id, petition_id, text_id, notice_id, language, email_key, sealed, country, visibility,
  signed_at, {columns})
SELECT decode(md5(n::text), 'hex'), petition.id, petition_text.id, privacy_notice.id, 'en', sha256(n::text::bytea),
  convert_to(repeat('x', %(sealed)s), 'UTF8'), 'SE', 'delivery', now(), {values}
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n, petition, privacy_notice, petition_text
WHERE petition_text.language = petition.language
"""
MANY_DRAFTS = MANY.format(table="draft", columns="expires_at", values="now() + %(expires_in)s")
MANY_VERIFIED = MANY.format(
    table="signature", columns="id, state, changes, verified_at", values="n, 'verified', 1, now()"
)
LETTER_SENT = timedelta(days=1)  # ago, so that nobody confirms faster than people can read


def make_many_drafts(
    connection: psycopg.Connection, first: int, last: int, expires_in: timedelta = LINK_WORKS_FOR - LETTER_SENT
) -> None:
    """Make drafts numbered `first` to `last`, whose letters were sent; the id of each is the MD5 of its number."""
    _make_many(connection, MANY_DRAFTS, {"first": first, "last": last, "expires_in": expires_in})


def make_many_verified(connection: psycopg.Connection, first: int, last: int) -> None:
    """Make verified signatures numbered `first` to `last`; the public id of each is the MD5 of its number."""
    _make_many(connection, MANY_VERIFIED, {"first": first, "last": last})


def _make_many(connection: psycopg.Connection, statement: str, values: dict[str, object]) -> None:
    connection.execute("SET session_replication_role = replica")  # looks up no foreign key, row by row
    connection.execute(statement, {"sealed": SEALED_BYTES, **values})
    connection.execute("RESET session_replication_role")


def make_verified(
    app: Flask,
    connection: psycopg.Connection,
    number: int,
    visibility: Visibility = Visibility.PUBLIC,
    *,
    updates: bool = False,
    traced: bool = False,
) -> None:
    """Make that many verified signatures, a second apart, each really sealed, so that the app can open them.

    With `updates` they agree to updates, and with `traced` they have traces of their network and domain.
    """
    columns = (
        "id, public_id, petition_id, text_id, notice_id, language, state, email_key, sealed, country, visibility,"
        " updates, changes, signed_at, verified_at, network_key, domain_key"
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
            row, _ = what_is_said(under, which, visibility=visibility, updates=updates)
            at = began + timedelta(seconds=which)
            row |= {"id": which, "state": "verified", "changes": 1}
            row |= {"signed_at": at, "verified_at": at}
            row |= {name: os.urandom(32) if traced else None for name in ("network_key", "domain_key")}
            copy.write_row([row[column] for column in columns.replace(" ", "").split(",")])
    connection.execute("RESET session_replication_role")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft that waits for its confirmation, and what the signer's browser then sends."""

    public_id: bytes
    token: str
    form: str


def edition() -> Edition:
    """Return the example petition."""
    found = find_edition(SLUG)
    assert found is not None
    return found


def make_drafts(app: Flask, number: int, first: int) -> list[Waiting]:
    """Make `number` drafts, numbered from `first`, that the app can open, show and confirm."""
    with app.app_context():
        under = edition()
        made = [what_is_said(under, first + n) for n in range(number)]
        until = clock.now() - LETTER_SENT + LINK_WORKS_FOR
        with transaction() as session:
            session.execute(insert(Draft), [{**columns, "expires_at": until} for columns, _ in made])
        return [_waiting(columns, name) for columns, name in made]


def make_forms(app: Flask, many: int) -> list[str]:
    """Return so many filled-in forms, each with a proof of work that was easy to find."""
    proof_of_work.MAX_NUMBER = 1
    with app.app_context():
        under = edition()
        versions = {"text_version": under.text.version, "notice_version": under.notice.version}
        forms = []
        for which in range(1, many + 1):
            who = {"name": f"Ann Example the {which}th", "email": address_of(which)}
            proof = _solved(proof_of_work.challenge(under.petition))
            forms.append(urlencode({**who, **ANSWERS, **versions, "language": "en", "altcha": proof}))
    return forms


def _solved(asked: dict[str, Any]) -> str:
    found = solve_challenge(asked["challenge"], asked["salt"], asked["algorithm"], asked["maxnumber"])
    assert found
    answer = {name: asked[name] for name in ("algorithm", "challenge", "salt", "signature")} | {"number": found.number}
    return base64.b64encode(json.dumps(answer).encode()).decode()


def address_of(number: int) -> str:
    """Return the address that is made up for the person with this number."""
    return f"ann.{number}@example.org"


def what_is_said(
    under: Edition,
    number: int,
    address: str = "",
    visibility: Visibility = Visibility.PUBLIC,
    *,
    updates: bool = False,
) -> tuple[dict[str, object], str]:
    """Return the columns that a draft and a signature share, of a mailbox of its own, and the name sealed in them.

    The address is made up as well, unless one is given.
    """
    public_id, name = os.urandom(16), f"Ann Example the {number}th"
    address = address or address_of(number)
    said = (name, ANSWERS["affiliation"], ANSWERS["comment"], address)
    signer = Signer(*said, "SE", visibility, updates=updates)
    columns: dict[str, object] = {
        "public_id": public_id,
        "petition_id": under.petition.id,
        "text_id": under.text.id,
        "notice_id": under.notice.id,
        "language": "en",
        "email_key": os.urandom(32),
        "sealed": signer.sealed_for(public_id, under.petition.public_id),
        "country": "SE",
        "visibility": visibility,
        "updates": updates,
        "signed_at": clock.now(),
    }
    return columns, name


def _waiting(columns: dict[str, object], name: str) -> Waiting:
    public_id = columns["public_id"]
    assert isinstance(public_id, bytes)
    token = tokens.make_token(tokens.Purpose.CONFIRM, public_id)
    return Waiting(public_id, token, urlencode({"name": name, **ANSWERS}))
