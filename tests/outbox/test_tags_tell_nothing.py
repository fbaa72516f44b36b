"""Whoever reads a mailbox that counts as hers with a tag does not see by his own letters whether she got any.

At most providers `ann--spy@` is somebody else's, and reaches her at some.
"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock
from app.db import transaction
from app.outbox.unwanted import mailbox_of, stop_emails
from app.signing import proof_of_work
from tests.factories import SLUG, make_mailbox, make_petition, proof, sign
from tests.mail_server import MailServer
from tests.outbox.test_deliver import Work

pytestmark = pytest.mark.both_databases

UNWANTED = "no more letters"
STATES = ("nobody", "declined", "verified", UNWANTED)
PLAIN, TAGGED = "ann@example.org", "ann--spy@example.org"


@pytest.fixture(autouse=True)
def easy_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)


def put(app: Flask, state: str, address: str) -> None:
    """Bring a mailbox into this state."""
    if state == UNWANTED:
        with app.app_context(), transaction() as session:
            stop_emails(session, mailbox_of(session, address), clock.now())
    else:
        make_mailbox(app, state, address)


def ask(client: FlaskClient, address: str, how: str, slug: str = SLUG) -> None:
    if how == "link":
        client.post(f"/petitions/{slug}/my-signature", data={"email": address})
    elif how == "form with a proof":
        sign(client, slug, email=address, altcha=proof(client, slug))
    else:
        sign(client, slug, email=address)


@pytest.mark.parametrize("how", ["link", "form with a proof"])
@pytest.mark.parametrize(
    ("hers", "his"),
    [(PLAIN, TAGGED), (TAGGED, PLAIN), (TAGGED, "ann--too@example.org")],
    ids=["hers is plain", "hers has a tag", "both have one"],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_his_letters_are_as_many_whatever_she_did(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work,
    how: str, hers: str, his: str, at_once: bool,
) -> None:  # fmt: skip
    make_petition(app, slug='"another"')
    got = {}
    for state in STATES:
        domain = f"@{state.replace(' ', '-')}.example.org"
        her, him = hers.replace("@example.org", domain), his.replace("@example.org", domain)
        put(app, state, her)
        for _ in range(3):
            ask(client, her, how)
        before = len(mail_server.to(him))
        if not at_once:
            work()
        for slug in (SLUG, SLUG, "another", "another"):
            ask(client, him, "form with a proof", slug)
        work()
        got[state] = len(mail_server.to(him)) - before
    assert len(set(got.values())) == 1, got


def test_her_letters_are_not_used_up_by_links_that_are_asked_for_in_her_name(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    for _ in range(9):
        ask(client, PLAIN, "link")
    work()
    ask(client, PLAIN, "form without")
    work()
    assert len(mail_server.to(PLAIN)) == 1


@pytest.mark.parametrize("hers", STATES)
def test_she_gets_three_letters_a_day_and_all_tags_two_whatever_came_before(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, hers: str
) -> None:
    put(app, hers, PLAIN)
    for number in range(4):
        ask(client, f"ann+{number}@example.org", "form with a proof")
        ask(client, PLAIN, "form with a proof")
        work()
    tagged = [letter for letter in mail_server.letters if "+" in letter["To"]]
    got = len(mail_server.to(PLAIN)), len(tagged)
    assert got == {"declined": (0, 2), UNWANTED: (0, 1)}.get(hers, (3, 2))


@pytest.mark.parametrize("before", ["pp", "ppn", "ppnn", "nnpp"])
def test_tags_leave_her_the_last_letter_with_and_without_proofs(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, before: str
) -> None:
    for number, kind in enumerate(before):
        ask(client, f"ann+{number}@example.org", "form with a proof" if kind == "p" else "form without")
        work()
    ask(client, PLAIN, "form with a proof")
    work()
    assert len(mail_server.to(PLAIN)) == 1
