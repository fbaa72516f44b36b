"""Organisers are told what happens to their petition, each thing once, and choose what.

Revision ID: 20261130_1470
Revises: 20261130_1462
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1470"
down_revision = "20261130_1462"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = ("first", "share", "goal", "attack", "mail", "objection")


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("petition_id", serial, autoincrement=False, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=12),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_notice_petition_id")),
        sa.PrimaryKeyConstraint("petition_id", "kind", "number", name=op.f("pk_notice")),
    )
    op.add_column("membership", sa.Column("notices", sa.JSON(), nullable=True))
    # What was reached before is no news to anybody.
    op.execute(
        "INSERT INTO notice (petition_id, kind, number, at)"
        " SELECT petition_id, 'goal', base, changed_at FROM tally WHERE base > 0"
    )
    op.execute(
        "INSERT INTO notice (petition_id, kind, number, at)"
        " SELECT petition_id, 'objection', declined, at FROM hourly_numbers WHERE declined > 0"
    )


def downgrade() -> None:
    op.drop_column("membership", "notices")
    op.drop_table("notice")
