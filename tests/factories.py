"""Plain makers of what tests need: petitions from files, signatures in a state, and what a person does with them."""

import json
import os
import re
import tempfile
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

from altcha import solve_challenge_v1
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import clock
from app.db import db, transaction
from app.email.address import canonical
from app.ledger import ledger
from app.models import (
    Declined,
    Draft,
    Kind,
    OutboxRow,
    Petition,
    PetitionText,
    PrivacyNotice,
    Reason,
    Signature,
    State,
    Visibility,
)
from app.models.signer import Signer, salt_and_signer
from app.petition_files.importing import import_file
from app.signing.email_key import email_key

SLUG = "save-the-test-library"
FRONT = {
    "slug": f'"{SLUG}"',
    "language": '"en"',
    "title": '"Save the test library"',
    "started_by": '"Friends of the Test Library"',
    "statement": '"We ask the town to keep the test library open."',
    "addressed_to": '"The Town Council of Testville"',
    "contact": '"library@example.org"',
    "erase_after_days": "90",
}
CONTROLLER = (
    '[controller]\nname = "Test Library Club"\naddress = "1 Test Street, Testville"\nemail = "data@example.org"\n'
)


def petition_file(
    body: str = "Books are **good**.", tables: str = "", controller: str = CONTROLLER, **front: str
) -> str:
    """Return the text of a petition file; `front` gives TOML values by key, `tables` what follows the controller."""
    keys = "\n".join(f"{key} = {value}" for key, value in (FRONT | front).items() if value)
    return f"+++\n{keys}\n{controller}{tables}\n+++\n{body}\n"


def make_petition(app: Flask, body: str = "Books are **good**.", tables: str = "", **front: str) -> str:
    """Import a petition made of `petition_file`; return its slug."""
    with tempfile.TemporaryDirectory() as folder, app.app_context():
        path = Path(folder) / "petition.md"
        path.write_text(petition_file(body, tables, **front), "utf-8")
        return import_file(path).slug


def make_signature(
    app: Flask,
    slug: str = SLUG,
    state: State = State.VERIFIED,
    email: str = "ann@example.org",
    name: str = "Ann Example",
    visibility: Visibility = Visibility.PUBLIC,
) -> bytes:
    """Put a signature into the database as if it had come to `state`; return its public id."""
    with app.app_context(), transaction() as session:
        is_erased = state == State.WITHDRAWN
        said = _said(session, slug, email, name, visibility)
        if is_erased:
            said |= {"sealed": None, "email_key": None}
        reason = Reason.OTHER if state == State.INVALIDATED else None
        signature = Signature(state=state, verified_at=clock.now(), reason=reason, **said)
        session.add(signature)
        session.flush()
        if state == State.VERIFIED:
            ledger.append(session, signature, Kind.CONFIRMED, clock.now())
        return signature.public_id


def make_draft(
    app: Flask,
    slug: str = SLUG,
    email: str = "ann@example.org",
    name: str = "Ann Example",
    expires_at: datetime | None = None,
    code_hash: bytes | None = None,
) -> bytes:
    """Put a draft into the database, whose letter still waits unless `expires_at` is given; return its public id."""
    with app.app_context(), transaction() as session:
        said = _said(session, slug, email, name, Visibility.PUBLIC)
        session.add(Draft(expires_at=expires_at, code_hash=code_hash, **said))
        public_id = said["public_id"]
        assert isinstance(public_id, bytes)
        return public_id


def change_signers(app: Flask, **said: object) -> None:
    """Have every signature say this as well, in its columns and sealed, as if its signer had."""
    with app.app_context(), transaction() as session:
        for row in session.scalars(select(Signature).where(Signature.sealed.is_not(None))):
            salt, signer = salt_and_signer(row)
            petition = session.get_one(Petition, row.petition_id)
            row.sealed = replace(signer, **said).sealed_for(row.public_id, petition.public_id, salt)
            for column in {"country", "visibility", "updates"} & said.keys():
                setattr(row, column, said[column])


# What a mailbox can have done in a petition.
MAILBOXES = ("nobody", "draft", "declined", *State)


def make_mailbox(app: Flask, state: str, email: str, slug: str = SLUG) -> None:
    """Bring a mailbox into one of the states in MAILBOXES."""
    if state == "draft":
        make_draft(app, slug, email, expires_at=clock.now() + timedelta(days=7), code_hash=b"x" * 32)
    elif state == "declined":
        with app.app_context(), transaction() as session:
            petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
            key = email_key(petition, canonical(email))
            session.add(Declined(petition_id=petition.id, email_key=key, undo_until=clock.now()))
    elif state != "nobody":
        make_signature(app, slug, State(state), email)


def _said(session: Session, slug: str, email: str, name: str, visibility: Visibility) -> dict[str, object]:
    """Return the columns that a draft and a signature of this signer share."""
    petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
    text = session.scalars(select(PetitionText).where(PetitionText.petition_id == petition.id)).first()
    notice = session.scalars(select(PrivacyNotice).where(PrivacyNotice.petition_id == petition.id)).first()
    assert text and notice
    public_id = os.urandom(16)
    return {
        "public_id": public_id,
        "petition_id": petition.id,
        "text_id": text.id,
        "notice_id": notice.id,
        "language": "en",
        "email_key": email_key(petition, canonical(email)),
        "sealed": Signer(name, "Reader", "I read.", email, "SE", visibility, False).sealed_for(
            public_id, petition.public_id
        ),
        "country": "SE",
        "visibility": visibility,
        "updates": False,
        "signed_at": clock.now(),
    }


def hidden_fields(html: str) -> dict[str, str]:
    """Return the hidden fields of the form in a page."""
    tags = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", html)
    pairs = [(re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in tags]
    return {name[1]: unescape(value[1]) for name, value in pairs if name and value}


def sign(client: FlaskClient, slug: str = SLUG, where: str | None = None, **fields: str) -> TestResponse:
    """Open the petition's form, fill it in and send it, from the network address `where` if one is given."""
    page = client.get(f"/petitions/{slug}/sign").text
    answers = {
        "name": "Ann Example",
        "affiliation": "Reader",
        "country": "SE",
        "email": "ann@example.org",
        "comment": "I read.",
        "visibility": "public",
        **hidden_fields(page),
        **fields,
    }
    environ_base = {"REMOTE_ADDR": where} if where else {}
    return client.post(f"/petitions/{slug}/sign", data=answers, environ_base=environ_base)


def proof(client: FlaskClient, slug: str = SLUG) -> str:
    """Ask for a challenge, solve it as ALTCHA's own library does, and return what a form then carries."""
    asked = client.get(f"/petitions/{slug}/challenge.json").json
    assert asked
    wanted = {name: asked[name] for name in ("algorithm", "challenge", "salt", "signature")}
    found = solve_challenge_v1(asked["challenge"], asked["salt"], asked["algorithm"], asked["maxnumber"])
    assert found
    return b64encode(json.dumps({**wanted, "number": found.number}).encode()).decode()


def press_confirm(client: FlaskClient, path: str, **corrections: str) -> TestResponse:
    """Open a confirmation link and press the button of its page, with what it shows or corrections of it."""
    return fill_in_and_send(client, path, **corrections)


def fill_in_and_send(client: FlaskClient, path: str, **answers: str) -> TestResponse:
    """Open a page with a signer's answers and send its form, with Ann's answers where no others are given."""
    usual = {
        "name": "Ann Example",
        "affiliation": "Reader",
        "country": "SE",
        "comment": "I read.",
        "visibility": "public",
    }
    return client.post(path, data={**usual, **hidden_fields(client.get(path).text), **answers})


def verified(client: FlaskClient, slug: str = SLUG) -> int:
    """Return the petition's verified count as programs see it."""
    answer = client.get(f"/petitions/{slug}/count.json")
    assert answer.json
    return int(answer.json["verified"])


def signatures(app: Flask) -> list[Signature]:
    """Return all signatures, the oldest first."""
    with app.app_context():
        return list(db.session.scalars(select(Signature).order_by(Signature.id)))


def drafts(app: Flask) -> list[Draft]:
    """Return all drafts, the oldest first."""
    with app.app_context():
        return list(db.session.scalars(select(Draft).order_by(Draft.signed_at)))


def written(app: Flask) -> tuple[int, int]:
    """Return how many drafts and how many letters the database holds."""
    with app.app_context():
        number_of = [db.session.scalars(select(func.count()).select_from(kind)).one() for kind in (Draft, OutboxRow)]
        return number_of[0], number_of[1]
