"""Proof of work: asked for under attack only; a proof is valid once, for its petition, for twenty minutes."""

import base64
import json
import time
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, select

from app import clock, jobs
from app.db import db, transaction
from app.models import Occasion, OutboxRow, Petition, SpentProof, State
from app.outbox import slow_lane
from app.signing import proof_of_work
from app.signing.proof_of_work import LIFETIME, PARTS, check
from tests.concurrency.test_races import number_of
from tests.factories import MAILBOXES, SLUG, make_mailbox, make_petition, proof, sign
from tests.signing.test_sign import statements

pytestmark = pytest.mark.both_databases

FROM = 30


@pytest.fixture(autouse=True)
def easy(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make proofs cheap, and the threshold at which they are asked for exact."""
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 20)
    monkeypatch.setattr(slow_lane, "PROOF_THRESHOLD_SPREAD", 1)
    monkeypatch.setattr(slow_lane, "SLOT", timedelta(microseconds=1))


def is_wanted(client: FlaskClient, slug: str = SLUG) -> bool:
    """Tell whether the page's script would be asked for a proof, from a network address that has signed nothing."""
    answer = client.get(f"/petitions/{slug}/challenge.json", environ_base={"REMOTE_ADDR": "192.0.2.250"})
    assert answer.json
    return bool(answer.json["wanted"])


def is_proven(app: Flask) -> list[bool]:
    with app.app_context():
        return list(db.session.scalars(select(OutboxRow.had_proof_of_work).order_by(OutboxRow.id)))


def sign_from_many(client: FlaskClient, number: int, slug: str = SLUG) -> None:
    for index in range(number):
        assert sign(client, slug, where=f"198.51.100.{index}", email=f"person{index}@example.org").status_code == 303


def test_each_challenge_is_new_and_not_stored(app: Flask, client: FlaskClient, petition: str) -> None:
    one, other = (client.get(f"/petitions/{petition}/challenge.json") for _ in range(2))
    assert one.headers["Cache-Control"] == "no-store"
    assert one.json and other.json
    assert one.json["challenge"] != other.json["challenge"]
    assert set(one.json) == {"algorithm", "challenge", "maxnumber", "salt", "signature", "wanted"}
    assert number_of(app, SpentProof.key.is_not(None)) == 0
    assert client.get("/petitions/no-such-petition/challenge.json").status_code == 404


def test_the_answer_is_the_same_with_and_without_a_proof(app: Flask, client: FlaskClient, petition: str) -> None:
    answers = [sign(client, email="one@example.org"), sign(client, email="two@example.org", altcha=proof(client))]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({len(answer.location) for answer in answers}) == 1
    assert is_proven(app) == [False, True]


def test_a_proof_for_one_petition_does_not_work_for_another(app: Flask, client: FlaskClient, petition: str) -> None:
    other = make_petition(app, slug='"another"')
    sign(client, other, altcha=proof(client, petition))
    assert is_proven(app) == [False]


def test_a_proof_expires_after_twenty_minutes(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = proof(client)
    later = time.time() + LIFETIME.total_seconds()
    monkeypatch.setattr(time, "time", lambda: later - 5)
    sign(client, email="in.time@example.org", altcha=worked)
    worked_late = proof(client)  # the library's own clock, so this one is still good at `later - 5`
    monkeypatch.setattr(time, "time", lambda: later + LIFETIME.total_seconds())
    sign(client, email="late@example.org", altcha=worked_late)
    assert is_proven(app) == [True, False]


def test_expired_proofs_are_purged(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(client, altcha=proof(client))
    began = clock.now()
    with app.app_context():
        jobs.run_all(jobs.RETENTION)
        assert number_of(app, SpentProof.key.is_not(None)) == 1
        monkeypatch.setattr(clock, "now", lambda: began + LIFETIME + timedelta(seconds=5))
        jobs.run_all(jobs.RETENTION)
        assert number_of(app, SpentProof.key.is_not(None)) == 0


def altered(worked: str, **parts: object) -> str:
    return base64.b64encode(json.dumps({**json.loads(base64.b64decode(worked)), **parts}).encode()).decode()


def test_an_altered_proof_is_refused(app: Flask, client: FlaskClient, petition: str) -> None:
    worked = proof(client)
    found = json.loads(base64.b64decode(worked))
    tries = [
        altered(worked, number=found["number"] + 1),
        altered(worked, number=str(found["number"])),
        altered(worked, number=True),
        altered(worked, algorithm="SHA-1"),
        altered(worked, algorithm=["SHA-256"]),
        altered(worked, challenge="0" * 64),
        altered(worked, challenge="\u00e9" * 64),
        altered(worked, salt=found["salt"].replace("expires=", "expires=9")),
        altered(worked, salt=found["salt"] + "expires=99999999999&"),
        altered(worked, salt=None),
        altered(worked, signature=found["signature"].upper()),
        base64.b64encode(b"[" * 400).decode(),
        base64.b64encode(b"[1]").decode(),
        base64.b64encode(b'"\\ud800"').decode(),
        worked[:-4],
        worked + "!",
        "A" * 60_000,
        "\u00e9",
        "",
    ]
    with app.app_context():
        one = db.session.scalars(select(Petition)).one()
        assert [check(one, answer) for answer in tries] == [None] * len(tries)
        assert check(one, worked)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=50),
        st.binary(max_size=300).map(lambda raw: base64.b64encode(raw).decode()),
        st.dictionaries(st.sampled_from([*PARTS, "x"]), st.one_of(st.none(), st.integers(), st.text(max_size=20))).map(
            lambda parts: base64.b64encode(json.dumps(parts).encode()).decode()
        ),
    )
)
def test_random_text_as_a_proof_is_refused_without_an_error(app: Flask, petition: str, answer: str) -> None:
    with app.app_context():
        assert not check(db.session.scalars(select(Petition)).one(), answer)


def test_a_proof_is_asked_for_after_thirty_forms_without_one_in_an_hour(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = make_petition(app, slug='"quiet"')
    sign_from_many(client, FROM - 1)
    assert not is_wanted(client)
    sign(client, where="198.51.100.200", email="proven@example.org", altcha=proof(client))
    assert not is_wanted(client), "forms with a proof do not count"
    sign(client, where="198.51.100.200", email="last@example.org")
    assert is_wanted(client)
    assert not is_wanted(client, quiet)
    began = clock.now()
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(minutes=59))
    assert is_wanted(client)
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(minutes=61))
    assert not is_wanted(client)


def test_the_threshold_is_random_so_that_nobody_can_detect_a_single_form(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_lane, "PROOF_THRESHOLD_SPREAD", 10)
    began = clock.now()
    enough = set()
    with app.app_context():
        for hours in range(200):
            enough.add(slow_lane._proof_threshold(1, began + timedelta(hours=hours)))
            assert slow_lane._proof_threshold(1, began) == slow_lane._proof_threshold(1, began)
    assert enough == set(range(FROM, FROM + 10))


def test_a_form_counts_towards_the_threshold_only_after_its_15_second_slot(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = clock.now().replace(second=15, microsecond=0) + timedelta(minutes=1)
    monkeypatch.setattr(slow_lane, "SLOT", timedelta(seconds=15))
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=1))
    sign_from_many(client, FROM)
    for seconds, wanted in ((2, False), (14, False), (15, True)):
        monkeypatch.setattr(clock, "now", lambda passed=seconds: began + timedelta(seconds=passed))
        assert is_wanted(client) == wanted


def test_the_petitions_page_is_the_same_under_attack(client: FlaskClient, petition: str) -> None:
    before = client.get(f"/petitions/{petition}")
    sign_from_many(client, FROM)
    assert is_wanted(client)
    under_attack = client.get(f"/petitions/{petition}")
    assert (under_attack.data, under_attack.headers["ETag"]) == (before.data, before.headers["ETag"])


@pytest.mark.parametrize("with_proof", [True, False])
def test_the_statements_are_the_same_whatever_the_mailbox_signed(
    app: Flask, client: FlaskClient, petition: str, with_proof: bool
) -> None:
    found = []
    for state in MAILBOXES:
        address = f"{state}@example.org".ljust(24, "x")
        make_mailbox(app, state, address)
        for _ in range(5 if state == State.VERIFIED else 1):  # the last of five is over the mailbox limit
            fields = {"altcha": proof(client)} if with_proof else {}
            with statements(app) as seen:
                answer = sign(client, email=address, **fields)
            found.append((seen, answer.status_code, len(answer.data), sorted(dict(answer.headers))))
    assert all(one == found[0] for one in found)
    assert any("spent_proof" in statement for statement in found[0][0]) == with_proof


def test_the_query_for_the_threshold_is_limited_and_uses_an_index(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    with app.app_context(), transaction() as session:
        petition_id = session.scalars(select(Petition.id)).one()
        at = clock.now() - timedelta(hours=2)
        flood = {"petition_id": petition_id, "occasion": Occasion.SIGNED, "priority": 1, "had_proof_of_work": False}
        session.execute(insert(OutboxRow), [{**flood, "queued_at": at, "due_at": at} for _ in range(3000)])
    asked = []

    def note(connection, cursor, statement, parameters, *rest):  # type: ignore[no-untyped-def]
        asked.append((statement, parameters))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        slow_lane.is_filling(petition_id, clock.now())
        event.remove(db.engine, "before_cursor_execute", note)
        statement, parameters = asked[-1]  # on SQLite a BEGIN may come before it
        assert "LIMIT" in statement
        on_postgresql = db.engine.dialect.name == "postgresql"
        with db.engine.connect() as connection:
            if on_postgresql:
                connection.exec_driver_sql("ANALYZE outbox")
            explain = "EXPLAIN " if on_postgresql else "EXPLAIN QUERY PLAN "
            plan = str(connection.exec_driver_sql(explain + statement, parameters).all())
    assert "ix_outbox_without_proof_queued_at" in plan
