"""A signer's own entry: what its page shows, to whom, and which links open it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock
from app.crypto import tokens
from app.db import db, transaction
from app.export import handover
from app.export.pdf_job import run_due
from app.export.rows import Choice
from app.models import Delivery, Format, Kind, Petition, Signature, State
from tests.factories import SLUG, drafts, make_draft, make_petition, make_signature, press_confirm, sign, verified
from tests.mail_server import MailServer, link_in
from tests.signers.own_entry import ledger, link_to, save, withdraw

pytestmark = pytest.mark.both_databases

PAGE = f"/petitions/{SLUG}"
Work = Callable[[], int]


def test_a_signer_confirms_corrects_and_withdraws_with_the_links_in_letters(
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


def test_the_entry_of_a_withdrawn_signature_cannot_be_seen_or_changed(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    link = link_to(app, make_signature(app, state=State.WITHDRAWN))
    for answer in (client.get(link), withdraw(client, link), save(client, link)):
        assert answer.status_code == 410
        assert "It is withdrawn" in answer.text
        assert "ann@example.org" not in answer.text


def test_a_draft_has_no_entry(app: Flask, client: FlaskClient, petition: str) -> None:
    link = link_to(app, make_draft(app))
    for answer in (client.get(link), withdraw(client, link), save(client, link)):
        assert answer.status_code == 410
        assert "ann@example.org" not in answer.text
    assert drafts(app)[0].sealed is not None


def test_a_confirmation_link_and_an_older_link_do_not_open_the_entry(
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
    assert "Ann Example" not in page
    assert "Save the test library" in client.post(link).text


def hand_over(app: Flask, recipient: str, choice: Choice, kind: Format = Format.CSV) -> None:
    with app.app_context():
        petition = db.session.scalars(select(Petition)).one()
        handover.begin_handover(petition, None, kind, choice, recipient)


def test_the_page_says_to_whom_the_entry_was_handed_over(app: Flask, client: FlaskClient, entry: str) -> None:
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
def test_a_pdf_delivery_is_recalled_when_an_entry_in_it_changes(
    app: Flask, client: FlaskClient, entry: str, change: str
) -> None:
    hand_over(app, "The Town Council", Choice(), Format.PDF)
    with app.app_context(), transaction() as session:
        session.execute(update(Delivery).values(making="ready", ready_until=clock.now() + timedelta(hours=1)))
    if change == "withdraw":
        withdraw(client, entry)
    else:
        save(client, entry, **({"name": "Anna"} if change == "correct" else {"visibility": "organisers"}))
    with app.app_context():
        assert db.session.scalars(select(Delivery)).one().recalled_at
