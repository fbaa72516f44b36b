"""Since when members have their role, as consent to news takes an owner from before it was asked for.

Empty for those that had it before.

Revision ID: 20261130_1491
Revises: 20261130_1490
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1491"
down_revision = "20261130_1490"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("membership", sa.Column("role_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("membership", "role_since")
