"""News that became a draft again, as whoever asked to send it was no owner any more when it came due, says so.

Revision ID: 20261130_1490
Revises: 20261130_1480
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1490"
down_revision = "20261130_1480"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("news", sa.Column("asker_left", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("news", "asker_left")
