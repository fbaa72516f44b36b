"""Traces of a signer's network and domain: what they tell, and that they are deleted in time."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Clue, Draft, Signature, Suspicion
from app.moderation.bursts import flag_bursts
from app.signing import traces
from tests.confirmation.test_confirm import link_of
from tests.factories import drafts, make_petition, press_confirm, sign, signatures
from tests.mail_server import MailServer, link_in
from tests.moderation.conftest import TODAY

pytestmark = pytest.mark.both_databases


def test_traces_differ_by_petition_and_day(
    app: Flask, client: FlaskClient, petition: str, at: Callable[[datetime], None]
) -> None:
    other = make_petition(app, slug='"another-petition"')
    sign(client, email="a@example.org")
    at(TODAY + timedelta(seconds=1))
    sign(client, email="b@mail.example.org")
    at(TODAY + timedelta(seconds=2))
    sign(client, other, email="a@example.org")
    at(TODAY + timedelta(days=1))
    sign(client, email="c@example.org")
    a, b, elsewhere, tomorrow = drafts(app)
    assert a.network_key and a.domain_key and len(a.network_key) == len(a.domain_key) == 32
    assert (b.network_key, b.domain_key) == (a.network_key, a.domain_key)
    assert tomorrow.network_key != a.network_key and tomorrow.domain_key == a.domain_key
    assert not {elsewhere.network_key, elsewhere.domain_key} & {a.network_key, a.domain_key}


def test_at_large_providers_addresses_that_differ_by_their_numbers_have_one_trace(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    for address in ("mallory001@gmail.com", "mal.lory2+x@gmail.com", "mallory7-1@web.de", "mallory7-22@web.de"):
        sign(client, email=address)
    for address in ("mallory@gmail.com", "mallory1@web.de", "other001@gmail.com"):
        sign(client, email=address)
    one, two, three, four, *others = [draft.domain_key for draft in drafts(app)]
    assert one is not None and three is not None
    assert (one, three) == (two, four)
    assert one != three
    assert others[0] is None
    assert not {one, three} & {*others}


def test_thirty_numbered_addresses_at_a_large_provider_stand_out(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    for number in range(30):
        sign(client, email=f"mallory7{number:03}@gmail.com", where=f"203.0.113.{number}")
    work()
    for letter in mail_server.letters:
        press_confirm(client, link_in(letter))
    with app.app_context():
        assert flag_bursts() >= 30
        found = db.session.scalars(select(Suspicion.signature_id).where(Suspicion.clue == Clue.DOMAIN)).all()
    assert len(set(found)) == 30


def test_a_signature_has_the_trace_of_the_form_that_was_confirmed(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    for which in (1, 2):
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{which}"
        sign(client)
    first, second = drafts(app)
    assert first.network_key and second.network_key and first.network_key != second.network_key
    client.environ_base["REMOTE_ADDR"] = "192.0.2.3"
    press_confirm(client, link_of(app, first.public_id))
    sign(client)
    (signature,) = signatures(app)
    assert (signature.network_key, signature.domain_key) == (first.network_key, first.domain_key)
    closed = drafts(app)[0]
    assert closed.public_id == second.public_id
    assert (closed.network_key, closed.domain_key) == (None, None)


def test_traces_use_the_petitions_key_and_not_the_sites_secret(app: Flask, client: FlaskClient, petition: str) -> None:
    sign(client)
    app.config["SECRET_KEY"] = "another-secret-for-tests-only-9876543210"
    sign(client)
    before, after = drafts(app)
    assert after.network_key == before.network_key is not None


def test_forged_headers_and_large_mail_providers_make_no_trace(app: Flask, client: FlaskClient, petition: str) -> None:
    client.environ_base["REMOTE_ADDR"] = "2001:db8::1"
    sign(client, email="a@gmail.com")
    client.environ_base["REMOTE_ADDR"] = "2001:db8::ffff:2"
    client.environ_base["HTTP_X_FORWARDED_FOR"] = "192.0.2.9"
    sign(client, email="b@ya.ru")
    a, b = drafts(app)
    assert a.network_key == b.network_key is not None
    assert (a.domain_key, b.domain_key) == (None, None)


def test_traces_of_drafts_and_signatures_are_deleted_two_days_after_their_form(
    app: Flask, client: FlaskClient, petition: str, at: Callable[[datetime], None]
) -> None:
    sign(client)
    press_confirm(client, link_of(app, drafts(app)[0].public_id))
    sign(client, email="bob@example.org")
    before = [*drafts(app), *signatures(app)]
    assert all(one.network_key and one.domain_key for one in before)
    with app.app_context():
        assert traces.forget_traces(TODAY + traces.RETENTION) == 0
        assert traces.forget_traces(TODAY + traces.RETENTION + timedelta(seconds=1)) == 2
        assert traces.forget_traces(TODAY + traces.RETENTION * 2) == 0
    after = [*drafts(app), *signatures(app)]
    assert [(one.network_key, one.domain_key) for one in after] == [(None, None)] * 2
    assert [one.sealed for one in after] == [one.sealed for one in before]


def test_neither_an_address_nor_a_network_can_be_read_from_the_database(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    client.environ_base["REMOTE_ADDR"] = "198.51.100.77"
    sign(client, email="ann@zorblax.example")
    (draft,) = drafts(app)
    with app.app_context():
        held = repr(tuple(db.session.execute(select(Draft.__table__)).one())).lower()
    press_confirm(client, link_of(app, draft.public_id))
    with app.app_context():
        held += repr(tuple(db.session.execute(select(Signature.__table__)).one())).lower()
    assert "198.51" not in held and "zorblax" not in held
    assert bytes([198, 51, 100, 77]) not in (draft.network_key or b"")
