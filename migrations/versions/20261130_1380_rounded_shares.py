"""Viewers see the shares by country, language and delay rounded and hourly.

Revision ID: 20261130_1380
Revises: 20261130_1370
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1380"
down_revision = "20261130_1370"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM hourly_numbers")  # they are made again within a minute
    with op.batch_alter_table("hourly_numbers") as batch:
        batch.add_column(sa.Column("shares", sa.JSON, nullable=False))


def downgrade() -> None:
    op.drop_column("hourly_numbers", "shares")
