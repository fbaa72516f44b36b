"""When a stranger's own letter comes through the slow lane does not tell what another mailbox did in the petition."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.email.providers import BY_DOMAIN
from app.outbox import slow_lane
from tests.factories import MAILBOXES, SLUG, make_mailbox, proof, sign
from tests.mail_server import MailServer
from tests.outbox.test_deliver import Work
from tests.outbox.test_slow_lane import Clock, flood, time

__all__ = ["time"]

pytestmark = pytest.mark.both_databases

MOST = 10
ANN, MALLORY = "ann@proton.me", "mallory@example.net"
ALL_DOMAINS = BY_DOMAIN["proton.me"].domains.split()


@pytest.fixture(autouse=True)
def short_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten letters an hour instead of sixty."""
    monkeypatch.setattr(slow_lane, "MAX_PER_HOUR", MOST)


def is_due_in_an_hour(client: FlaskClient, mail_server: MailServer, work: Work, time: Clock) -> bool:
    """Send the stranger's own form; tell whether its letter comes after an hour, and no sooner."""
    sign(client, email=MALLORY, where="10.77.0.1")
    for minutes in (0, 30, 29):
        time.forward(timedelta(minutes=minutes))
        work()
        if mail_server.to(MALLORY):
            return False
    time.forward(timedelta(minutes=2))
    work()
    return bool(mail_server.to(MALLORY))


@pytest.mark.parametrize("before", ["nothing", "her link is asked for", "forms with a proof"])
@pytest.mark.parametrize("state", MAILBOXES)
def test_a_form_in_her_name_takes_a_place_whatever_she_did(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, time: Clock, state: str,
    before: str,
) -> None:  # fmt: skip
    make_mailbox(app, state, ANN)
    for _ in range(3 if before == "her link is asked for" else 0):
        client.post(f"/petitions/{SLUG}/my-signature", data={"email": ANN})
    for _ in range(2 if before == "forms with a proof" else 0):
        sign(client, email=ANN, altcha=proof(client))
    work()
    flood(client, MOST - 1)
    work()
    sign(client, email=ANN, where="10.78.0.1")
    work()
    assert is_due_in_an_hour(client, mail_server, work, time)


@pytest.mark.parametrize("state", MAILBOXES)
def test_so_do_forms_at_each_domain_of_her_provider(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, time: Clock, state: str
) -> None:
    make_mailbox(app, state, ANN)
    flood(client, MOST - len(ALL_DOMAINS))
    work()
    for domain in ALL_DOMAINS:
        sign(client, email=f"ann@{domain}", where="10.78.0.1")
    work()
    assert is_due_in_an_hour(client, mail_server, work, time)


@pytest.mark.parametrize("state", MAILBOXES)
def test_of_many_forms_in_her_name_three_have_a_turn_whatever_she_did(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, time: Clock, state: str
) -> None:
    make_mailbox(app, state, ANN)
    for which in range(MOST):
        sign(client, email=ANN, where=f"10.78.{which}.1")
        work()
    flood(client, MOST - 3)
    work()
    assert is_due_in_an_hour(client, mail_server, work, time)


@pytest.mark.parametrize("answer", ["550 5.1.1 no such mailbox", "451 4.7.1 later"])
@pytest.mark.parametrize("forms", [1, 5])
@pytest.mark.parametrize("state", MAILBOXES)
def test_so_do_forms_under_a_spelling_that_her_server_refuses(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, time: Clock, state: str,
    forms: int, answer: str,
) -> None:  # fmt: skip
    make_mailbox(app, state, "ann@yahoo.com")
    mail_server.answer = {"ann-zz@yahoo.com": answer}.get
    for which in range(forms):
        sign(client, email="ann-zz@yahoo.com", where=f"10.78.{which}.1")
        work()
    flood(client, MOST - min(forms, 2))  # a spelling with a tag has two turns
    work()
    assert is_due_in_an_hour(client, mail_server, work, time)
