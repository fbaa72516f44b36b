"""Letters to organisers: sealed until sent, then erased; in the reader's language; limited if strangers cause them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from app import clock
from app.auth.settings import RESET_LINK_TTL
from app.crypto import sealing
from app.db import Base, db, transaction
from app.models import Organiser, OutboxProgress, OutboxRow, Role
from app.organisers.letter import owners_of, queue_rendered_letter
from app.outbox import mailbox_limit
from app.worker import choose_email
from tests.auth.authenticator import Authenticator
from tests.auth.test_second_factor import add, make_codes, set_up_codes
from tests.auth.test_signing_in import RESET
from tests.factories import sign
from tests.mail_server import MailServer, link_in
from tests.organisers.people import (
    OWNER,
    PASSWORD,
    browser,
    letters_to_organisers,
    make_organiser,
    organiser,
    signed_in,
)


def rows(app: Flask) -> list[OutboxRow]:
    with app.app_context():
        return list(db.session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def test_a_letter_is_sent_as_text_and_html_and_then_erased(
    app: Flask, runner: FlaskCliRunner, mail_server: MailServer, work: Callable[[], int]
) -> None:
    runner.invoke(args=["organiser", "invite", OWNER])
    (row,) = rows(app)
    assert row.sealed
    assert b"example.org" not in row.sealed
    work()
    (letter,) = mail_server.letters
    assert letter["To"] == OWNER
    assert letter["Subject"] == "Invitation to join"
    assert {part.get_content_type() for part in letter.walk()} >= {"text/plain", "text/html"}
    (row,) = rows(app)
    assert (row.progress, row.sealed) == (OutboxProgress.SENT, None)


def test_a_waiting_letter_is_sealed(app: Flask, runner: FlaskCliRunner) -> None:
    runner.invoke(args=["organiser", "invite", OWNER])
    (row,) = rows(app)
    app.config["DATA_KEYS"] = [bytes(range(1, 33))]
    with app.app_context(), pytest.raises(sealing.CannotOpen):
        choose_email(row)


def test_a_failed_letter_can_be_retried(
    app: Flask, runner: FlaskCliRunner, mail_server: MailServer, work: Callable[[], int]
) -> None:
    mail_server.answer = lambda recipient: "550 5.1.1 no such mailbox"
    runner.invoke(args=["organiser", "invite", OWNER])
    work()
    assert rows(app)[0].progress == OutboxProgress.FAILED
    mail_server.answer = lambda recipient: None
    assert runner.invoke(args=["outbox", "retry"]).output == "1 due now\n"
    work()
    assert len(mail_server.letters) == 1


def test_strangers_can_cause_at_most_three_letters_a_day(
    app: Flask, mail_server: MailServer, work: Callable[[], int]
) -> None:
    make_organiser(app, password=PASSWORD)
    client = browser(app)
    for _ in range(8):
        answer = client.post(RESET, data={"email": OWNER}, follow_redirects=True)
        assert "an e-mail with a link is on its way" in answer.text
        work()
    assert len(mail_server.letters) == 3
    with app.app_context(), transaction() as session:
        for row in session.scalars(select(OutboxRow).where(OutboxRow.allowed_at.is_not(None))):
            row.allowed_at = clock.now() - timedelta(hours=25)
    client.post(RESET, data={"email": OWNER})
    work()
    assert len(mail_server.letters) == 4


def test_a_link_to_reset_works_as_long_as_strangers_can_have_used_up_the_letters() -> None:
    assert RESET_LINK_TTL >= mailbox_limit.WINDOW


def test_of_a_flood_of_requests_for_one_mailbox_one_waits(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client = browser(app)
    answers = {client.post(RESET, data={"email": OWNER}).status_code for _ in range(8)}
    assert answers == {303}
    client.post(RESET, data={"email": "stranger@example.org"})
    assert len(rows(app)) == 2


def test_requests_with_a_tag_keep_no_letter_from_the_account_without_one(
    app: Flask, mail_server: MailServer, work: Callable[[], int]
) -> None:
    make_organiser(app, password=PASSWORD)
    client = browser(app)
    name, domain = OWNER.split("@")
    for which in range(4):
        client.post(RESET, data={"email": f"{name}+{which}@{domain}"})
    client.post(RESET, data={"email": OWNER})
    work()
    assert [letter["To"] for letter in mail_server.letters] == [OWNER]


def test_a_request_goes_after_the_letters_of_people_who_sign(
    app: Flask, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    make_organiser(app, password=PASSWORD)
    browser(app).post(RESET, data={"email": OWNER})
    sign(app.test_client(), email="signer@example.org")
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["signer@example.org", OWNER]


def test_an_organisers_invitations_go_after_the_letters_of_people_who_sign(
    app: Flask, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    owner = signed_in(app, role=Role.OWNER)
    owner.post(f"/organise/petitions/{petition}/members", data={"email": "guest@example.org", "role": "editor"})
    sign(app.test_client(), email="signer@example.org")
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["signer@example.org", "guest@example.org"]


def test_signing_with_an_organisers_address_does_not_silence_the_reset_letter(
    app: Flask, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    make_organiser(app, password=PASSWORD)
    for _ in range(6):
        sign(app.test_client(), email=OWNER)
    work()
    before = len(mail_server.letters)
    browser(app).post(RESET, data={"email": OWNER})
    work()
    assert len(mail_server.letters) == before + 1


def test_a_reset_letter_offers_to_end_such_letters_and_then_one_a_day_comes(
    app: Flask, mail_server: MailServer, work: Callable[[], int]
) -> None:
    make_organiser(app, password=PASSWORD)
    client = browser(app)
    client.post(RESET, data={"email": OWNER})
    work()
    (letter,) = mail_server.letters
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = link_in(letter, "unsubscribe")
    assert stop in letter["List-Unsubscribe"]
    app.test_client().post(stop)
    for _ in range(3):
        client.post(RESET, data={"email": OWNER})
        work()
    assert len(mail_server.letters) == 2


def test_a_letter_is_in_its_readers_language(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    browser(app).post(RESET, data={"email": OWNER}, headers={"Accept-Language": "sv"})
    (letter,) = letters_to_organisers(app)
    assert "asked for a new password" in letter


@pytest.mark.parametrize("letter", ["invitation", "added", "password_reset", "password_changed", "wrong_codes"])
@pytest.mark.parametrize("title", ["", "<b>Save</b> the library & more"])
def test_every_letter_names_the_site_and_has_a_link(app: Flask, petition: str, letter: str, title: str) -> None:
    make_organiser(app, role=Role.OWNER)
    with app.app_context(), transaction() as session:
        words = {"title": title, "link": "http://localhost:8000/organise/x", "until": clock.now()}
        (owner,) = owners_of(session, 1)
        queue_rendered_letter(session, owner, letter, clock.now(), **words)
    (row,) = rows(app)
    with app.app_context():
        write = choose_email(row)
        assert write
        message = write()
    assert "\n" not in str(message.subject)
    for body in (message.body, message.html):
        assert body
        assert app.config["BASE_URL"] in body
        assert "http://localhost:8000/organise/x" in body
    assert "<b>Save" not in (message.html or "")
    if title and letter in {"invitation", "added"}:
        assert title in (message.body or "")


def everything_stored(app: Flask) -> bytes:
    """Return all columns of all tables as bytes, and the database file if there is one."""
    with app.app_context():
        dump = b""
        for table in Base.metadata.sorted_tables:
            for row in db.session.execute(select(table)):
                dump += b"\0".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
        if db.engine.dialect.name == "sqlite":
            db.session.rollback()
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            with open(str(db.engine.url.database), "rb") as file:
                dump += file.read()
        return dump


def test_a_stolen_database_does_not_reveal_organisers(app: Flask, petition: str, runner: FlaskCliRunner) -> None:
    make_organiser(app, password=PASSWORD)
    client = signed_in(app, role=Role.OWNER)
    key = set_up_codes(client)
    codes = make_codes(client)
    add(client, Authenticator(app.config["BASE_URL"]), name="Olgas privata telefon")
    runner.invoke(args=["organiser", "invite", "invited@example.org"])
    client.post(RESET, data={"email": OWNER})
    link = re.search(r"/organise/reset/(\S+)", letters_to_organisers(app)[-1])
    assert link
    stored = everything_stored(app)
    assert b"owner" in stored
    secrets = [OWNER, "invited@example.org", "Olgas", *codes, key.replace("-", ""), link[1], PASSWORD, "127.0.0.1"]
    assert [secret for secret in secrets if secret.encode() in stored] == []


def test_every_sealed_value_of_an_ended_account_is_erased(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client = signed_in(app)
    assert client.post("/organise/account/name", data={"name": "Olga Owner"}).status_code == 303
    set_up_codes(client)
    make_codes(client)
    add(client, Authenticator(app.config["BASE_URL"]))
    ended = organiser(app).id
    assert client.post("/organise/account/end").status_code == 303
    with app.app_context():
        row = db.session.get_one(Organiser, ended)
        sealed = (row.sealed_email, row.sealed_name, row.sealed_totp, row.sealed_recovery_codes)
        assert sealed == (None, None, None, None)
        assert (row.email_key, row.password, row.webauthn) == (None, None, [])
        assert not row.active
