"""GET, HEAD and OPTIONS write nothing, at any address, for any state of a signature: mail scanners open every link."""

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from app import clock, tokens
from app.db import Base, db, transaction
from app.mailbox import letters
from app.models import Signature, State
from app.signing import ref
from tests.factories import SLUG, make_petition, make_signature, sign

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


def test_reading_changes_nothing(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    make_petition(app)
    make_petition(app, slug='"closed"', closes_on="2026-01-31")
    ids = signatures_in_every_state(app)
    sign(client, email="new@example.org")
    app.config["MAILBOX_DIR"] = str(tmp_path / "mailbox")
    letters.keep(tmp_path / "mailbox", b"Subject: Hello\r\n\r\nwords\r\n")
    with app.app_context():
        values = {
            "slug": [SLUG, "quiet", "closed", "unknown"],
            "lang": ["en", "sv", "xx"],
            "token": [*(tokens.make(tokens.Purpose.CONFIRM, one) for one in [*ids, bytes(16)]), "altered"],
            "reference": [ref.make(SLUG, "en", "new@example.org"), "altered"],
            "number": [letters.newest_first(tmp_path / "mailbox")[0].number, "0"],
            "filename": ["css/base.css"],
        }
    before = everything(app)
    assert all(before.values()), "a table without a row shows no change"

    addresses = app.url_map.bind("localhost")
    for rule in (one for one in app.url_map.iter_rules() if "GET" in (one.methods or ())):
        names = sorted(rule.arguments)
        seen = set()
        for chosen in itertools.product(*(values[name] for name in names)):
            path = addresses.build(rule.endpoint, dict(zip(names, chosen, strict=True)), "GET")
            for method in READING:
                with client.open(path, method=method) as answer:
                    seen.add(answer.status_code)
            assert everything(app) == before, f"reading {path} has written"
        assert 200 in seen, f"the walk never came to what {rule.rule} shows"
        assert max(seen) < 500, f"{rule.rule} failed"
