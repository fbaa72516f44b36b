"""Whether a letter goes to an address with a tag, so that tags do not use up the letters of the mailbox itself.

Revision ID: 20261129_0930
Revises: 20261129_0840
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0930"
down_revision = "20261129_0840"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("is_tagged", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("outbox", "is_tagged")
