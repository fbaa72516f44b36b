"""The count: always equal to the number of verified rows, and cheap to read."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Executable, delete, event, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app import clock, jobs
from app.db import db, transaction
from app.ledger import ledger
from app.ledger.audit import audit
from app.models import Draft, Kind, LedgerEntry, Petition, Reason, Signature, State, Tally
from app.worker import work_once
from tests.factories import SLUG, make_petition, make_signature, press_confirm, sign, verified
from tests.ledger.tampering import without_triggers
from tests.mail_server import MailServer, link_in, text_of
from tests.moderation.act import invalidated, restored

pytestmark = pytest.mark.both_databases

PEOPLE = st.sampled_from(["ann@example.org", "bob@example.org", "cleo@gmail.com", "c.leo@gmail.com"])
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["sign", "mail", "confirm", "decline", "withdraw", "expire", "purge", "fold", "invalidate", "restore"]
        ),
        PEOPLE,
    ),
    max_size=16,
)


@pytest.mark.parametrize("verified_before", [0, 1])
@given(acts=ACTS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_count_equals_the_verified_rows_after_any_sequence_of_acts(
    app: Flask, client: FlaskClient, mail_server: MailServer, verified_before: int, acts: list[tuple[str, str]]
) -> None:
    empty_all_tables(app)
    mail_server.letters.clear()
    make_petition(app)
    if verified_before:
        make_signature(app, email="dora@example.org")
    for act, who in acts:
        play(app, client, mail_server, act, who)
        with app.app_context():
            petition = db.session.scalars(select(Petition)).one()
            is_verified = select(func.count()).where(Signature.state == State.VERIFIED)
            assert ledger.read_count(petition.id).verified == db.session.scalars(is_verified).one()
            assert audit(petition).sound
            mailboxes = select(Signature.email_key).where(Signature.state == State.VERIFIED)
            counted = db.session.scalars(mailboxes).all()
            assert len(counted) == len(set(counted))


def empty_all_tables(app: Flask) -> None:
    """Empty all tables but the site's keys, the ledger and the audit log too."""
    with app.app_context(), transaction() as session, without_triggers(session):
        for table in reversed(db.metadata.sorted_tables):
            if table.name != "site":
                session.execute(delete(table))


def press_in_letters(client: FlaskClient, letters: list[EmailMessage], act: str) -> None:
    place = {"confirm": "confirm", "decline": "not-me", "withdraw": "signature"}[act]
    for letter in letters:
        if f"/{place}/" not in text_of(letter):
            continue
        if act == "confirm":
            press_confirm(client, link_in(letter))
        else:
            client.post(link_in(letter, place), data={"act": act})


def play(app: Flask, client: FlaskClient, mail_server: MailServer, act: str, who: str) -> None:
    if act == "sign":
        sign(client, email=who)
    elif act in {"confirm", "decline", "withdraw"}:
        press_in_letters(client, mail_server.to(who), act)
    elif act in {"invalidate", "restore"}:
        (invalidated if act == "invalidate" else restored)(app)
    with app.app_context():
        if act == "mail":
            work_once()
        elif act == "expire":
            with transaction() as session:
                session.execute(update(Draft).values(expires_at=clock.now() - timedelta(minutes=1)))
        elif act == "purge":
            jobs.run_all(jobs.RETENTION)
        elif act == "fold":
            ledger.fold_all()


def test_count_json_has_count_goal_and_time_of_the_last_change(app: Flask, client: FlaskClient, petition: str) -> None:
    make_signature(app)
    answer = client.get(f"/petitions/{petition}/count.json")
    with app.app_context():
        at = db.session.scalars(select(LedgerEntry.at)).one()
    assert answer.json == {"slug": petition, "verified": 1, "goal": 25, "as_of": clock.iso(at)}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "max-age=1" in answer.headers["Cache-Control"]
    again = client.get(f"/petitions/{petition}/count.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_folding_moves_the_sum_into_the_tally_and_the_count_stays(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    for which in range(5):
        make_signature(app, email=f"person{which}@example.org")
    before = client.get(f"/petitions/{petition}/count.json").json
    with app.app_context():
        assert ledger.fold_all() == 5
        assert db.session.scalars(select(Tally.base)).one() == 5
        assert ledger.fold_all() == 0
    assert client.get(f"/petitions/{petition}/count.json").json == before


def test_a_correction_does_not_move_the_time_of_the_last_change_folded_or_not(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    make_signature(app)
    path = f"/petitions/{petition}/count.json"
    before = client.get(path).json
    later = clock.now() + timedelta(hours=1)
    for folds_first in (False, True):
        with app.app_context():
            if folds_first:
                ledger.fold_all()
            with transaction() as session:
                ledger.append(session, session.scalars(select(Signature)).one(), Kind.CORRECTED, later)
            petition_id = db.session.scalars(select(Petition.id)).one()
            counts = [ledger.read_count(petition_id)]
            assert ledger.fold_all() > 0
            counts.append(ledger.read_count(petition_id))
        assert before and {(one.verified, clock.iso(one.as_of)) for one in counts} == {(1, before["as_of"])}


def many_ledger_rows(app: Flask, number: int, *, folded: bool) -> None:
    """Insert this many confirmed signatures by set-based SQL, which is fast."""
    first = make_signature(app)
    with app.app_context(), transaction() as session:
        one = session.scalars(select(Signature).where(Signature.public_id == first)).one()
        numbers = (
            f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= {number}) "
            "INSERT INTO ledger (petition_id, signature_id, change, kind, delta, at, folded) "
            "SELECT :petition, :signature, i, 'confirmed', 1, at, :folded FROM n, ledger WHERE ledger.change = 1"
        )
        session.execute(text(numbers), {"petition": one.petition_id, "signature": one.id, "folded": folded})


def test_reading_the_count_does_not_fold(app: Flask, client: FlaskClient, petition: str) -> None:
    many_ledger_rows(app, 2000, folded=False)
    assert verified(client) == 2001
    with app.app_context():
        assert db.session.scalars(select(func.count()).where(LedgerEntry.folded)).one() == 0


def test_reading_the_count_scans_only_unfolded_rows(app: Flask, petition: str) -> None:
    many_ledger_rows(app, 5000, folded=True)
    statements: list[tuple[str, object]] = []
    with app.app_context():
        db.session.execute(text("ANALYZE"))
        db.session.commit()
        petition_id = db.session.scalars(select(Petition.id)).one()
        record = lambda c, cursor, statement, parameters, *rest: statements.append((statement, parameters))  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", record)
        ledger.read_count(petition_id)
        event.remove(db.engine, "before_cursor_execute", record)
        assert len(statements) == 1
        explain = "EXPLAIN " if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        with db.engine.connect() as connection:
            plan = str(connection.exec_driver_sql(explain + statements[0][0], statements[0][1]).all())  # type: ignore[arg-type]
    assert "ix_ledger_unfolded" in plan
    assert "Seq Scan on ledger" not in plan
    assert "SCAN ledger" not in plan


class TestAudit:
    """`flask count audit` finds every way in which count, ledger and rows can differ, and repairs by appending."""

    def test_a_correct_count_is_reported_as_sound(self, app: Flask, petition: str, runner: FlaskCliRunner) -> None:
        make_signature(app)
        result = runner.invoke(args=["count", "audit"])
        assert result.exit_code == 0
        assert f"{SLUG}: sound: shown 1, verified rows 1" in result.output

    @pytest.mark.parametrize(
        "damage",
        [
            update(Tally).values(base=41),
            update(Signature).values(state=State.WITHDRAWN, sealed=None),
            update(Signature).values(state=State.INVALIDATED, reason=Reason.OTHER),
            delete(LedgerEntry),
            update(LedgerEntry).values(folded=True),
        ],
        ids=["tally", "withdrawn by hand", "invalidated by hand", "ledger row gone", "folded without the tally"],
    )
    def test_damage_is_found_and_repaired(
        self, app: Flask, client: FlaskClient, petition: str, runner: FlaskCliRunner, damage: object
    ) -> None:
        make_signature(app)
        with app.app_context(), transaction() as session, without_triggers(session):
            session.execute(damage)  # type: ignore[call-overload]
        found = runner.invoke(args=["count", "audit"])
        assert found.exit_code == 1
        assert "DIFFERS" in found.output
        with app.app_context():
            before = [(row.id, row.kind, row.delta) for row in db.session.scalars(select(LedgerEntry))]
        assert runner.invoke(args=["count", "audit", "--repair"]).exit_code == 0
        assert runner.invoke(args=["count", "audit"]).exit_code == 0
        with app.app_context():
            after = [(row.id, row.kind, row.delta) for row in db.session.scalars(select(LedgerEntry))]
            rows = db.session.scalars(select(func.count()).where(Signature.state == State.VERIFIED)).one()
        assert after[: len(before)] == before
        assert verified(client) == rows


def test_the_ledger_refuses_a_delta_that_does_not_fit_its_kind(app: Flask, petition: str) -> None:
    make_signature(app)
    with (
        app.app_context(),
        pytest.raises(IntegrityError, match="delta_of_kind"),
        transaction() as session,
        without_triggers(session),
    ):
        session.execute(update(LedgerEntry).where(LedgerEntry.kind == Kind.CONFIRMED).values(delta=2))


# What gets past a trigger on DELETE: PostgreSQL's TRUNCATE, and SQLite's REPLACE.
PAST_DELETE = {
    "postgresql": "TRUNCATE ledger",
    "sqlite": "INSERT OR REPLACE INTO ledger (petition_id, signature_id, change, kind, delta, at)"
    " SELECT petition_id, signature_id, change, 'corrected', 0, at FROM ledger",
}


@pytest.mark.parametrize(
    "statement",
    [
        update(LedgerEntry).values(delta=0, kind=Kind.CORRECTED),
        update(LedgerEntry).values(at=clock.now()),
        update(LedgerEntry).values(folded=False),
        delete(LedgerEntry),
        None,
    ],
    ids=["kind", "time", "folded", "delete", "past delete"],
)
def test_the_database_refuses_to_alter_the_ledger(app: Flask, petition: str, statement: Executable | None) -> None:
    make_signature(app)
    rows = select(LedgerEntry.__table__)  # type: ignore[arg-type]
    with app.app_context():
        ledger.fold_all()
        before = db.session.execute(rows).all()
        dialect = db.engine.dialect.name
        db.session.rollback()
        with pytest.raises(DBAPIError, match="the ledger is only ever added to"), transaction() as session:
            session.execute(text(PAST_DELETE[dialect]) if statement is None else statement)
        assert db.session.execute(rows).all() == before


def test_a_change_number_of_a_signature_is_unique(app: Flask, petition: str) -> None:
    make_signature(app)
    with app.app_context():
        one = db.session.scalars(select(LedgerEntry)).one()
        again = {"petition_id": one.petition_id, "signature_id": one.signature_id, "change": one.change}
        twice = insert(LedgerEntry).values(**again, kind=Kind.WITHDRAWN, delta=-1, at=clock.now(), folded=False)
        with pytest.raises(IntegrityError), transaction() as session:
            session.execute(twice)
