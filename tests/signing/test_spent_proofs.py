"""A proof of work is used up with the form that brought it: by one of those that do, by none that is refused."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import SpentProof
from app.signing import proof_of_work
from app.web import rate_limits
from app.web.rate_limits import Action
from tests.concurrency.test_races import at_once, number_of
from tests.factories import MAILBOXES, hidden_fields, make_mailbox, proof, sign, written
from tests.races import just_before_writing
from tests.signing.test_proof_of_work import is_proven
from tests.signing.test_sign import statements

pytestmark = pytest.mark.both_databases

MANY = 20
ELSEWHERE = "198.51.100.7"


@pytest.fixture(autouse=True)
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make proofs cheap."""
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 20)


def spent(app: Flask) -> int:
    return number_of(app, SpentProof.key.is_not(None))


def test_a_proof_works_once(app: Flask, client: FlaskClient, petition: str) -> None:
    worked = proof(client)
    for number in range(3):
        assert sign(client, email=f"ann{number}@example.org", altcha=worked).status_code == 303
    assert is_proven(app) == [True, False, False]
    assert written(app) == (3, 3)
    assert spent(app) == 1


def test_the_same_form_sent_twice_makes_two_drafts_and_is_answered_alike(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    fields = hidden_fields(client.get(f"/petitions/{petition}").text) | {"altcha": proof(client)}
    answers = {"name": "Ann", "country": "SE", "email": "ann@example.org", "visibility": "public", **fields}
    first, second = (client.post(f"/petitions/{petition}/sign", data=answers) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert len(first.location) == len(second.location)
    assert sorted(dict(first.headers)) == sorted(dict(second.headers))
    assert written(app) == (2, 2)


def test_of_twenty_forms_at_once_with_the_same_proof_one_counts_as_proven(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    worked = proof(client)
    fields = hidden_fields(client.get(f"/petitions/{petition}").text)

    def send(which: int) -> int:
        answers = {"name": "Ann", "country": "SE", "email": f"ann{which}@example.org", "visibility": "public"}
        data = answers | fields | {"altcha": worked}
        return app.test_client().post(f"/petitions/{petition}/sign", data=data).status_code

    assert at_once(MANY, send) == [303] * MANY
    assert sorted(is_proven(app)) == [False] * (MANY - 1) + [True]
    assert written(app) == (MANY, MANY), "the others are taken like forms without one"
    assert spent(app) == 1


def test_a_proof_that_another_form_uses_after_it_was_checked_counts_for_that_one(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    worked = proof(client)
    fields = hidden_fields(client.get(f"/petitions/{petition}").text)
    answers = {"name": "Ann", "country": "SE", "visibility": "public", "altcha": worked, **fields}

    def send(client: FlaskClient, email: str) -> int:
        return client.post(f"/petitions/{petition}/sign", data={**answers, "email": email}).status_code

    with just_before_writing(lambda: send(app.test_client(), "other@example.org")):
        assert send(client, "ann@example.org") == 303
    assert is_proven(app) == [True, False]
    assert written(app) == (2, 2)


def test_a_form_whose_proof_was_used_before_has_the_limit_of_those_without(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    worked = proof(client)
    for number in range(rate_limits.MAX_FORMS + 1):
        assert sign(client, email=f"ann{number}@example.org", altcha=worked).status_code == 303
    refused = sign(client, email="late@example.org", altcha=worked)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    assert written(app) == (rate_limits.MAX_FORMS + 1,) * 2
    assert sign(client, email="late@example.org", altcha=proof(client)).status_code == 303
    with app.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        left = [rate_limits.hit(Action.SIGN_WITH_PROOF) for _ in range(rate_limits.MAX_PROVEN_FORMS - 2)]
    assert not any(left), "only the two proofs count towards the limit of those with one"


def test_the_statements_for_a_used_proof_are_the_same_whatever_the_mailbox_signed(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    worked = proof(client)
    sign(client, altcha=worked)
    found = []
    for state in MAILBOXES:
        address = f"{state}@example.org".ljust(24, "x")
        make_mailbox(app, state, address)
        with statements(app) as seen:
            answer = sign(client, email=address, altcha=worked)
        headers = sorted((name, len(value)) for name, value in answer.headers)
        found.append((answer.status_code, headers, len(answer.data), seen))
    assert all(one == found[0] for one in found)
    assert found[0][0] == 303


def test_a_proof_that_was_sent_with_an_invalid_form_can_be_used_again(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    worked = proof(client)
    assert sign(client, email="not an address", altcha=worked).status_code == 422
    sign(client, altcha=worked)
    assert is_proven(app) == [True]
    assert written(app)[0] == 1


def test_a_proof_that_was_sent_with_a_form_over_the_limit_can_be_used_again(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        assert not any(rate_limits.hit(Action.SIGN_WITH_PROOF) for _ in range(rate_limits.MAX_PROVEN_FORMS))
    worked = proof(client)
    with statements(app) as seen:
        assert sign(client, altcha=worked).status_code == 429
    assert not any("INSERT" in one for one in seen), "nothing is written for what is over the limit"
    assert sign(client, where=ELSEWHERE, altcha=worked).status_code == 303
    assert is_proven(app) == [True]


def test_a_machine_that_fills_the_hidden_field_uses_up_no_proof(app: Flask, client: FlaskClient, petition: str) -> None:
    worked = proof(client)
    assert sign(client, altcha=worked, topic="Cheap watches").status_code == 303
    assert (spent(app), written(app)) == (0, (0, 0))
    sign(client, altcha=worked)
    assert is_proven(app) == [True]
