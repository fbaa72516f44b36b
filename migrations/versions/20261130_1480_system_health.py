"""What the worker found when it looked at the set-up is kept, for the page System health.

Revision ID: 20261130_1480
Revises: 20261130_1470
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1480"
down_revision = "20261130_1470"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "health_report",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_health_report_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_report")),
    )


def downgrade() -> None:
    op.drop_table("health_report")
