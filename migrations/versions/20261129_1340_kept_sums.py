"""Sums of signatures, letters and the ledger, kept by triggers, so that no page counts a million rows.

Nothing is counted here, where tables are locked: what is there already, the worker counts while the site runs.

Revision ID: 20261129_1340
Revises: 20261129_1320
"""

from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

revision = "20261129_1340"
down_revision = "20261129_1330"
branch_labels = None
depends_on = None


class Sums(NamedTuple):
    """A table of sums: of which table's rows, after which changes, by what they are counted, and what each counts."""

    name: str
    of: str
    events: tuple[str, ...]
    keys: dict[str, str]
    number: str = "1"


EVENTS = ("INSERT", "UPDATE", "DELETE")
HOUR = {
    "postgresql": "date_trunc('hour', {row}.at, 'UTC')",
    "sqlite": "substr({row}.at, 1, 13) || ':00:00.000000'",
}


def _all_sums(dialect: str) -> tuple[Sums, ...]:
    petition = {"petition_id": "{row}.petition_id"}
    by_state = {name: f"{{row}}.{name}" for name in ("state", "country", "language")}
    by_state["erased"] = "({row}.sealed IS NULL)"
    by_progress = {name: f"{{row}}.{name}" for name in ("occasion", "progress")}
    folded = "CASE WHEN {row}.folded THEN {row}.delta ELSE 0 END"
    return (
        Sums("signature_sum", "signature", EVENTS, petition | by_state),
        Sums("letter_sum", "outbox", EVENTS, {"petition_id": "coalesce({row}.petition_id, 0)"} | by_progress),
        Sums("hour_sum", "ledger", ("UPDATE",), petition | {"hour": HOUR[dialect]}, folded),
    )


def upgrade() -> None:
    _create_tables()
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute("CREATE SEQUENCE sum_part")
    for sums in _all_sums(dialect):
        for event in sums.events:
            (_create_postgresql_trigger if dialect == "postgresql" else _create_sqlite_trigger)(sums, event)
    op.execute("INSERT INTO recount_due SELECT id FROM petition UNION SELECT 0 WHERE EXISTS (SELECT 1 FROM outbox)")


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for sums in _all_sums(dialect):
        for event in map(str.lower, sums.events):
            if dialect == "postgresql":
                op.execute(f"DROP TRIGGER {sums.name}_{event} ON {sums.of}")
                op.execute(f"DROP FUNCTION {sums.name}_{event}()")
            else:
                op.execute(f"DROP TRIGGER {sums.name}_{event}")
        op.drop_table(sums.name)
    op.drop_table("recount_due")
    if dialect == "postgresql":
        op.execute("DROP SEQUENCE sum_part")


def _create_tables() -> None:
    for name, keys in {
        "signature_sum": {
            "state": _one_of("state", "verified withdrawn invalidated"),
            "country": sa.String(2),
            "language": sa.String(12),
            "erased": sa.Boolean(),
        },
        "letter_sum": {
            "occasion": _one_of("occasion", "signed confirmed organiser entry reminder"),
            "progress": _one_of("progress", "waiting sent failed silent held"),
        },
        "hour_sum": {"hour": sa.DateTime(timezone=True)},
    }.items():
        op.create_table(
            name,
            sa.Column("petition_id", sa.BigInteger(), primary_key=True, autoincrement=False),
            *(sa.Column(key, kind, primary_key=True) for key, kind in keys.items()),
            sa.Column("part", sa.BigInteger(), primary_key=True, autoincrement=False),
            sa.Column("number", sa.BigInteger(), nullable=False),
        )
        where = sa.text("part > 0")
        op.create_index(f"ix_{name}_part", name, ["part"], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_table("recount_due", sa.Column("petition_id", sa.BigInteger(), primary_key=True, autoincrement=False))


def _create_postgresql_trigger(sums: Sums, event: str) -> None:
    """Let a new row add a part of its own, and other statements one for each sum that they move, for all their rows."""
    sides = {"DELETE": ["old"], "UPDATE": ["new", "old"]}.get(event, [])
    keys, name = ", ".join(sums.keys), f"{sums.name}_{event.lower()}"
    if event == "INSERT":
        moved, scope = _select(sums, "NEW"), "FOR EACH ROW"
    else:
        rows = " UNION ALL ".join(_select(sums, f"{side}_rows") + f" FROM {side}_rows" for side in sides)
        moved = f"SELECT {keys}, sum(number) AS number FROM ({rows}) AS rows GROUP BY {keys} HAVING sum(number) <> 0"
        tables = " ".join(f"{side.upper()} TABLE AS {side}_rows" for side in sides)
        scope = f"REFERENCING {tables} FOR EACH STATEMENT"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" INSERT INTO {sums.name} ({keys}, part, number) SELECT {keys}, nextval('sum_part'), number"
        f" FROM ({moved}) AS moved; RETURN NULL; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {sums.of} {scope} EXECUTE FUNCTION {name}()")


def _create_sqlite_trigger(sums: Sums, event: str) -> None:
    """Let each row change the sums themselves: SQLite has one writer at a time, who waits for nobody."""
    sides = {"INSERT": ["new"], "DELETE": ["old"], "UPDATE": ["old", "new"]}[event]
    keys = ", ".join(sums.keys)
    changes = " ".join(
        f"INSERT INTO {sums.name} ({keys}, number, part) {_select(sums, side)}, 0 WHERE true"
        f" ON CONFLICT ({keys}, part) DO UPDATE SET number = number + excluded.number;"
        for side in sides
    )
    both = [value.format(row=side) for value in (*sums.keys.values(), sums.number) for side in ("old", "new")]
    is_moved = " OR ".join(f"{old} IS NOT {new}" for old, new in zip(both[::2], both[1::2], strict=True))
    when = f"WHEN {is_moved}" if event == "UPDATE" else ""
    op.execute(f"CREATE TRIGGER {sums.name}_{event.lower()} AFTER {event} ON {sums.of} {when} BEGIN {changes} END")


def _select(sums: Sums, row: str) -> str:
    """Return the query for the sums that a row before (`old...`) or after the change is in, and for what it counts."""
    values = ", ".join(f"{value.format(row=row)} AS {key}" for key, value in sums.keys.items())
    sign = "-" if row.startswith("old") else ""
    return f"SELECT {values}, {sign}({sums.number.format(row=row)}) AS number"


def _one_of(name: str, words: str) -> sa.Enum:
    """Return a type for these words, kept as text and checked by a constraint of that name."""
    return sa.Enum(*words.split(), name=name, native_enum=False, create_constraint=True, length=12)
