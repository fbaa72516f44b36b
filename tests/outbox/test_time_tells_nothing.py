"""When a stranger's own letters leave does not tell what another mailbox, named in a form between his, did."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import transaction
from app.models import Draft
from app.models.signer import signer_of
from app.outbox import claim, deliver, pace, slow_lane, write_alone
from app.signing import proof_of_work
from app.signing.draft import delete_open_drafts
from app.worker import LETTERS
from tests.factories import SLUG, make_mailbox, make_signature, proof, sign
from tests.mail_server import MailServer
from tests.outbox.test_deliver import Work
from tests.signing.test_sign import statements

pytestmark = pytest.mark.both_databases

BEFORE, ANN, AFTER = "before@example.net", "ann@example.org", "after@example.net"
STATES = ("nobody", "declined", "verified", "withdrawn")
A_LETTERS_TIME, THE_RECORDS_TIME = "the time that a letter takes", "the time that the record takes"
Ask = Callable[[FlaskClient, str], object]


def with_proof(client: FlaskClient, address: str) -> object:
    return sign(client, email=address, altcha=proof(client))


def without_proof(client: FlaskClient, address: str) -> object:
    return sign(client, email=address)


def ask_for_link(client: FlaskClient, address: str) -> object:
    return client.post(f"/petitions/{SLUG}/my-signature", data={"email": address})


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, all letters are in hand at once."""
    for module in (write_alone, deliver):
        monkeypatch.setattr(module, "SECONDS_IN_HAND", 600)


@pytest.mark.parametrize("ask", [with_proof, without_proof, ask_for_link])
@pytest.mark.parametrize("state", STATES)
def test_between_his_letters_goes_hers_or_the_time_that_one_takes_and_nothing_else_is_done(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work,
    monkeypatch: pytest.MonkeyPatch, state: str, ask: Ask,
) -> None:  # fmt: skip
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)
    make_mailbox(app, state, ANN)
    for address in (BEFORE, AFTER) if ask is ask_for_link else ():
        make_signature(app, email=address)
    for address in (BEFORE, ANN, AFTER):
        ask(client, address)

    course: list[str] = []
    asked_before = []
    with statements(app) as seen:

        def answer(recipient: str) -> None:
            course.append(recipient)
            asked_before.append(len(seen))

        mail_server.answer = answer
        monkeypatch.setattr(pace.Pace, "wait", lambda self: course.append(A_LETTERS_TIME))
        work()
    gets_one = {"verified", "invalidated"} if ask is ask_for_link else set(STATES) - {"declined"}
    assert course == [BEFORE, ANN if state in gets_one else A_LETTERS_TIME, AFTER]
    assert len(set(asked_before)) == 1, "the database is asked before the first and after the last"


@pytest.mark.parametrize("ask", [with_proof, without_proof, ask_for_link])
def test_alone_in_a_batch_silence_opens_a_connection_as_a_letter_does(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work,
    monkeypatch: pytest.MonkeyPatch, ask: Ask,
) -> None:  # fmt: skip
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)
    opened = {}
    for state in STATES:
        address = f"ann@{state}.example.org"
        make_mailbox(app, state, address)
        before = mail_server.connections
        ask(client, address)
        work()
        opened[state] = mail_server.connections - before
    assert opened == dict.fromkeys(STATES, 1)


def test_a_form_that_is_put_off_is_put_off_by_the_same_statements_whatever_its_mailbox_did(
    app: Flask, client: FlaskClient, petition: str, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_lane, "MAX_PER_HOUR", 1)
    without_proof(client, BEFORE)
    work()
    asked = []
    for state in STATES:
        address = f"ann@{state}.example.org"
        make_mailbox(app, state, address)
        without_proof(client, address)
        with app.app_context(), statements(app) as seen:
            deliver.deliver(LETTERS)
        asked.append([*seen])
    assert asked == [asked[0]] * len(STATES)


@pytest.mark.parametrize("ask", [without_proof, ask_for_link])
@pytest.mark.parametrize("state", STATES)
def test_deciding_alone_and_recording_take_as_long_for_everybody(
    app: Flask, client: FlaskClient, petition: str, work: Work, monkeypatch: pytest.MonkeyPatch, state: str, ask: Ask
) -> None:
    waited = []
    monkeypatch.setattr(pace, "wait_until", waited.append)
    make_mailbox(app, state, ANN)
    ask(client, ANN)
    work()
    assert len(waited) == 2


@pytest.mark.parametrize("state", STATES)
def test_his_second_letter_in_the_next_batch_waits_as_long_for_the_record_of_hers(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work,
    monkeypatch: pytest.MonkeyPatch, state: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)
    monkeypatch.setattr(claim, "BATCH_SIZE", 2)
    make_mailbox(app, state, ANN)
    for address in (BEFORE, ANN, AFTER):
        with_proof(client, address)
    course: list[str] = []
    mail_server.answer = course.append  # type: ignore[assignment]
    monkeypatch.setattr(pace.Pace, "wait", lambda self: course.append(A_LETTERS_TIME))
    monkeypatch.setattr(pace.Writing, "fill", lambda self, began: course.append(THE_RECORDS_TIME))
    work()
    hers = ANN if state != "declined" else A_LETTERS_TIME
    assert course == [BEFORE, hers, THE_RECORDS_TIME, AFTER, THE_RECORDS_TIME]


def test_so_it_is_when_she_confirmed_or_declined_before_her_turn_came(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)
    for address in (BEFORE, ANN, AFTER):
        with_proof(client, address)
    with app.app_context(), transaction() as session:
        hers = next(draft for draft in session.scalars(select(Draft)) if signer_of(draft).email == ANN)
        delete_open_drafts(session, Draft.public_id == hers.public_id)
    course: list[str] = []
    mail_server.answer = course.append  # type: ignore[assignment]
    monkeypatch.setattr(pace.Pace, "wait", lambda self: course.append(A_LETTERS_TIME))
    work()
    assert course == [BEFORE, A_LETTERS_TIME, AFTER]


def test_links_that_are_asked_for_in_thousands_hold_up_no_form_with_a_proof(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)
    monkeypatch.setattr(claim, "BATCH_SIZE", 3)
    asking = [f"{who}@example.net" for who in range(6)]
    for address in asking:
        make_signature(app, email=address)
        ask_for_link(client, address)
    with_proof(client, ANN)
    work()
    assert [letter["To"] for letter in mail_server.letters] == [ANN, *asking]


def test_a_form_with_a_proof_goes_next_however_many_links_were_claimed_before_it_came(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)
    monkeypatch.setattr(write_alone, "SECONDS_IN_HAND", 0)
    monkeypatch.setattr(deliver, "SECONDS_ONE_BY_ONE", 0)
    asking = [f"{who}@example.net" for who in range(3)]
    for address in asking:
        make_signature(app, email=address)
        ask_for_link(client, address)

    def answer(recipient: str) -> None:
        if recipient == asking[0]:
            with_proof(client, ANN)

    mail_server.answer = answer
    while work():
        pass
    assert [letter["To"] for letter in mail_server.letters] == [asking[0], ANN, *asking[1:]]
