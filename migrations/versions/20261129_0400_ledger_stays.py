"""The ledger is only ever added to: the database refuses all but new rows and the mark that one is folded.

Revision ID: 20261129_0400
Revises: 20261128_2312
"""

from alembic import op

revision = "20261129_0400"
down_revision = "20261128_2312"
branch_labels = None
depends_on = None

REFUSAL = "the ledger is only ever added to"
FIXED = ("id", "petition_id", "signature_id", "change", "kind", "delta", "at")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _create_postgresql_triggers()
    else:
        _create_sqlite_triggers()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER ledger_stays_{name} ON ledger")
        op.execute("DROP FUNCTION ledger_stays()")
    else:
        for name in ("update", "delete", "insert"):
            op.execute(f"DROP TRIGGER ledger_stays_{name}")


def _create_postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION ledger_stays() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in FIXED)
    op.execute(
        f"CREATE TRIGGER ledger_stays_update BEFORE UPDATE ON ledger FOR EACH ROW WHEN ({changed} OR NOT NEW.folded)"
        " EXECUTE FUNCTION ledger_stays()"
    )
    for event in ("delete", "truncate"):
        op.execute(
            f"CREATE TRIGGER ledger_stays_{event} BEFORE {event.upper()} ON ledger"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays()"
        )


def _create_sqlite_triggers() -> None:
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in FIXED)
    # REPLACE deletes a row without firing the trigger on DELETE, so an INSERT of what is taken is refused too.
    for name, event in {
        "update": f"BEFORE UPDATE ON ledger WHEN {changed} OR NOT NEW.folded",
        "delete": "BEFORE DELETE ON ledger",
        "insert": "BEFORE INSERT ON ledger WHEN EXISTS (SELECT 1 FROM ledger WHERE id = NEW.id)"
        " OR EXISTS (SELECT 1 FROM ledger WHERE signature_id = NEW.signature_id AND change = NEW.change)",
    }.items():
        op.execute(f"CREATE TRIGGER ledger_stays_{name} {event} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END")
