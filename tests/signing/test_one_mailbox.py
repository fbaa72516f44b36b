"""One mailbox, one signature, by whatever spellings its provider delivers; relays stand out as a group."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import State
from tests.factories import drafts, press_confirm, sign, signatures, verified
from tests.mail_server import MailServer, link_in

pytestmark = pytest.mark.both_databases

MANY = range(30)
SPELLINGS = {
    "Yahoo's hyphen": "mallory7-{:03}@yahoo.com",
    "Microsoft's domains": "mallory7+{}@hotmail.no",
    "Fastmail's domains below": "a{}@mallory7.sent.com",
    "addy.io's domains below": "a{}@mallory7.anonaddy.com",
}


@pytest.mark.parametrize("kind", SPELLINGS)
def test_thirty_spellings_of_one_mailbox_count_one(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int], kind: str
) -> None:
    for number in MANY:
        # Each from a network of its own, or the rate limit would stop it.
        assert sign(client, where=f"203.0.113.{number}", email=SPELLINGS[kind].format(number)).status_code == 303
    while work():
        pass
    for letter in mail_server.letters:
        press_confirm(client, link_in(letter))
    assert verified(client) == 1
    assert [one.state for one in signatures(app)].count(State.VERIFIED) == 1
    assert len(mail_server.letters) <= 3, "the limit for one mailbox counts them as one"


def test_the_limit_on_letters_sees_through_tags_at_any_domain(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    for number in range(6):
        sign(client, where=f"203.0.113.{number}", email=f"mallory7{'+=#'[number % 3]}{number}@example.org")
        sign(client, where=f"203.0.114.{number}", email=f"mallory7--{number}@example.org")
    while work():
        pass
    assert len(mail_server.letters) == 2, "tags have a share of their own"
    for number in range(3):
        sign(client, where=f"203.0.115.{number}", email="mallory7@example.org")
    work()
    assert len(mail_server.letters) == 2 + 3


def test_relays_are_accepted_and_leave_the_trace_of_one_group(app: Flask, client: FlaskClient, petition: str) -> None:
    for address in ("a@duck.com", "b@mozmail.com", "c@ann.anonaddy.me", "d@privaterelay.appleid.com"):
        assert sign(client, email=address).status_code == 303
    sign(client, email="e@example.org")
    *relayed, other = [one.domain_key for one in drafts(app)]
    assert len(set(relayed)) == 1 and relayed[0] is not None and other not in relayed
