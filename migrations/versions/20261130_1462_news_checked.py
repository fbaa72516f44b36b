"""The check of what e-mails are about is validated, beside those who write.

Revision ID: 20261130_1462
Revises: 20261130_1461
"""

from alembic import op

revision = "20261130_1462"
down_revision = "20261130_1461"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE outbox VALIDATE CONSTRAINT ck_outbox_occasion")


def downgrade() -> None:
    """Leave it validated: its words stay allowed."""
