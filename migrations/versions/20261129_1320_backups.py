"""A journal of erasures, to be replayed after a restore; and letters that are held until somebody releases them.

Revision ID: 20261129_1320
Revises: 20261129_1040
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1320"
down_revision = "20261129_1310"
branch_labels = None
depends_on = None

CHANGES = ("withdrawn", "corrected", "declined", "lifted", "unwanted", "wanted", "account", "ended")
PROGRESS = ("waiting", "sent", "failed", "silent")


def upgrade() -> None:
    op.create_table(
        "erasure_journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("change", sa.String(12), nullable=False),
        sa.Column("key", sa.LargeBinary(48), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
        sa.CheckConstraint(_one_of("change", CHANGES), name=op.f("ck_erasure_journal_change")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_journal")),
    )
    _let_progress_be(*PROGRESS, "held")


def downgrade() -> None:
    op.execute("UPDATE outbox SET progress = 'waiting' WHERE progress = 'held'")
    _let_progress_be(*PROGRESS)
    op.drop_table("erasure_journal")


def _let_progress_be(*words: str) -> None:
    with op.batch_alter_table("outbox") as batch:
        batch.drop_constraint(op.f("ck_outbox_progress"), type_="check")
        batch.create_check_constraint(op.f("ck_outbox_progress"), _one_of("progress", words))


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"
