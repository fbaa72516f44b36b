"""Reading the count: what it costs with 1,000 rows unfolded, at a thousand signatures and at a million."""

import time
from collections.abc import Callable, Iterator
from statistics import median

import psycopg

from app.db import db
from app.ledger import ledger
from bench import people, pgbench
from bench.figure import Figure, in_turns, middle
from bench.stage import Stage

UNFOLDED = 1000
FEW, MANY = 1_000, 1_000_000
ROUNDS = 5
SECONDS = 1
READS = 200

LEDGER = """
INSERT INTO ledger (petition_id, signature_id, change, kind, delta, at, folded)
SELECT petition_id, id, 1, 'confirmed', 1, now(), id <= %(folded)s FROM signature ORDER BY id
"""


def run(stage: Stage) -> Iterator[Figure]:
    """Measure the statement that the app issues, alone in pgbench, and the app's own reading, in two databases."""
    few, many = (_filled(stage, f"count_{number}", number) for number in (FEW, MANY))
    statement = _statement(stage, few)
    with stage.connect(many) as connection:
        rounds = in_turns(
            lambda: 1000 / pgbench.rate(stage, few, statement, 1, SECONDS, {}),
            lambda: 1000 / pgbench.rate(stage, many, statement, 1, SECONDS, {}),
            _through_the_app(stage, many),
            _counting_rows(connection),
            rounds=ROUNDS,
        )
    million, app_million = ([one[side] for one in rounds] for side in (1, 2))
    detail = f"counting the rows instead: {middle(rounds, 3)} ms"
    yield Figure("count: 1M signatures, 1,000 unfolded", million, "ms", at_most=0.3, detail=detail)
    flat = [one[1] / one[0] for one in rounds]
    yield Figure("count: 1M signatures / 1k", flat, "x", at_most=1.2, detail=f"1k {middle(rounds, 0)} ms")
    detail = "with its connection and transaction; nothing wanted"
    yield Figure("count: 1M signatures, through the app", app_million, "ms", detail=detail)


def _filled(stage: Stage, name: str, number: int) -> str:
    """Make a database of `number` verified signatures, the last 1,000 of them unfolded; return its name."""
    database = stage.database(name)
    with stage.connect(database) as connection:
        connection.execute("SET synchronous_commit = off")
        people.make_many_verified(connection, 1, number)
        connection.execute("SET session_replication_role = replica")
        connection.execute(LEDGER, {"folded": number - UNFOLDED})
        connection.execute("UPDATE tally SET base = %s", [number - UNFOLDED])
        connection.execute("VACUUM ANALYZE")
    return database


def _statement(stage: Stage, database: str) -> str:
    app = stage.app(database)
    with app.app_context(), pgbench.listening(db.engine) as heard:
        now = ledger.read_count(people.edition().petition.id)
        assert now.verified == FEW
    return pgbench.spelt(heard[-1], lambda value: None)


def _through_the_app(stage: Stage, database: str) -> Callable[[], float]:
    app = stage.app(database)
    with app.app_context():
        petition_id = people.edition().petition.id

    def read() -> None:
        ledger.read_count(petition_id)
        db.session.rollback()  # as at the end of a request

    def reads() -> float:
        with app.app_context():
            return _milliseconds(read, READS)

    return reads


def _counting_rows(connection: psycopg.Connection) -> Callable[[], float]:
    statement = "SELECT count(*) FROM signature WHERE state = 'verified'"
    return lambda: _milliseconds(lambda: connection.execute(statement).fetchone(), 1)


def _milliseconds(read: Callable[[], object], times: int) -> float:
    """Return how long a read takes: the middle one of many."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        read()
        took.append(time.perf_counter() - began)
    return median(took) * 1000
