"""Letters that are written together are the same as those written one by one, and go to the same mailboxes."""

import email
import email.policy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from app import clock
from app.db import db, transaction
from app.email import mime
from app.models import Draft, OutboxProgress, OutboxRow, Petition, State
from app.models.signer import signer_of
from app.outbox import copies, deliver, hand, unwanted
from app.outbox.callbacks import LetterCallbacks
from app.outbox.hand import Hand
from app.signers.withdraw import withdraw
from app.signing.code import redeem_code
from app.worker import LETTERS
from tests.factories import (
    drafts,
    make_mailbox,
    make_petition,
    make_signature,
    press_confirm,
    sign,
    verified,
)
from tests.mail_server import MailServer, code_in, link_in, text_of
from tests.outbox.test_deliver import Work, make_all_due, rows

pytestmark = pytest.mark.both_databases

ONE_BY_ONE = replace(LETTERS, write_many=lambda session, rows, now: {})
# What differs between any two letters: the links' tokens, the code, and the date.
OF_ITS_OWN = re.compile(
    r"(?<=/confirm/)[\w.-]+|(?<=/signature/)[\w.-]+|(?<=/entry/)[\w.-]+|(?<=/not-me/)[\w.-]+|(?<=/unsubscribe/)[\w.-]+"
    r"|[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}|(?<=\nDate: )[^\r\n]+|(?<=Message-ID: <)[0-9a-f]+"
)


def without_its_own(raw: bytes) -> tuple[str, ...]:
    """Return a letter's headers as they were sent, and its text and HTML, without what is this letter's own.

    It must be encoded as all letters are: of that everything depends on these.
    """
    headers, boundary, _ = raw.decode("ascii").partition("MIME-Version")
    assert boundary
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    parts = text_of(message), text_of(message, "html")
    assert mime.lay_out([headers], *parts) == raw
    return tuple(OF_ITS_OWN.sub("", part) for part in (headers, *parts))


@pytest.fixture(autouse=True)
def written_together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The outbox rows whose letters are written together; see `with_proofs`."""
    found: list[int] = []
    write_copies = copies.write_copies

    def noted(*args: object) -> Hand:
        hand = write_copies(*args)  # type: ignore[arg-type]
        found.extend(hand.waiting)
        return hand

    monkeypatch.setattr(deliver, "write_copies", noted)
    return found


def with_proofs(app: Flask) -> None:
    """Have all forms so far be such that came with a proof of work."""
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(had_proof_of_work=True, lane_key=None))


def send_all(app: Flask, letters: LetterCallbacks = LETTERS) -> None:
    with_proofs(app)
    with app.app_context():
        while deliver.deliver(letters):
            pass


@pytest.mark.parametrize("language", ["en", "ar", "ru"])
@pytest.mark.parametrize("discreet", ["true", "false"])
def test_a_letter_is_the_same_byte_for_byte_as_when_it_is_written_alone(
    app: Flask, client: FlaskClient, mail_server: MailServer, written_together: list[int], language: str, discreet: str
) -> None:
    slug = make_petition(app, discreet=discreet, title='"Книги & <books>\\u2028.\\u00ad – für alle"')
    for letters in (LETTERS, ONE_BY_ONE):
        sign(client, slug, language=language)
        send_all(app, letters)
    together, alone = mail_server.raw
    assert len(written_together) == 1
    assert without_its_own(together) == without_its_own(alone)


def test_link_and_code_of_a_letter_written_together_work(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, written_together: list[int]
) -> None:
    for name in ("ann", "bob"):
        sign(client, email=f"{name}@example.org")
    send_all(app)
    assert len(written_together) == 2
    (ann,), (bob,) = mail_server.to("ann@example.org"), mail_server.to("bob@example.org")
    assert press_confirm(client, link_in(ann)).status_code == 303
    with app.app_context():
        draft = db.session.scalars(select(Draft)).one()
        assert draft.expires_at
        assert abs(draft.expires_at - clock.now() - timedelta(days=7)) < timedelta(minutes=1)
        petition_row = db.session.scalars(select(Petition)).one()
        assert redeem_code(petition_row, "bob@example.org", code_in(bob))
        assert not redeem_code(petition_row, "bob@example.org", code_in(ann))
    assert press_confirm(client, link_in(bob)).status_code == 303
    assert verified(client) == 2


@pytest.mark.parametrize("has_stopped", [False, True])
@pytest.mark.parametrize("discreet", ["true", "false"])
def test_so_is_the_letter_to_who_has_signed(
    app: Flask, client: FlaskClient, mail_server: MailServer, written_together: list[int], discreet: str,
    has_stopped: bool,
) -> None:  # fmt: skip
    slug = make_petition(app, discreet=discreet, title='"Книги & <books>"')
    make_signature(app, slug, email="ann@example.org")
    for letters in (LETTERS, ONE_BY_ONE):
        if has_stopped:
            unsubscribe(app, "ann@example.org")
        sign(client, slug)
        send_all(app, letters)
        forget_letters(app)
    together, alone = mail_server.raw
    assert len(written_together) == 1
    for letter in mail_server.letters:
        assert "You have confirmed before" in text_of(letter) or "You have signed it before" in text_of(letter)
        assert ("You had asked us for no more" in text_of(letter)) == has_stopped
    assert without_its_own(together) == without_its_own(alone)


def unsubscribe(app: Flask, address: str) -> None:
    with app.app_context(), transaction() as session:
        unwanted.stop_emails(session, unwanted.mailbox_of(session, address), clock.now())


def forget_letters(app: Flask) -> None:
    """Have no letter count for the mailbox limit that went out so far."""
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(allowed_at=None))


def subjects(letters: list[EmailMessage]) -> list[str]:
    return [letter["Subject"].partition(":")[0] for letter in letters]


@pytest.mark.parametrize("has_stopped", [False, True])
@pytest.mark.parametrize(
    "spelt", [["ann@proton.me"] * 4, ["ann@proton.me", "Ann@PM.me", "ann+1@proton.me", "ann+2@pm.me"]]
)
@pytest.mark.parametrize("state", ["nobody", "declined", State.VERIFIED])
def test_a_mailbox_gets_as_many_letters_as_when_they_are_written_alone(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, written_together: list[int], state: str,
    spelt: list[str], has_stopped: bool,
) -> None:  # fmt: skip
    make_mailbox(app, state, "ann@proton.me")
    if has_stopped:
        unsubscribe(app, "ann@proton.me")
    seen = []
    for letters in (LETTERS, ONE_BY_ONE):
        for address in spelt:
            sign(client, email=address)
        sign(client, email="bob@example.org")
        send_all(app, letters)
        seen.append(sorted((letter["To"], letter["Subject"]) for letter in mail_server.letters))
        mail_server.letters.clear()
        forget_letters(app)
    assert seen[0] == seen[1]
    assert [to for to, _ in seen[0]].count("bob@example.org") == 1
    assert len(written_together) == 5
    assert {row.progress for row in rows(app)} <= {OutboxProgress.SENT, OutboxProgress.SILENT}


def test_drafts_that_get_no_letter_of_their_own_are_deleted(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, written_together: list[int]
) -> None:
    for state in ("declined", State.VERIFIED):
        make_mailbox(app, state, f"{state}@example.org")
        sign(client, email=f"{state}@example.org")
    sign(client, email="new@example.org")
    send_all(app)
    assert len(written_together) == 3
    assert [letter["To"] for letter in mail_server.letters] == ["verified@example.org", "new@example.org"]
    assert [draft.expires_at is not None for draft in drafts(app)] == [True]


def test_many_forms_of_one_mailbox_in_one_batch_are_counted(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, written_together: list[int]
) -> None:
    for _ in range(5):
        sign(client)
    send_all(app)
    assert len(written_together) == 5
    assert len(mail_server.letters) == 3
    assert len({link_in(letter) for letter in mail_server.letters}) == 3


@pytest.mark.parametrize("address", ['"ann smith"@example.org', "ann@example.org\r\nBcc: eve@example.org"])
def test_an_address_that_needs_quoting_is_not_written_together(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    written_together: list[int],
    address: str,
) -> None:
    sign(client, email="odd@example.org")
    sign(client, email="good@example.org")
    with app.app_context(), transaction() as session:
        odd = session.scalars(select(Draft).order_by(Draft.signed_at)).first()
        assert odd
        petition_id = session.scalars(select(Petition.public_id)).one()
        odd.sealed = replace(signer_of(odd), email=address).sealed_for(odd.public_id, petition_id)
    send_all(app)
    assert len(written_together) == 1
    assert len(mail_server.to("good@example.org")) == 1
    assert not any("eve" in letter.as_string() for letter in mail_server.letters)


def test_a_fault_while_writing_together_leaves_all_to_be_written_one_by_one(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object) -> dict[bytes, object]:
        raise LookupError("about ann@example.org")

    for name in ("ann", "bob"):
        sign(client, email=f"{name}@example.org")
    send_all(app, replace(LETTERS, write_many=fail))  # type: ignore[arg-type]
    assert len(mail_server.letters) == 2
    assert "one by one: LookupError" in caplog.text
    assert "ann@" not in caplog.text


def test_what_was_sent_and_not_recorded_is_sent_again_under_the_same_message_id(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object) -> None:
        raise OperationalError("", {}, Exception("the database is away"))

    for number in range(4):
        sign(client, email=f"person{number}@example.org")
    with_proofs(app)
    with monkeypatch.context() as patch, app.app_context():
        patch.setattr(hand, "_end_copies", away)
        with pytest.raises(OperationalError):
            deliver.deliver(LETTERS)
    first = [letter["Message-ID"] for letter in mail_server.letters]
    assert len(first) == 4
    work()
    assert len(mail_server.letters) == 4, "the lease still holds"
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(leased_until=clock.now() - timedelta(seconds=1)))
    work()
    assert [letter["Message-ID"] for letter in mail_server.letters[4:]] == first
    assert {row.progress for row in rows(app)} == {OutboxProgress.SENT}
    assert press_confirm(client, link_in(mail_server.letters[0])).status_code == 303, "the first letter's link works"


@pytest.mark.parametrize("is_pipelining", [True, False])
@pytest.mark.parametrize("reply", ["550 5.1.1 no", "451 4.7.1 later", "421 4.3.2 closing"])
def test_one_refused_letter_of_many_is_recorded_alone(
    app: Flask,
    client: FlaskClient,
    petition: str,
    mail_server: MailServer,
    written_together: list[int],
    is_pipelining: bool,
    reply: str,
) -> None:
    mail_server.is_pipelining = is_pipelining
    mail_server.answer = lambda recipient: reply if recipient.startswith("bad") else None
    for name in ("good", "bad", "better"):
        sign(client, email=f"{name}@example.org")
    send_all(app)
    assert set(written_together) == {1, 2, 3}
    assert [letter["To"] for letter in mail_server.letters] == ["good@example.org", "better@example.org"]
    refused = OutboxProgress.FAILED if reply.startswith("5") else OutboxProgress.WAITING
    assert [row.progress for row in rows(app)] == [OutboxProgress.SENT, refused, OutboxProgress.SENT]
    assert [row.attempts for row in rows(app)] == [1, 1, 1]
    assert rows(app)[1].reply.startswith(reply[:3])


def test_a_mail_server_that_goes_away_in_the_middle_delays_the_rest(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        sign(client, email=f"person{number}@example.org")
    with_proofs(app)
    send_ready = deliver.smtp.SmtpConnection.send_ready

    def go_away_after_two(connection: deliver.smtp.SmtpConnection, message: object) -> None:
        if len(mail_server.letters) == 2:
            raise deliver.smtp.NoConnection("no connection")
        send_ready(connection, message)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, app.app_context():
        patch.setattr(deliver.smtp.SmtpConnection, "send_ready", go_away_after_two)
        with pytest.raises(deliver.smtp.NoConnection):
            deliver.deliver(LETTERS)
    assert [row.progress for row in rows(app)].count(OutboxProgress.SENT) == 2
    assert all(row.claim is None for row in rows(app))
    make_all_due(app)
    send_all(app)
    assert sorted(letter["To"] for letter in mail_server.letters) == [f"person{n}@example.org" for n in range(5)]


def test_a_stopped_worker_gives_back_what_it_has_not_sent(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer
) -> None:
    for number in range(5):
        sign(client, email=f"person{number}@example.org")
    with_proofs(app)
    stopping: Callable[[], bool] = lambda: len(mail_server.letters) >= 2  # noqa: E731
    with app.app_context():
        deliver.deliver(LETTERS, stopping)
    assert len(mail_server.letters) == 2
    assert all(row.claim is None for row in rows(app))
    send_all(app)
    assert sorted(letter["To"] for letter in mail_server.letters) == [f"person{n}@example.org" for n in range(5)]


def test_tags_that_the_server_refuses_use_up_no_letters_of_the_same_batch(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer
) -> None:
    mail_server.answer = lambda recipient: "550 5.1.1 no" if "+" in recipient else None
    for tag in "ab":
        sign(client, email=f"ann+{tag}@example.org")
    for _ in range(3):
        sign(client, email="ann@example.org")
    send_all(app)
    assert len(mail_server.to("ann@example.org")) == 3


def test_a_letter_about_a_signature_that_was_taken_back_is_decided_anew(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer
) -> None:
    signed = make_signature(app, email="ann@example.org")
    sign(client, email="bob@example.org")
    sign(client, email="ann@example.org")
    with_proofs(app)
    with app.app_context():
        deliver.deliver(LETTERS, lambda: bool(mail_server.letters))
        assert withdraw(signed)
    assert [row.signature_id for row in rows(app)] == [None, None]
    send_all(app)
    (letter,) = mail_server.to("ann@example.org")
    assert press_confirm(client, link_in(letter)).status_code == 303


def test_the_letter_to_who_has_signed_is_in_the_language_of_the_form(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer
) -> None:
    make_signature(app, email="ann@example.org")
    for letters in (LETTERS, ONE_BY_ONE):
        sign(client, email="ann@example.org", language="de")
        send_all(app, letters)
    assert [letter["Subject"].partition(":")[0] for letter in mail_server.letters] == [
        "Sie haben schon unterschrieben"
    ] * 2
