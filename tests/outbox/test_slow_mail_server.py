"""A slow mail server: what it took counts as sent, and what was cancelled meanwhile it is not given."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.email import smtp
from app.models import TOO_SOON, Draft, OutboxProgress, Suspicion
from app.models.signer import signer_of
from app.outbox.deliver import deliver
from app.signers.decline import decline
from app.signing.expiry import LINK_WORKS_FOR
from app.worker import LETTERS
from tests.factories import drafts, press_confirm, sign
from tests.mail_server import MailServer, code_in, link_in
from tests.moderation import conftest
from tests.outbox import test_copies
from tests.outbox.test_copies import ONE_BY_ONE, send_all, with_proofs
from tests.outbox.test_deliver import Work, rows

pytestmark = pytest.mark.both_databases
at = conftest.at
written_together = test_copies.written_together
TODAY = conftest.TODAY
SLOW = 0.6  # seconds for one letter: longer than copies are in hand


def while_taking(mail_server: MailServer, address: str, act: Callable[[], object]) -> list[object]:
    """Have `act` called once, while the mail server takes the letter to this address; return where its result will be.

    Nothing is marked from then on until the server has answered.
    """
    results: list[object] = []

    def answer(recipient: str) -> str | None:
        if recipient == address and not results:
            results.append(act())
        return None

    mail_server.answer = answer
    return results


def clues(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Suspicion.clue)))


def first_letter(mail_server: MailServer) -> str:
    return link_in(mail_server.to("ann@example.org")[0])


@pytest.fixture
def page(client: FlaskClient, petition: str) -> str:
    """The page where Ann types her code, whose letter is the first of two."""
    page = sign(client).location
    sign(client, email="bob@example.org")
    return page


def test_a_code_works_while_the_next_letter_is_handed_over(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer
) -> None:
    def type_code() -> tuple[int, str]:
        answer = client.post(page, data={"code": code_in(mail_server.to("ann@example.org")[0])})
        return answer.status_code, answer.location

    answers = while_taking(mail_server, "bob@example.org", type_code)
    send_all(app)
    assert answers == [(303, first_letter(mail_server))]


@pytest.mark.parametrize(("after", "noticed"), [(TOO_SOON - timedelta(milliseconds=1), True), (TOO_SOON, False)])
def test_confirming_while_the_next_letter_is_handed_over_is_a_clue_only_within_a_second(
    app: Flask,
    client: FlaskClient,
    page: str,
    mail_server: MailServer,
    at: Callable[[datetime], None],
    after: timedelta,
    noticed: bool,
) -> None:
    def confirm() -> int:
        at(TODAY + after)
        return press_confirm(client, first_letter(mail_server)).status_code

    answers = while_taking(mail_server, "bob@example.org", confirm)
    send_all(app)
    assert answers == [303]
    assert bool(clues(app)) == noticed


def test_a_letter_counts_as_sent_when_the_server_took_it_however_long_the_next_one_takes(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, at: Callable[[datetime], None]
) -> None:
    while_taking(mail_server, "bob@example.org", lambda: at(TODAY + timedelta(minutes=1)))
    send_all(app)
    assert [draft.expires_at for draft in drafts(app)] == [
        TODAY + LINK_WORKS_FOR,
        TODAY + timedelta(minutes=1) + LINK_WORKS_FOR,
    ]
    press_confirm(client, first_letter(mail_server))
    assert clues(app) == []


@pytest.mark.parametrize("letters", [LETTERS, ONE_BY_ONE], ids=["together", "one by one"])
def test_what_a_slow_server_took_is_marked_before_it_has_taken_the_rest(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    written_together: list[int],
    letters: object,
) -> None:
    marked = []

    def answer(recipient: str) -> None:
        marked.append([row.progress for row in rows(app)].count(OutboxProgress.SENT))
        time.sleep(SLOW)

    mail_server.answer = answer
    for number in range(4):
        sign(client, email=f"person{number}@example.org")
    send_all(app, letters)  # type: ignore[arg-type]
    assert marked == [0, 1, 2, 3]
    assert len({letter["To"] for letter in mail_server.letters}) == len(mail_server.letters) == 4
    assert len(set(written_together)) == (4 if letters is LETTERS else 0)


def readdress(client: FlaskClient, page: str) -> None:
    assert client.post(page, data={"email": "right@example.org"}).status_code == 303


def refuse(client: FlaskClient, page: str) -> None:
    with client.application.app_context():
        mine = [
            draft.public_id
            for draft in db.session.scalars(select(Draft))
            if signer_of(draft).email == "wrong@example.org"
        ]
        assert decline(mine[0], never_again=True)


@pytest.mark.parametrize("cancel", [readdress, refuse])
def test_what_is_cancelled_while_a_slow_server_takes_others_is_not_sent(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    work: Work,
    cancel: Callable[[FlaskClient, str], None],
) -> None:
    def stall() -> None:
        cancel(client, page)
        time.sleep(SLOW)

    sign(client)
    sign(client, email="bob@example.org")
    page = sign(client, email="wrong@example.org").location
    with_proofs(app)
    while_taking(mail_server, "ann@example.org", stall)
    work()
    new = ["right@example.org"] if cancel is readdress else []
    assert [letter["To"] for letter in mail_server.letters] == ["ann@example.org", "bob@example.org", *new]
    if cancel is readdress:
        assert len(rows(app)) == 3, "its row is gone: it would take a turn from that mailbox"
    else:
        assert rows(app)[2].progress == OutboxProgress.SILENT
    for letter in mail_server.letters:
        assert press_confirm(client, link_in(letter)).status_code == 303


def test_a_letter_that_the_server_took_and_put_off_can_be_answered(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = mail_server.handle_DATA

    async def take_and_put_off(server: SMTP, session: Session, envelope: Envelope) -> str:
        await take(server, session, envelope)
        return "451 4.3.0 later"

    monkeypatch.setattr(mail_server, "handle_DATA", take_and_put_off)
    send_all(app)
    assert [row.progress for row in rows(app)] == [OutboxProgress.WAITING] * 2
    answer = client.post(page, data={"code": code_in(mail_server.to("ann@example.org")[0])})
    assert answer.location == first_letter(mail_server)
    assert press_confirm(client, answer.location).status_code == 303
    assert clues(app) == []


def test_a_stopped_worker_leaves_drafts_whose_letters_it_did_not_hand_over_as_they_were(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer
) -> None:
    with_proofs(app)
    with app.app_context():
        deliver(LETTERS, lambda: bool(mail_server.letters))
    assert [draft.code_hash is not None for draft in drafts(app)] == [True, False]
    assert [row.allowed_at is not None for row in rows(app)] == [True, False]


@pytest.mark.parametrize("letters", [LETTERS, ONE_BY_ONE], ids=["together", "one by one"])
def test_what_is_cancelled_while_the_server_keeps_us_waiting_before_it_greets_is_not_sent(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    letters: object,
) -> None:
    greet = smtp.TimedConnection.configure_host

    def greet_slowly(connection: smtp.TimedConnection) -> object:
        monkeypatch.undo()
        refuse(client, "")
        time.sleep(SLOW)
        return greet(connection)

    page = sign(client, email="wrong@example.org").location
    assert page
    with_proofs(app)
    monkeypatch.setattr(smtp.TimedConnection, "configure_host", greet_slowly)
    send_all(app, letters)  # type: ignore[arg-type]
    assert mail_server.letters == []
    assert [row.progress for row in rows(app)] == [OutboxProgress.SILENT]
