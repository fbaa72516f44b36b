"""Letters to forms without a proof of work, which may have to wait, and the proofs that were used."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_2240"
down_revision = "20261124_2230"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
INDEXES = {
    "ix_outbox_unproven_queued_at": (("petition_id", "queued_at"), "proven = 0", "NOT proven"),
    "ix_outbox_unproven_allowed_at": (
        ("petition_id", "allowed_at"),
        "proven = 0 AND allowed_at IS NOT NULL",
        "NOT proven AND allowed_at IS NOT NULL",
    ),
    "ix_outbox_put_off": (("petition_id", "put_off_until"), "put_off_until IS NOT NULL", "put_off_until IS NOT NULL"),
}


def upgrade() -> None:
    op.create_table(
        "spent_proof",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_spent_proof"),
    )
    op.create_index("ix_spent_proof_until", "spent_proof", ["until"])
    op.add_column("outbox", sa.Column("proven", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("outbox", sa.Column("put_off_until", moment))
    for name, (columns, on_sqlite, on_postgresql) in INDEXES.items():
        where = {"sqlite_where": sa.text(on_sqlite), "postgresql_where": sa.text(on_postgresql)}
        op.create_index(name, "outbox", list(columns), **where)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "outbox")
    op.drop_column("outbox", "put_off_until")
    op.drop_column("outbox", "proven")
    op.drop_table("spent_proof")
