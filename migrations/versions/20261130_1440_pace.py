"""E-mails leave at the pace of each mailbox provider, and of the relay's quotas, which all workers share.

Revision ID: 20261130_1440
Revises: 20261130_1430
"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "20261130_1440"
down_revision = "20261130_1430"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_domain",
        sa.Column("domain_key", sa.LargeBinary(16), nullable=False),
        sa.Column("provider_key", sa.LargeBinary(16), nullable=False),
        sa.Column("takes_no_mail", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("known_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("domain_key", name=op.f("pk_mail_domain")),
    )
    op.create_index(op.f("ix_mail_domain_known_until"), "mail_domain", ["known_until"])
    op.create_table(
        "provider_pace",
        sa.Column("provider_key", sa.LargeBinary(16), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime()),
        sa.Column("queue_end", UtcDateTime()),
        sa.Column("paused_until", UtcDateTime()),
        sa.Column("pauses", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reply", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("provider_key", name=op.f("pk_provider_pace")),
    )
    op.create_index(op.f("ix_provider_pace_next_at"), "provider_pace", ["next_at"])
    op.create_table(
        "provider_connection",
        sa.Column("provider_key", sa.LargeBinary(16), nullable=False),
        sa.Column("claim", sa.LargeBinary(16), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider_key", "claim", name=op.f("pk_provider_connection")),
    )
    op.create_index(op.f("ix_provider_connection_claim"), "provider_connection", ["claim"])
    op.create_table(
        "departures",
        sa.Column("provider_key", sa.LargeBinary(16), nullable=False),
        sa.Column("slot", UtcDateTime(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("provider_key", "slot", name=op.f("pk_departures")),
    )
    op.create_index(op.f("ix_departures_slot"), "departures", ["slot"])
    op.create_table(
        "sending_address",
        sa.Column("address_key", sa.LargeBinary(16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_sending_address")),
    )
    op.add_column("outbox", sa.Column("provider_key", sa.LargeBinary(16)))
    op.add_column("outbox", sa.Column("leaves_at", UtcDateTime()))


def downgrade() -> None:
    op.drop_column("outbox", "leaves_at")
    op.drop_column("outbox", "provider_key")
    for table in ("sending_address", "departures", "provider_connection", "provider_pace", "mail_domain"):
        op.drop_table(table)
