"""Networks take turns in the slow lane by a key of the outbox's own, and viewers' numbers tell when they last moved.

Revision ID: 20261129_1040
Revises: 20261129_0940
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1040"
down_revision = "20261129_0940"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("lane_key", sa.LargeBinary(32)))
    op.execute("DELETE FROM hourly_numbers")  # they are made again within a minute
    with op.batch_alter_table("hourly_numbers") as batch:
        batch.add_column(sa.Column("moved_at", sa.JSON(), nullable=False))


def downgrade() -> None:
    op.drop_column("hourly_numbers", "moved_at")
    op.drop_column("outbox", "lane_key")
