"""What signers can do from the confirmation letter: decline, type a code, be reminded once; and data that is erased."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_2200"
down_revision = "20261124_2000"
branch_labels = None
depends_on = None

BEFORE = ("signed", "confirmed", "organiser", "entry")


def upgrade() -> None:
    op.create_table(
        "unwanted",
        sa.Column("mailbox", sa.LargeBinary(16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_unwanted")),
    )
    op.create_table(
        "erasure",
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["privacy_notice.id"], name=op.f("fk_erasure_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_erasure")),
    )
    op.add_column("signature", sa.Column("code_hash", sa.LargeBinary(32), nullable=True))
    op.add_column("signature", sa.Column("code_tries", sa.SmallInteger, nullable=False, server_default="0"))
    op.add_column("signature", sa.Column("unwanted", sa.LargeBinary(16), nullable=True))
    op.add_column("signature", sa.Column("reminded", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("petition", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    _allow((*BEFORE, "reminder"))
    op.add_column("outbox", sa.Column("generation", sa.Integer, nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE occasion = 'reminder'")
    op.drop_column("outbox", "generation")
    _allow(BEFORE)
    op.drop_column("petition", "erased_at")
    for column in ("reminded", "unwanted", "code_tries", "code_hash"):
        op.drop_column("signature", column)
    op.drop_table("erasure")
    op.drop_table("unwanted")


def _allow(occasions: tuple[str, ...]) -> None:
    """Let the outbox take these occasions: SQLite alters no check, so there the table is made anew with its rows."""
    words = ", ".join(f"'{one}'" for one in occasions)
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(op.f("ck_outbox_occasion"), type_="check")
        outbox.create_check_constraint(op.f("ck_outbox_occasion"), f"occasion IN ({words})")
