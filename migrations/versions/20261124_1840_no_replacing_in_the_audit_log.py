"""On SQLite, an entry of the audit log cannot be replaced: REPLACE deletes without the trigger that refuses it."""

from alembic import op

revision = "20261124_1840"
down_revision = "20261124_1830"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL refuses a second row of the same id by itself
        op.execute(
            "CREATE TRIGGER audit_entry_stays_insert BEFORE INSERT ON audit_entry"
            " WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)"
            " BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_entry_stays_insert")
