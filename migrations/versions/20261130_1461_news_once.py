"""No signature has two e-mails of one piece of news, as a unique index sees to it.

Revision ID: 20261130_1461
Revises: 20261130_1460
"""

from alembic import op

revision = "20261130_1461"
down_revision = "20261130_1460"
branch_labels = None
depends_on = None

NAME = "uq_outbox_news_id"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, "outbox", if_exists=True, postgresql_concurrently=True)
        op.create_index(NAME, "outbox", ["news_id", "signature_id"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index(NAME, "outbox")
