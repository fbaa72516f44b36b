"""What the site is watched by: counters, when jobs last succeeded, and what checks of counts found.

Revision ID: 20261129_1310
Revises: 20261129_1040
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1310"
down_revision = "20261129_1040"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("labels", sa.String(200), primary_key=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "job_success",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "count_check",
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("differences", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    for table in ("count_check", "job_success", "counter"):
        op.drop_table(table)
