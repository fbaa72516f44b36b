"""Which e-mails came back, and which mailboxes get none any more; and how many did, for viewers.

Revision ID: 20261130_1450
Revises: 20261130_1440
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1450"
down_revision = "20261130_1440"
branch_labels = None
depends_on = None

KINDS = ("unsent", "delayed", "soft", "blocked", "full", "hard", "complaint")
NUMBERS = ("came_back", "complained")


def _kind() -> sa.Enum:
    return sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=12)


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "bounced_mailbox",
        sa.Column("mailbox", sa.LargeBinary(16), primary_key=True),
        sa.Column("kind", _kind(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delay_seconds", sa.Integer(), nullable=False),
    )
    op.create_index("ix_bounced_mailbox_since", "bounced_mailbox", ["since"])
    op.create_table(
        "returned_email",
        sa.Column("public_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id")),
        sa.Column("kind", _kind(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_returned_email_at", "returned_email", ["at"])
    op.create_index("ix_returned_email_petition_id_kind", "returned_email", ["petition_id", "kind"])
    for name in NUMBERS:
        op.add_column("hourly_numbers", sa.Column(name, sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    for name in NUMBERS:
        op.drop_column("hourly_numbers", name)
    op.drop_table("returned_email")
    op.drop_table("bounced_mailbox")
