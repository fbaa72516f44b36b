"""The journal of erasures names drafts whose words were erased, and signatures whose consent to updates ended.

Revision ID: 20261129_1350
Revises: 20261129_1340
"""

from alembic import op

revision = "20261129_1350"
down_revision = "20261129_1340"
branch_labels = None
depends_on = None

CHANGES = ("withdrawn", "corrected", "declined", "lifted", "unwanted", "wanted", "account", "ended")


def upgrade() -> None:
    _let_change_be(*CHANGES, "draft", "consent")


def downgrade() -> None:
    op.execute("DELETE FROM erasure_journal WHERE change IN ('draft', 'consent')")
    _let_change_be(*CHANGES)


def _let_change_be(*words: str) -> None:
    with op.batch_alter_table("erasure_journal") as batch:
        batch.drop_constraint(op.f("ck_erasure_journal_change"), type_="check")
        batch.create_check_constraint(
            op.f("ck_erasure_journal_change"), f"change IN ({', '.join(repr(word) for word in words)})"
        )
