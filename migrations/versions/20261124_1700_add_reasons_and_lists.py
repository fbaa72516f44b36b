"""Why a signature does not count, what of it is hidden, and the indexes that organisers' pages read."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_1700"
down_revision = "20261124_1530"
branch_labels = None
depends_on = None

REASONS = "'made-up', 'duplicate', 'not-theirs', 'automated', 'offensive', 'other'"
PUBLIC = "state = 'verified' AND visibility = 'public'"


def upgrade() -> None:
    # SQLite adds a computed column in place only if it is not stored, PostgreSQL indexes it only if it is.
    listed = sa.Computed("coalesce(verified_at, signed_at)", persisted=op.get_bind().dialect.name == "postgresql")
    # Each check stands with its column: SQLite adds it so in place, and would otherwise want the whole table anew.
    added: list[sa.Column[object]] = [
        sa.Column("listed_at", sa.DateTime(timezone=True), listed),
        sa.Column(
            "reason",
            sa.String(length=12),
            sa.CheckConstraint(f"reason IN ({REASONS})", name=op.f("ck_signature_reason")),
            sa.CheckConstraint(
                "(state = 'invalidated') = (reason IS NOT NULL)", name=op.f("ck_signature_reason_of_invalidated")
            ),
        ),
        sa.Column(
            "note_sealed",
            sa.LargeBinary(),
            sa.CheckConstraint(
                "note_sealed IS NULL OR (state = 'invalidated' AND sealed IS NOT NULL)",
                name=op.f("ck_signature_note_of_invalidated"),
            ),
        ),
        sa.Column("hidden_name", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("hidden_comment", sa.Boolean(), server_default=sa.false(), nullable=False),
    ]
    for column in added:
        op.add_column("signature", column)
    op.drop_index("ix_signature_public_names", "signature")
    _index_public_names(f"{PUBLIC} AND hidden_name = 0", f"{PUBLIC} AND NOT hidden_name")
    op.create_index("ix_signature_list", "signature", ["petition_id", "state", "listed_at", "public_id"])
    op.create_index(
        "ix_signature_list_of_country",
        "signature",
        ["petition_id", "country", "state", "listed_at", "public_id", "language"],
    )
    op.drop_index("ix_ledger_petition_id_at", "ledger")
    op.create_index("ix_ledger_petition_id_at_delta", "ledger", ["petition_id", "at", "delta"])
    op.create_index("ix_outbox_petition_id_progress", "outbox", ["petition_id", "progress"])


def downgrade() -> None:
    # Without their reasons they could not come back up again, and no version before this one knows what they are.
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM signature WHERE state = 'invalidated'")):
        raise RuntimeError("signatures are invalidated, which the version before does not know: put a backup back")
    op.drop_index("ix_outbox_petition_id_progress", "outbox")
    op.drop_index("ix_ledger_petition_id_at_delta", "ledger")
    op.create_index("ix_ledger_petition_id_at", "ledger", ["petition_id", "at"])
    op.drop_index("ix_signature_list_of_country", "signature")
    op.drop_index("ix_signature_list", "signature")
    op.drop_index("ix_signature_public_names", "signature")
    _index_public_names(PUBLIC, PUBLIC)
    for name in ("hidden_comment", "hidden_name", "note_sealed", "reason", "listed_at"):
        op.drop_column("signature", name)


def _index_public_names(sqlite: str, postgresql: str) -> None:
    op.create_index(
        "ix_signature_public_names",
        "signature",
        ["petition_id", "verified_at", "id"],
        sqlite_where=sa.text(sqlite),
        postgresql_where=sa.text(postgresql),
    )
