"""The data keys that something may be sealed with, by their ids, so that a start without one of them is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_2210"
down_revision = "20261124_2200"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_key",
        sa.Column("key_id", sa.LargeBinary(length=4), nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("probe", sa.LargeBinary(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_data_key"),
    )


def downgrade() -> None:
    op.drop_table("data_key")
