"""What the e-mail of news says of its petition is kept when an owner asks to send it.

Revision ID: 20261130_1492
Revises: 20261130_1491
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1492"
down_revision = "20261130_1491"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("news_text", sa.Column("about_petition", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("news_text", "about_petition")
