"""GET, HEAD and OPTIONS write nothing, at any address, for any state of a signature: mail scanners open every link."""

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_security.recoverable import generate_reset_password_token
from sqlalchemy import select, update

from app import clock, tokens
from app.data_keys.check import check_keys
from app.db import Base, db, transaction
from app.export.handing_over import begin
from app.export.making import make_due
from app.export.rows import Choice
from app.mailbox import letters
from app.models import (
    Act,
    Clue,
    DomainRule,
    Erasure,
    Format,
    Organiser,
    Passkey,
    Petition,
    Picture,
    PrivacyNotice,
    Role,
    Signature,
    SpentProof,
    State,
    Suspicion,
    Verdict,
)
from app.organisers import accounts, guesses
from app.organisers.audit import record
from app.outbox import unwanted
from app.signing import ref
from app.web.session import is_for_organisers
from tests.factories import SLUG, make_petition, make_signature, sign
from tests.organisers.people import browser, half_signed_in, make_organiser, organiser, signed_in

DIGEST = "0" * 32
READING = ("GET", "HEAD", "OPTIONS")


def everything(app: Flask) -> dict[str, list[Any]]:
    """Return every row of every table."""
    with app.app_context():
        tables = Base.metadata.sorted_tables
        dump = {
            one.name: [tuple(row) for row in db.session.execute(select(one).order_by(*one.primary_key))]
            for one in tables
        }
        db.session.rollback()
        return dump


def signatures_in_every_state(app: Flask) -> list[bytes]:
    ids = [make_signature(app, state=state, email=f"{state}@example.org") for state in State]
    expired = make_signature(app, state=State.PENDING, email="late@example.org")
    with app.app_context(), transaction() as session:
        long_ago = clock.now() - timedelta(days=30)
        session.execute(update(Signature).where(Signature.public_id == expired).values(expires_at=long_ago))
    quiet = make_signature(app, make_petition(app, slug='"quiet"', discreet="true"), state=State.PENDING)
    return [*ids, expired, quiet]


def what_organisers_leave(app: Flask) -> list[str]:
    """Put a row into each table that organisers fill; return the tokens that letters to them carry."""
    owner = make_organiser(app, role=Role.OWNER, administrator=True)
    with app.app_context():
        accounts.invite("invited@example.org")
        with transaction() as session:
            petition = session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
            record(session, Act.EDITED, petition.id, owner)
            key = Passkey(
                "phone",
                user_id=owner,
                credential_id=b"1",
                public_key=b"2",
                backup_state=False,
                device_type="",
                usage="first",
            )
            key.lastuse_datetime = clock.now()
            signed = session.scalars(select(Signature.id).where(Signature.state == State.VERIFIED)).first()
            about = {"petition_id": petition.id}
            session.add_all(
                [
                    key,
                    Picture(**about, digest=DIGEST, width=480, height=1, data=b"x"),
                    DomainRule(**about, domain="example.net", verdict=Verdict.BLOCK, made_at=clock.now()),
                    Suspicion(**about, signature_id=signed, clue=Clue.INSTANT, since=clock.now()),
                    SpentProof(key=bytes(32), until=clock.now()),
                    Erasure(notice_id=session.scalars(select(PrivacyNotice.id)).first(), done_at=clock.now()),
                ]
            )
        begin(petition, db.session.get_one(Organiser, owner), Format.PDF, Choice(), "Registry of Testville")
        assert make_due() == 1
        invited = db.session.scalars(select(Organiser).where(Organiser.joined_at.is_(None))).one()
        with app.test_request_context("/organise/reset"):
            reset = generate_reset_password_token(db.session.get_one(Organiser, owner))
        return [tokens.make(tokens.Purpose.INVITATION, invited.public_id, invited.generation), reset]


def test_reading_changes_nothing(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    make_petition(app)
    make_petition(app, slug='"closed"', closes_on="2026-01-31")
    ids = signatures_in_every_state(app)
    sign(client, email="new@example.org")
    app.config["MAILBOX_DIR"] = str(tmp_path / "mailbox")
    letters.keep(tmp_path / "mailbox", b"Subject: Hello\r\n\r\nwords\r\n")
    for_organisers = what_organisers_leave(app)
    with app.app_context():
        check_keys()
        values = {
            "slug": [SLUG, "quiet", "closed", "unknown"],
            "lang": ["en", "sv", "xx"],
            "token": [
                *(tokens.make(tokens.Purpose.CONFIRM, one) for one in [*ids, bytes(16)]),
                *(
                    tokens.make(purpose, one)
                    for purpose in (tokens.Purpose.ENTRY, tokens.Purpose.NOT_ME, tokens.Purpose.UNSUBSCRIBE)
                    for one in [*ids, bytes(16)]
                ),
                *for_organisers,
                "altered",
            ],
            "reference": [ref.make(SLUG, "en", "new@example.org"), "altered"],
            "number": [letters.newest_first(tmp_path / "mailbox")[0].number, "0"],
            "filename": ["css/base.css"],
            "member": [organiser(app).public_id.hex(), "00", "altered"],
            "entry": [ids[1].hex(), "altered"],
            "kind": ["csv", "xlsx", "json"],
            "digest": [DIGEST],
            "width": ["480", "1"],
        }
    insider = signed_in(app)
    half_signed_in(app, "half@example.org")
    with app.app_context():
        guesses.take(guesses.At.CODE, "somebody")
        with transaction() as session:
            unwanted.stop(session, bytes(16), clock.now())
    before = everything(app)
    assert all(before.values()), "a table without a row shows no change"

    addresses = app.url_map.bind("localhost")
    for rule in (one for one in app.url_map.iter_rules() if "GET" in (one.methods or ())):
        names = sorted(rule.arguments)
        seen = set()
        readers = [client]
        if rule.endpoint in {"export.download", "export.pdf"}:
            continue  # that a list was handed over is recorded, and so is that it was whole: see tests/export
        if is_for_organisers(rule.rule):
            readers = [browser(app), insider, half_signed_in(app, "half@example.org", anew=False)]
        for chosen in itertools.product(*(values[name] for name in names)):
            path = addresses.build(rule.endpoint, dict(zip(names, chosen, strict=True)), "GET")
            for method in READING:
                for reader in readers:
                    with reader.open(path, method=method) as answer:
                        seen.add(answer.status_code)
            assert everything(app) == before, f"reading {path} has written"
        assert 200 in seen, f"the walk never came to what {rule.rule} shows"
        assert max(seen) < 500, f"{rule.rule} failed"
