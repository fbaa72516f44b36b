"""Which e-mail domains may sign: the organisers' rules, then the list of disposable domains."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import State, Verdict
from app.moderation.domains import remove_rule, set_rule
from app.signing.domains import is_refused
from tests.confirmation.test_confirm import link_of
from tests.factories import (
    MAILBOXES,
    make_draft,
    make_mailbox,
    make_petition,
    make_signature,
    press_confirm,
    sign,
    signatures,
    verified,
    written,
)
from tests.html_page import HtmlPage
from tests.signing.test_sign import statements
from tests.watching.people import petition_id_of

pytestmark = pytest.mark.both_databases

LISTED = "mailinator.com"


def rule(app: Flask, domain: str, verdict: Verdict) -> None:
    with app.app_context():
        set_rule(petition_id_of(), domain, verdict, None)


@pytest.mark.parametrize("domain", [LISTED, "MAILINATOR.com", f"a.b.{LISTED}"])
def test_a_disposable_address_is_refused_and_everything_typed_is_kept(
    app: Flask, client: FlaskClient, petition: str, domain: str
) -> None:
    answer = sign(client, email=f"ann@{domain}", comment="Still here")
    assert answer.status_code == 422
    expected = f"Addresses at {domain.lower()} are refused here. Please use another one of yours."
    assert HtmlPage(answer.text).errors() == {"email": expected}
    assert "Still here" in answer.text
    assert written(app) == (0, 0)


@pytest.mark.parametrize(
    ("rules", "domain", "refused"),
    [
        ({}, "example.net", False),
        ({"example.net": Verdict.BLOCK}, "example.net", True),
        ({"example.net": Verdict.BLOCK}, "mail.example.net", True),
        ({"mail.example.net": Verdict.BLOCK}, "example.net", False),
        ({"example.net": Verdict.BLOCK, "mail.example.net": Verdict.ALLOW}, "x.mail.example.net", False),
        ({"example.net": Verdict.ALLOW, "mail.example.net": Verdict.BLOCK}, "x.mail.example.net", True),
        ({"example.net": Verdict.BLOCK}, "notexample.net", False),
        ({LISTED: Verdict.ALLOW}, f"a.{LISTED}", False),
        ({f"a.{LISTED}": Verdict.ALLOW}, LISTED, True),
        ({LISTED: Verdict.ALLOW, f"a.{LISTED}": Verdict.BLOCK}, f"a.{LISTED}", True),
    ],
)
def test_the_nearest_rule_decides_before_the_list(
    app: Flask, petition: str, rules: dict[str, Verdict], domain: str, refused: bool
) -> None:
    for name, verdict in rules.items():
        rule(app, name, verdict)
    with app.app_context():
        assert is_refused(petition_id_of(), domain) == refused


def test_the_error_shows_an_international_domain_in_unicode(app: Flask, client: FlaskClient, petition: str) -> None:
    rule(app, "xn--bcher-kva.example", Verdict.BLOCK)
    answer = sign(client, email="ann@post.bücher.example")
    assert "Addresses at post.bücher.example are refused here." in answer.text
    assert answer.status_code == 422


def test_a_rule_holds_for_one_petition_until_it_is_removed(app: Flask, client: FlaskClient, petition: str) -> None:
    other = make_petition(app, slug='"another-petition"')
    rule(app, "example.org", Verdict.BLOCK)
    assert sign(client, other).status_code == 303
    assert sign(client).status_code == 422
    with app.app_context():
        assert remove_rule(petition_id_of(), "example.org", None)
    assert sign(client).status_code == 303


def test_the_refusal_is_the_same_whatever_the_mailbox_signed(app: Flask, client: FlaskClient, petition: str) -> None:
    rule(app, "example.net", Verdict.BLOCK)
    seen = []
    for state in MAILBOXES:
        address = f"{state}@example.net"
        make_mailbox(app, state, address)
        with statements(app) as asked:
            answer = sign(client, email=address)
        body = answer.text.replace(address, "ADDRESS")
        seen.append((answer.status_code, sorted(answer.headers.keys()), body, asked))
    for one in seen:
        assert one == seen[0]
    assert seen[0][0] == 422


def test_a_later_rule_does_not_affect_earlier_signatures(app: Flask, client: FlaskClient, petition: str) -> None:
    make_signature(app, email="ann@example.net")
    waiting = make_draft(app, email="bo@example.net")
    rule(app, "example.net", Verdict.BLOCK)
    assert verified(client) == 1
    assert press_confirm(client, link_of(app, waiting)).status_code == 303
    assert verified(client) == 2
    assert {one.state for one in signatures(app)} == {State.VERIFIED}
