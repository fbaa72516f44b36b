"""Organisers give themselves a name that the others see.

Revision ID: 20261130_1395
Revises: 20261130_1390
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1395"
down_revision = "20261130_1390"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organiser", sa.Column("sealed_name", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("organiser", "sealed_name")
