"""Confirming: the statements of app/confirmation/confirm.py against a counter row, and the whole way over HTTP."""

from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask

from app.confirmation.confirm import confirm
from app.db import db
from app.models import Visibility
from app.signing.entry import Correction
from bench import load, people, pgbench
from bench.figure import ROUNDS, Figure, in_turns, middle, ratios
from bench.people import Pending
from bench.stage import Stage

CLIENTS = 32
SECONDS = 2
ROWS_OF_A_CLIENT = 600
HTTP_ROWS = 3000
SAMPLE = 9_000_000_001  # the signature that the app confirms to be listened to; no other number looks like it

COUNTS = """
SELECT (SELECT count(*) FROM signature WHERE state = 'verified'), (SELECT count(*) FROM ledger), n FROM counter
"""
# Each client confirms rows of its own, one after the other.
NEXT_ROW = f"\\set n :n + 1\n\\set row :first + :client_id * {ROWS_OF_A_CLIENT} + :n\n"

# The same with a counter, as well as it can be done: no look before, and the counter's lock taken last.
COUNTER_ROW = """
BEGIN;
UPDATE signature SET state = 'verified', verified_at = now(), expires_at = NULL, changes = 1
  WHERE id = :row AND state = 'pending';
INSERT INTO outbox (public_id, signature_id, petition_id, occasion, priority, progress, queued_at, due_at)
  VALUES (uuid_send(gen_random_uuid()), :row, :petition, 'confirmed', 1, 'waiting', now(), now());
UPDATE counter SET n = n + 1 WHERE petition_id = :petition;
COMMIT;
"""


def run(stage: Stage) -> Iterator[Figure]:
    """Measure the transition in pgbench, then over HTTP."""
    database = stage.database("confirming")
    app = stage.app(database)
    with app.app_context():
        petition_id = people.edition().petition.id
    statements = _statements(app)
    ledger = f"{NEXT_ROW}BEGIN;\n{statements}\nCOMMIT;\n"
    counter = NEXT_ROW + COUNTER_ROW
    with stage.connect(database) as connection:
        connection.execute("CREATE TABLE counter AS SELECT id AS petition_id, 0 AS n FROM petition")
        connection.execute("ALTER TABLE counter ADD PRIMARY KEY (petition_id)")
    rows = _Rows(stage, database)

    def transitions(script: str, options: str = "") -> Callable[[], float]:
        return lambda: pgbench.rate(
            stage, database, script, CLIENTS, SECONDS, {"n": 0, "petition": petition_id, "first": rows.fresh()}, options
        )

    pairs = in_turns(transitions(ledger, pgbench.SLOW_FLUSH), transitions(counter, pgbench.SLOW_FLUSH))
    detail = f"ledger {middle(pairs, 0)}/s, counter row {middle(pairs, 1)}/s"
    yield Figure("confirm: ledger / counter row, 5 ms flush", ratios(pairs), "x", at_least=5, detail=detail)

    port = stage.serve_site(database)
    _over_http(port, people.make_pending(app, 200, SAMPLE + 1))
    batches = iter([people.make_pending(app, HTTP_ROWS, SAMPLE + 1000 + n * HTTP_ROWS) for n in range(ROUNDS)])
    pairs = in_turns(lambda: _over_http(port, next(batches)), transitions(ledger))
    detail = f"HTTP {middle(pairs, 0)}/s, pgbench {middle(pairs, 1)}/s"
    _make_sure_it_is_exact(stage, database)
    yield Figure("confirm: over HTTP / in pgbench", ratios(pairs), "x", at_least=0.2, detail=detail)


class _Rows:
    """Pending signatures for pgbench, a fresh lot for each run."""

    def __init__(self, stage: Stage, database: str) -> None:
        self._stage, self._database, self._next = stage, database, 1

    def fresh(self) -> int:
        """Make a lot; return the number of its first row."""
        first, self._next = self._next, self._next + CLIENTS * ROWS_OF_A_CLIENT
        with self._stage.connect(self._database) as connection:
            people.make_many(connection, first, self._next - 1)
            connection.execute("VACUUM ANALYZE signature, ledger, outbox")
            connection.execute("CHECKPOINT")
        return first - 1


def _over_http(port: int, pending: list[Pending]) -> float:
    requests = [load.post(f"/confirm/{one.token}", one.form, Sec_Fetch_Site="same-origin") for one in pending]
    return load.rate(port, requests, 303, CLIENTS, SECONDS, again=False)


def _statements(app: Flask) -> str:
    """Let the app confirm one signature; return what it sent, with pgbench's own row in the place of that one."""
    (sample,) = people.make_pending(app, 1, SAMPLE)
    correction = Correction("Ann Example", "Reader of the bench", "SE", "I read.", Visibility.PUBLIC, updates=False)
    with app.app_context(), pgbench.listening(db.engine) as heard:
        assert confirm(sample.public_id, sample.digest, correction)

    def stands_for(value: Any) -> str | None:
        if value == SAMPLE:
            return ":row"
        if value == sample.public_id:
            return "decode(md5(:row::text), 'hex')"
        is_random_id = isinstance(value, bytes) and len(value) == len(sample.public_id)
        return "uuid_send(gen_random_uuid())" if is_random_id else None

    statements = "\n".join(pgbench.spelt(statement, stands_for) for statement in heard)
    assert all(f"INSERT INTO {table}" in statements for table in ("ledger", "outbox")), "the app was not heard"
    return statements


def _make_sure_it_is_exact(stage: Stage, database: str) -> None:
    """Raise RuntimeError unless there is one ledger row, or one step of the counter, for each verified signature."""
    with stage.connect(database) as connection:
        verified, ledger, counter = connection.execute(COUNTS).fetchone() or (0, 0, 0)
    if verified != ledger + counter:
        raise RuntimeError(f"{verified} verified, but {ledger} in the ledger and {counter} on the counter")
