"""When a form without a proof of work had its turn in the slow lane is kept apart from when its letter was written.

Revision ID: 20261129_1360
Revises: 20261129_1350
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1360"
down_revision = "20261129_1350"
branch_labels = None
depends_on = None

ALLOWED, TURN = "ix_outbox_without_proof_allowed_at", "ix_outbox_without_proof_turn_at"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("turn_at", sa.DateTime(timezone=True), nullable=True))
    without_proof = "NOT had_proof_of_work" if op.get_bind().dialect.name == "postgresql" else "had_proof_of_work = 0"
    op.execute(f"UPDATE outbox SET turn_at = allowed_at WHERE {without_proof} AND allowed_at IS NOT NULL")
    op.drop_index(op.f(ALLOWED), table_name="outbox")
    _make_index(TURN, "turn_at")


def downgrade() -> None:
    op.drop_index(op.f(TURN), table_name="outbox")
    op.drop_column("outbox", "turn_at")
    _make_index(ALLOWED, "allowed_at")


def _make_index(name: str, column: str) -> None:
    op.create_index(
        op.f(name),
        "outbox",
        ["petition_id", column],
        sqlite_where=sa.text(f"had_proof_of_work = 0 AND {column} IS NOT NULL"),
        postgresql_where=sa.text(f"NOT had_proof_of_work AND {column} IS NOT NULL"),
    )
