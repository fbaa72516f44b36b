"""A signer's own entry: seen, corrected and withdrawn by the link in the letter, and the count is right after each."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.crypto import tokens
from app.db import db, transaction
from app.export import handover
from app.export.pdf_job import run_due
from app.export.rows import Choice
from app.ledger.audit import audit
from app.models import Delivery, Format, Kind, LedgerEntry, Petition, Reason, Signature, State, Visibility
from app.models.signer import Signer, signer_of
from app.moderation.bulk import invalidate, preview, restore
from app.watching.selection import Selection
from tests.concurrency.test_races import at_once
from tests.factories import (
    SLUG,
    hidden_fields,
    make_petition,
    make_signature,
    press_confirm,
    sign,
    signatures,
    verified,
)
from tests.mail_server import MailServer, link_in

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
PAGE = f"/petitions/{SLUG}"


def link_to(app: Flask, public_id: bytes, generation: int = 0) -> str:
    with app.app_context():
        return f"/signature/{tokens.make_token(tokens.Purpose.ENTRY, public_id, generation)}"


def save(client: FlaskClient, link: str, **changed: str) -> TestResponse:
    """Open the entry, change something in its form, and save it."""
    said = {
        "name": "Ann Example",
        "affiliation": "Reader",
        "country": "SE",
        "comment": "I read.",
        "visibility": "public",
        **hidden_fields(client.get(link).text),
        "act": "correct",
        **changed,
    }
    return client.post(link, data=said)


def withdraw(client: FlaskClient, link: str) -> TestResponse:
    return client.post(link, data={"act": "withdraw"})


def ledger(app: Flask) -> list[Kind]:
    with app.app_context():
        return list(db.session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.id)))


@pytest.fixture
def entry(app: Flask, petition: str) -> str:
    """Give the link to the entry of somebody who has confirmed."""
    return link_to(app, make_signature(app))


def test_from_letters_alone_one_confirms_corrects_and_withdraws(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    sign(client)
    work()
    press_confirm(client, link_in(mail_server.letters[0]))
    work()
    thanks = mail_server.letters[1].get_body(("plain",))
    found = re.search(r"https?://[^/]+(/signature/\S+)", thanks.get_content() if thanks else "")
    assert found
    save(client, found[1], name="Anna Example")
    assert "Anna Example" in client.get(PAGE).text
    assert verified(client) == 1
    withdraw(client, found[1])
    assert verified(client) == 0
    assert "Anna" not in client.get(PAGE).text
    assert ledger(app) == [Kind.CONFIRMED, Kind.CORRECTED, Kind.WITHDRAWN]


def test_the_page_shows_all_that_is_stored(client: FlaskClient, entry: str) -> None:
    page = client.get(entry)
    for shown in ("Save the test library", "Ann Example", "Reader", "Sweden", "I read.", "ann@example.org"):
        assert shown in page.text
    assert "To nobody yet." in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_a_correction_is_in_the_ledger_and_does_not_move_the_count(app: Flask, client: FlaskClient, entry: str) -> None:
    answer = save(client, entry, name="Anna Example", affiliation="Writer")
    assert "It is saved." in answer.text
    (row,) = signatures(app)
    with app.app_context():
        assert signer_of(row) == Signer("Anna Example", "Writer", "I read.", "ann@example.org")
        assert audit(db.session.scalars(select(Petition)).one()).sound
    assert verified(client) == 1
    assert ledger(app) == [Kind.CONFIRMED, Kind.CORRECTED]


def test_hiding_the_name_and_giving_up_updates_are_no_corrections(app: Flask, client: FlaskClient, entry: str) -> None:
    save(client, entry, visibility="organisers", updates="y")
    (row,) = signatures(app)
    assert (row.visibility, row.updates) == (Visibility.ORGANISERS, True)
    save(client, entry, visibility="organisers")
    assert not signatures(app)[0].updates
    assert "Ann Example" not in client.get(PAGE).text
    assert ledger(app) == [Kind.CONFIRMED]
    save(client, entry)
    assert "Ann Example" in client.get(PAGE).text


def test_a_wrong_correction_changes_nothing_and_keeps_what_was_typed(client: FlaskClient, entry: str) -> None:
    answer = save(client, entry, name=" ", affiliation="Still here")
    assert answer.status_code == 422
    assert "Please tell us your name." in answer.text
    assert "Still here" in answer.text
    assert "Ann Example" in client.get(PAGE).text


def test_a_page_that_is_out_of_date_changes_nothing(client: FlaskClient, entry: str) -> None:
    old = hidden_fields(client.get(entry).text)
    save(client, entry, name="Anna Example")
    answer = save(client, entry, name="Old Example", **old)
    assert answer.status_code == 409
    assert "Please look once more" in answer.text
    assert "Anna Example" in client.get(PAGE).text


def test_withdrawing_erases_and_frees_the_mailbox(app: Flask, client: FlaskClient, entry: str) -> None:
    answer = withdraw(client, entry)
    assert "It is withdrawn" in answer.text
    (row,) = signatures(app)
    assert (row.state, row.sealed, row.email_key, row.updates) == (State.WITHDRAWN, None, None, False)
    assert (row.country, row.visibility) == ("", Visibility.ORGANISERS)
    assert verified(client) == 0
    assert withdraw(client, entry).status_code == 410
    assert client.get(entry).status_code == 410
    assert ledger(app) == [Kind.CONFIRMED, Kind.WITHDRAWN]
    sign(client)
    assert [row.state for row in signatures(app)] == [State.WITHDRAWN, State.PENDING]


def test_of_many_who_withdraw_at_once_one_does(app: Flask, entry: str) -> None:
    clients = [app.test_client() for _ in range(8)]
    at_once(8, lambda which: withdraw(clients[which], entry).status_code)
    assert ledger(app) == [Kind.CONFIRMED, Kind.WITHDRAWN]
    assert verified(app.test_client()) == 0


def test_withdrawing_while_an_organiser_invalidates_counts_down_once(app: Flask, petition: str) -> None:
    client = app.test_client()
    for number in range(5):
        link = link_to(app, make_signature(app, email=f"ann{number}@example.org"))

        def press(which: int, link: str = link) -> None:
            if which:
                withdraw(app.test_client(), link)
                return
            with app.app_context():
                petition_id = db.session.scalars(select(Petition.id)).one()
                chosen = Selection(State.VERIFIED)
                invalidate(petition_id, chosen, preview(petition_id, chosen).fingerprint, None, Reason.OTHER)

        at_once(2, press)
        assert verified(client) == 0
        assert signatures(app)[-1].sealed is None or signatures(app)[-1].state == State.INVALIDATED
    with app.app_context():
        assert audit(db.session.scalars(select(Petition)).one()).sound


def test_an_invalidated_signer_sees_it_and_withdrawing_does_not_launder_it(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    link = link_to(app, make_signature(app, state=State.INVALIDATED))
    page = client.get(link).text
    assert "It is not counted" in page
    assert "library@example.org" in page
    assert save(client, link, name="Anna Example").status_code == 200
    withdraw(client, link)
    (row,) = signatures(app)
    assert (row.state, row.sealed, row.email_key is None) == (State.INVALIDATED, None, False)
    assert ledger(app) == []
    sign(client)
    assert len(signatures(app)) == 1
    with app.app_context():
        chosen = Selection(State.INVALIDATED)
        assert restore(row.petition_id, chosen, preview(row.petition_id, chosen).fingerprint, None) == 0


@pytest.mark.parametrize(
    ("state", "words"),
    [(State.PENDING, "not confirmed yet"), (State.WITHDRAWN, "It is withdrawn"), (State.DECLINED, "It was declined")],
)
def test_a_link_to_what_is_not_confirmed_shows_nothing_and_does_nothing(
    app: Flask, client: FlaskClient, petition: str, state: State, words: str
) -> None:
    link = link_to(app, make_signature(app, state=state))
    before = signatures(app)[0].sealed
    for answer in (client.get(link), withdraw(client, link), save(client, link)):
        assert answer.status_code in {409, 410}
        assert words in answer.text
        assert "ann@example.org" not in answer.text
    assert signatures(app)[0].sealed == before


def test_an_altered_link_a_confirmation_link_and_one_of_an_older_generation_open_nothing(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    public_id = make_signature(app)
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).values(generation=1))
        other = tokens.make_token(tokens.Purpose.CONFIRM, public_id, 1)
    assert client.get(f"/signature/{other}").status_code == 404
    old = client.get(link_to(app, public_id))
    assert (old.status_code, "replaced by a newer one" in old.text) == (410, True)
    assert client.get(link_to(app, public_id, 1)).status_code == 200
    assert withdraw(client, link_to(app, public_id)).status_code == 410
    assert verified(client) == 1


def test_a_discreet_petition_shows_nothing_until_a_button_is_pressed(app: Flask, client: FlaskClient) -> None:
    make_petition(app, discreet="true")
    link = link_to(app, make_signature(app)).replace("/signature/", "/entry/")
    page = client.get(link).text
    assert "library" not in page.lower()
    assert "sign" not in page
    assert "Ann" not in page
    assert "Save the test library" in client.post(link).text


def hand_over(app: Flask, recipient: str, choice: Choice, kind: Format = Format.CSV) -> None:
    with app.app_context():
        petition = db.session.scalars(select(Petition)).one()
        handover.begin_handover(petition, None, kind, choice, recipient)


def test_the_signer_reads_to_whom_the_entry_was_handed_over(app: Flask, client: FlaskClient, entry: str) -> None:
    hand_over(app, "The Town Council", Choice(for_addressee=True))
    hand_over(app, "The Newsletter", Choice(with_email=True))
    hand_over(app, "The Finns", Choice(countries=frozenset({"FI"})))
    hand_over(app, "Those of Yesterday", Choice(until=clock.now().date() - timedelta(days=1)))
    page = client.get(entry).text
    assert "The Town Council" in page
    assert "The Newsletter" in page
    assert "with your e-mail address" in page
    assert "The Finns" not in page
    assert "Those of Yesterday" not in page
    hand_over(app, "The Registry", Choice(), Format.PDF)
    assert "The Registry" not in client.get(entry).text
    with app.app_context():
        run_due()
    assert "The Registry" in client.get(entry).text


@pytest.mark.parametrize("change", ["correct", "withdraw", "hide"])
def test_a_pdf_that_names_the_signer_is_taken_back(app: Flask, client: FlaskClient, entry: str, change: str) -> None:
    hand_over(app, "The Town Council", Choice(), Format.PDF)
    with app.app_context(), transaction() as session:
        session.execute(update(Delivery).values(making="ready", ready_until=clock.now() + timedelta(hours=1)))
    if change == "withdraw":
        withdraw(client, entry)
    else:
        save(client, entry, **({"name": "Anna"} if change == "correct" else {"visibility": "organisers"}))
    with app.app_context():
        assert db.session.scalars(select(Delivery)).one().recalled_at
