"""Confirming: one statement against a counter row and against what the app sends, and the whole way over HTTP."""

from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask

from app.confirmation.confirm import confirm
from app.db import db
from app.models import Visibility
from app.signing.draft import find_draft
from app.signing.entry import Correction
from bench import load, people, pgbench
from bench.figure import ROUNDS, Figure, in_turns, middle, ratios
from bench.people import Waiting
from bench.stage import Stage

CLIENTS = 32
SECONDS = 2
ROWS_OF_A_CLIENT = 600
HTTP_ROWS = 3000

COUNTS = """
SELECT (SELECT count(*) FROM signature WHERE state = 'verified'), (SELECT count(*) FROM ledger), n FROM counter_row
"""
# Each client confirms drafts of its own, one after the other.
NEXT_ROW = f"\\set n :n + 1\n\\set row :first + :client_id * {ROWS_OF_A_CLIENT} + :n\n"

# A draft becomes a signature with its thanks, as well as it can be done: in one statement, with no look before.
MADE_OF_DRAFT = """
WITH gone AS (
  DELETE FROM draft WHERE public_id = decode(md5(:row::text), 'hex')
  RETURNING public_id, petition_id, text_id, notice_id, language, email_key, sealed, country, visibility, updates,
    signed_at
), signed AS (
  INSERT INTO signature (public_id, petition_id, text_id, notice_id, language, email_key, sealed, country, visibility,
    updates, signed_at, state, verified_at, changes)
  SELECT gone.*, 'verified', now(), 1 FROM gone
  RETURNING id, petition_id
)"""
THANKS = """
INSERT INTO outbox (public_id, signature_id, petition_id, occasion, priority, progress, queued_at, due_at)
SELECT uuid_send(gen_random_uuid()), id, petition_id, 'confirmed', 2, 'waiting', now(), now() FROM signed;
"""
ONE_STATEMENT = f"""
{MADE_OF_DRAFT}, counted AS (
  INSERT INTO ledger (petition_id, signature_id, change, kind, delta, at)
  SELECT petition_id, id, 1, 'confirmed', 1, now() FROM signed
)
{THANKS}
"""
# The same with a counter, whose lock is taken last.
COUNTER_ROW = f"""
BEGIN;
{MADE_OF_DRAFT}
{THANKS}
UPDATE counter_row SET n = n + 1 WHERE petition_id = :petition;
COMMIT;
"""


def run(stage: Stage) -> Iterator[Figure]:
    """Measure the transition in pgbench, then over HTTP."""
    database = stage.database("confirming")
    app = stage.app(database)
    with app.app_context():
        petition_id = people.edition().petition.id
    with stage.connect(database) as connection:
        connection.execute("CREATE TABLE counter_row AS SELECT id AS petition_id, 0 AS n FROM petition")
        connection.execute("ALTER TABLE counter_row ADD PRIMARY KEY (petition_id)")
    app_sends = f"{NEXT_ROW}BEGIN;\n{_statements(app)}\nCOMMIT;\n"
    ledger, counter = NEXT_ROW + ONE_STATEMENT, NEXT_ROW + COUNTER_ROW
    rows = _Rows(stage, database)

    def transitions(script: str, options: str = "") -> Callable[[], float]:
        return lambda: pgbench.rate(
            stage, database, script, CLIENTS, SECONDS, {"n": 0, "petition": petition_id, "first": rows.fresh()}, options
        )

    pairs = in_turns(transitions(ledger, pgbench.SLOW_FLUSH), transitions(counter, pgbench.SLOW_FLUSH))
    detail = f"ledger {middle(pairs, 0)}/s, counter row {middle(pairs, 1)}/s"
    yield Figure("confirm: ledger / counter row, 5 ms flush", ratios(pairs), "x", at_least=5, detail=detail)

    port = stage.serve_site(database)
    _over_http(port, people.make_drafts(app, 200, 1))
    batches = iter([people.make_drafts(app, HTTP_ROWS, n * HTTP_ROWS) for n in range(1, ROUNDS + 1)])
    rounds = in_turns(lambda: _over_http(port, next(batches)), transitions(app_sends), transitions(ledger))
    _make_sure_it_is_exact(stage, database)
    detail = f"HTTP {middle(rounds, 0)}/s, pgbench {middle(rounds, 1)}/s"
    over_http = ratios([one[:2] for one in rounds])
    yield Figure("confirm: over HTTP / in pgbench", over_http, "x", at_least=0.3, detail=detail)
    detail = f"one statement {middle(rounds, 2)}/s; nothing wanted"
    app_alone = ratios([one[1:] for one in rounds])
    yield Figure("confirm: what the app sends / one statement", app_alone, "x", detail=detail)


class _Rows:
    """Drafts for pgbench, a fresh lot for each run."""

    def __init__(self, stage: Stage, database: str) -> None:
        self._stage, self._database, self._next = stage, database, 1

    def fresh(self) -> int:
        """Make a lot; return the number of its first row."""
        first, self._next = self._next, self._next + CLIENTS * ROWS_OF_A_CLIENT
        with self._stage.connect(self._database) as connection:
            people.make_many_drafts(connection, first, self._next - 1)
            connection.execute("VACUUM ANALYZE draft, signature, ledger, outbox")
            connection.execute("CHECKPOINT")
        return first - 1


def _over_http(port: int, waiting: list[Waiting]) -> float:
    requests = [load.post(f"/confirm/{one.token}", one.form, Sec_Fetch_Site="same-origin") for one in waiting]
    return load.rate(port, requests, 303, CLIENTS, SECONDS, again=False)


def _statements(app: Flask) -> str:
    """Let the app confirm one draft; return what it sent, with pgbench's own rows in the place of its own."""
    (sample,) = people.make_drafts(app, 1, 0)
    correction = Correction("Ann Example", "Reader of the bench", "SE", "I read.", Visibility.PUBLIC, updates=False)
    with app.app_context():
        entry = find_draft(sample.public_id)
        assert entry
        with pgbench.listening(db.engine) as heard:
            assert confirm(entry, correction)

    def stands_for(value: Any) -> str | None:
        if value == sample.public_id:
            return "decode(md5(:row::text), 'hex')"
        by_length = {16: "uuid_send(gen_random_uuid())", 32: "sha256(:row::text::bytea)"}  # a random id; the email key
        return by_length.get(len(value)) if isinstance(value, bytes) else None

    statements = "\n".join(pgbench.spelt(statement, stands_for) for statement in heard)
    assert all(f"INSERT INTO {table}" in statements for table in ("ledger", "outbox")), "the app was not heard"
    return statements


def _make_sure_it_is_exact(stage: Stage, database: str) -> None:
    """Raise RuntimeError unless there is one ledger row, or one step of the counter, for each verified signature."""
    with stage.connect(database) as connection:
        verified, ledger, counter = connection.execute(COUNTS).fetchone() or (0, 0, 0)
    if verified != ledger + counter:
        raise RuntimeError(f"{verified} verified, but {ledger} in the ledger and {counter} on the counter")
