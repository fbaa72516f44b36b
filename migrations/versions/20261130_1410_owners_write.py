"""Owners may keep the right to change the text of an open petition to themselves.

Revision ID: 20261130_1410
Revises: 20261130_1400
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1410"
down_revision = "20261130_1400"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("petition", sa.Column("owners_write", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("petition", "owners_write")
