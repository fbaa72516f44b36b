"""Which rows each list had when it was handed over. Of earlier lists that is not known.

Revision ID: 20261129_0820
Revises: 20261129_0810
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0820"
down_revision = "20261129_0810"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hand_over", sa.Column("rows_known", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "hand_over_block",
        sa.Column("hand_over_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sent", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hand_over_id"],
            ["hand_over.id"],
            name=op.f("fk_hand_over_block_hand_over_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("hand_over_id", "block", name=op.f("pk_hand_over_block")),
    )


def downgrade() -> None:
    op.drop_table("hand_over_block")
    op.drop_column("hand_over", "rows_known")
