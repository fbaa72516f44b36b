"""Copies of forms without their addresses, for an hour, so that a mistyped address can be mended.

Revision ID: 20261129_0840
Revises: 20261129_0830
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0840"
down_revision = "20261129_0830"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "form_copy",
        sa.Column("public_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("text_id", serial, sa.ForeignKey("petition_text.id"), nullable=False),
        sa.Column("notice_id", serial, sa.ForeignKey("privacy_notice.id"), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("network_key", sa.LargeBinary(32)),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_form_copy_until", "form_copy", ["until"])


def downgrade() -> None:
    op.drop_table("form_copy")
