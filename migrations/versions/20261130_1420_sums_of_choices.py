"""The kept sums of signatures tell who may see them and who agreed to updates, so that no page counts these.

The sums are made anew: until the worker has counted what is there, while the site runs, pages count for themselves.

Revision ID: 20261130_1420
Revises: 20261130_1410
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1420"
down_revision = "20261130_1410"
branch_labels = None
depends_on = None

TABLE = "signature_sum"
ERASED = "({row}.sealed IS NULL)"
SIDES = {"INSERT": ["new"], "UPDATE": ["new", "old"], "DELETE": ["old"]}


def upgrade() -> None:
    _make_anew({"visibility": _one_of("visibility", "public delivery organisers"), "updates": sa.Boolean()})


def downgrade() -> None:
    _make_anew({})


def _make_anew(more: dict[str, sa.types.TypeEngine[object]]) -> None:
    """Replace the table and its triggers by those that sum by what they always did, and by `more`."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for event in map(str.lower, SIDES):
        op.execute(f"DROP TRIGGER {TABLE}_{event}" + (" ON signature" if is_postgresql else ""))
        if is_postgresql:
            op.execute(f"DROP FUNCTION {TABLE}_{event}()")
    op.drop_table(TABLE)
    by = {
        "state": _one_of("state", "verified withdrawn invalidated"),
        "country": sa.String(2),
        "language": sa.String(12),
        "erased": sa.Boolean(),
        **more,
    }
    op.create_table(
        TABLE,
        sa.Column("petition_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        *(sa.Column(key, kind, primary_key=True) for key, kind in by.items()),
        sa.Column("part", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
    )
    where = sa.text("part > 0")
    op.create_index(f"ix_{TABLE}_part", TABLE, ["part"], unique=True, sqlite_where=where, postgresql_where=where)
    for event, sides in SIDES.items():
        (_create_postgresql_trigger if is_postgresql else _create_sqlite_trigger)(event, sides, ["petition_id", *by])
    op.execute("INSERT INTO recount_due SELECT id FROM petition WHERE true ON CONFLICT DO NOTHING")


def _create_postgresql_trigger(event: str, sides: list[str], keys: list[str]) -> None:
    """Let a new row add a part of its own, and other statements one for each sum that they move, for all their rows."""
    by, name = ", ".join(keys), f"{TABLE}_{event.lower()}"
    if event == "INSERT":
        moved, scope = _select("NEW", keys), "FOR EACH ROW"
    else:
        rows = " UNION ALL ".join(f"{_select(f'{side}_rows', keys)} FROM {side}_rows" for side in sides)
        moved = f"SELECT {by}, sum(number) AS number FROM ({rows}) AS rows GROUP BY {by} HAVING sum(number) <> 0"
        tables = " ".join(f"{side.upper()} TABLE AS {side}_rows" for side in sides)
        scope = f"REFERENCING {tables} FOR EACH STATEMENT"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" INSERT INTO {TABLE} ({by}, part, number) SELECT {by}, nextval('sum_part'), number"
        f" FROM ({moved}) AS moved; RETURN NULL; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} AFTER {event} ON signature {scope} EXECUTE FUNCTION {name}()")


def _create_sqlite_trigger(event: str, sides: list[str], keys: list[str]) -> None:
    """Let each row change the sums themselves: SQLite has one writer at a time, who waits for nobody."""
    by = ", ".join(keys)
    changes = " ".join(
        f"INSERT INTO {TABLE} ({by}, number, part) {_select(side, keys)}, 0 WHERE true"
        f" ON CONFLICT ({by}, part) DO UPDATE SET number = number + excluded.number;"
        for side in sides
    )
    is_moved = " OR ".join(f"{_value('old', key)} IS NOT {_value('new', key)}" for key in keys)
    when = f"WHEN {is_moved}" if event == "UPDATE" else ""
    op.execute(f"CREATE TRIGGER {TABLE}_{event.lower()} AFTER {event} ON signature {when} BEGIN {changes} END")


def _select(row: str, keys: list[str]) -> str:
    """Return the query for the sum that a row before (`old...`) or after the change is in, and for what it counts."""
    values = ", ".join(f"{_value(row, key)} AS {key}" for key in keys)
    return f"SELECT {values}, {'-' if row.startswith('old') else ''}1 AS number"


def _value(row: str, key: str) -> str:
    return ERASED.format(row=row) if key == "erased" else f"{row}.{key}"


def _one_of(name: str, words: str) -> sa.Enum:
    """Return a type for these words, kept as text and checked by a constraint of that name."""
    return sa.Enum(*words.split(), name=name, native_enum=False, create_constraint=True, length=12)
