"""Everything is killed with -9 while 200 letters go out, and started again: all 200 arrive."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.models import OutboxProgress, OutboxRow
from tests.conftest import SECRETS
from tests.factories import hidden_fields
from tests.mail_server import MailServer
from tests.site import Site, wait_until

pytestmark = pytest.mark.slow

LETTERS = 200


def test_all_200_letters_arrive_though_everything_was_killed(
    app: Flask, database_url: str, petition: str, mail_server: MailServer, tmp_path: Path
) -> None:
    client = app.test_client()
    fields = hidden_fields(client.get(f"/petitions/{petition}").text)
    for number in range(LETTERS):
        answers = {"name": "Ann", "country": "SE", "email": f"person{number}@example.org", "visibility": "public"}
        somewhere = {"REMOTE_ADDR": f"198.51.100.{number}"}
        answer = client.post(f"/petitions/{petition}/sign", data=answers | fields, environ_base=somewhere)
        assert answer.status_code == 303
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(had_proof_of_work=True))  # as if each had brought a proof of work
    mail_server.silent_for = 0.01
    env = {
        **SECRETS,
        "DATABASE_URL": database_url,
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(mail_server.port),
    }
    site = Site(tmp_path, env).start()
    try:
        wait_until(lambda: len(mail_server.letters) >= LETTERS // 4)
    finally:
        site.kill_everything()
    arrived = len(mail_server.letters)
    assert arrived < LETTERS
    lease_runs_out(app)
    site.start()
    try:
        wait_until(lambda: len({letter["To"] for letter in mail_server.letters}) == LETTERS)
        wait_until(lambda: all_sent(app))
    finally:
        site.interrupt()
    ids = {letter["Message-ID"] for letter in mail_server.letters}
    assert len(ids) == LETTERS
    # At least once: the one in hand when the worker died may have come twice, under one Message-ID.
    assert len(mail_server.letters) <= LETTERS + 1


def lease_runs_out(app: Flask) -> None:
    """Let the time pass that the dead worker had left."""
    with app.app_context(), transaction() as session:
        held = session.scalars(select(OutboxRow.id).where(OutboxRow.leased_until > clock.now())).all()
        assert held
        session.execute(update(OutboxRow).values(leased_until=clock.now() - timedelta(seconds=1)))


def all_sent(app: Flask) -> bool:
    with app.app_context():
        waiting = select(OutboxRow.id).where(OutboxRow.progress != OutboxProgress.SENT)
        return db.session.scalars(waiting).first() is None
