"""One delivery of a petition at a time: no other one is begun while one waits or is being made."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_1810"
down_revision = "20261124_1700"
branch_labels = None
depends_on = None

UNFINISHED = "making IN ('waiting', 'making')"


def upgrade() -> None:
    # Of those that wait now, each petition keeps the newest, which is the one that its page tells of.
    op.execute(
        "UPDATE delivery SET making = 'failed', leased_until = CURRENT_TIMESTAMP, claim = NULL"  # noqa: S608 - words of ours
        f" WHERE {UNFINISHED} AND id NOT IN (SELECT max(id) FROM delivery WHERE {UNFINISHED} GROUP BY petition_id)"
    )
    op.create_index(
        "ix_delivery_unfinished",
        "delivery",
        ["petition_id"],
        unique=True,
        sqlite_where=sa.text(UNFINISHED),
        postgresql_where=sa.text(UNFINISHED),
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_unfinished", "delivery")
