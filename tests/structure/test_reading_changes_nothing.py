"""GET, HEAD and OPTIONS write nothing, at any address, for drafts and signatures in any state: scanners open links."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.auth import login_throttle
from app.db import Base, db, transaction
from app.ledger import ledger
from app.models import RecountDue
from app.outbox import unwanted
from app.web.session import is_for_organisers
from tests.factories import SLUG
from tests.organisers.people import browser, half_signed_in, signed_in
from tests.structure.something_of_everything import something_of_everything

QUERY = {"sharing.oembed": f"?url=http://localhost:8000/petitions/{SLUG}"}  # what shows nothing without one
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


@pytest.mark.slow
def test_get_head_and_options_write_nothing(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    values = something_of_everything(app, tmp_path)
    insider = signed_in(app)
    half_signed_in(app, "half@example.org")
    with app.app_context():
        login_throttle.count_attempt(login_throttle.Secret.CODE, "somebody")
        with transaction() as session:
            unwanted.stop_emails(session, bytes(16), clock.now())
            session.add(RecountDue(petition_id=0))
        ledger.fold_all()
    before = everything(app)
    assert not [name for name, rows in before.items() if not rows], "a table without a row shows no change"

    addresses = app.url_map.bind("localhost")
    for rule in (one for one in app.url_map.iter_rules() if "GET" in (one.methods or ())):
        names = sorted(rule.arguments)
        seen = set()
        readers = [client]
        if rule.endpoint in {"export.download", "export.pdf"}:
            continue  # that a list was handed over is recorded, and so is that it was whole: see tests/export
        if rule.endpoint in {"watching.signatures", "watching.signature"}:
            continue  # that somebody looked at people is recorded: see tests/watching/test_trace.py
        if is_for_organisers(rule.rule):
            readers = [browser(app), insider, half_signed_in(app, "half@example.org", anew=False)]
        for chosen in itertools.product(*(values[name] for name in names)):
            path = addresses.build(rule.endpoint, dict(zip(names, chosen, strict=True)), "GET")
            path += QUERY.get(rule.endpoint, "")
            for method in READING:
                for reader in readers:
                    with reader.open(path, method=method) as answer:
                        seen.add(answer.status_code)
        assert everything(app) == before, f"reading {rule.rule} has written"
        assert 200 in seen, f"the walk never came to what {rule.rule} shows"
        assert max(seen) < 500, f"{rule.rule} failed"
