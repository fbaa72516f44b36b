"""Drafts of petitions can be deleted, and the log says so.

Revision ID: 20261130_1390
Revises: 20261130_1380
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1390"
down_revision = "20261130_1380"
branch_labels = None
depends_on = None

ACTS = (
    *("created", "edited", "imported", "opened", "closed", "reopened", "invited", "joined", "role", "left", "exported"),
    *("invalidated", "restored", "hid", "showed", "appointed", "dismissed", "domain", "looked", "allowed"),
    *("entitled", "disentitled", "listed", "sought", "deleted"),
)


def upgrade() -> None:
    # With its check in the column: SQLite then needs no copy of the table.
    moment = "TIMESTAMP WITH TIME ZONE" if op.get_bind().dialect.name == "postgresql" else "DATETIME"
    op.execute(
        f"ALTER TABLE petition ADD COLUMN deleted_at {moment} CONSTRAINT ck_petition_only_drafts_deleted"
        " CHECK (deleted_at IS NULL OR opened_at IS NULL)"
    )
    triggers = _sqlite_triggers()  # they go with the table that SQLite makes anew
    with op.batch_alter_table("audit_entry") as batch:
        batch.drop_constraint(op.f("ck_audit_entry_act"), type_="check")
        condition = f"act IN ({', '.join(repr(act) for act in ACTS)})"
        batch.create_check_constraint(op.f("ck_audit_entry_act"), condition)
    for trigger in triggers:
        op.execute(trigger)


def downgrade() -> None:
    """Leave the acts in the audit log, whose rows are never changed."""
    op.execute("ALTER TABLE petition DROP COLUMN deleted_at")


def _sqlite_triggers() -> list[str]:
    if op.get_bind().dialect.name != "sqlite":
        return []
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'")
    return list(op.get_bind().scalars(query))
