"""Opting out: whether a mailbox's consent to updates was ended, and an act in the audit log for lifting it.

Of requests for letters to organisers, one waits for each mailbox.

Revision ID: 20261129_0640
Revises: 20261129_0615
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0640"
down_revision = "20261129_0615"
branch_labels = None
depends_on = None

ACTS = (
    *("created", "edited", "imported", "opened", "closed", "reopened", "invited", "joined", "role", "left", "exported"),
    *("invalidated", "restored", "hid", "showed", "appointed", "dismissed", "domain", "looked", "allowed"),
)


def upgrade() -> None:
    op.add_column("unwanted", sa.Column("consent_ended", sa.Boolean(), server_default=sa.false(), nullable=False))
    only = sa.text("priority = 10000 AND progress = 'waiting'")
    where = {"sqlite_where": only, "postgresql_where": only}
    op.create_index("uq_outbox_waiting_request", "outbox", ["mailbox"], unique=True, **where)
    triggers = _sqlite_triggers()  # they go with the table that SQLite makes anew
    with op.batch_alter_table("audit_entry") as batch:
        batch.drop_constraint(op.f("ck_audit_entry_act"), type_="check")
        condition = f"act IN ({', '.join(repr(act) for act in ACTS)})"
        batch.create_check_constraint(op.f("ck_audit_entry_act"), condition)
    for trigger in triggers:
        op.execute(trigger)


def downgrade() -> None:
    """Leave the act in the audit log, whose rows are never changed."""
    op.drop_index("uq_outbox_waiting_request", "outbox")
    op.drop_column("unwanted", "consent_ended")


def _sqlite_triggers() -> list[str]:
    if op.get_bind().dialect.name != "sqlite":
        return []
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'")
    return list(op.get_bind().scalars(query))
