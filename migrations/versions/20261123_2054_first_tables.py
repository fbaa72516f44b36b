"""The first tables: petitions and their words, signatures, the ledger and its tally, the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_2054"
down_revision = None
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "petition",
        sa.Column("id", serial, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("started_by", sa.String(length=200), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("goal", sa.Integer(), nullable=True),
        sa.Column("opened_at", moment, nullable=True),
        sa.Column("closes_at", moment, nullable=True),
        sa.Column("discreet", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("affiliation_field", sa.String(length=8), nullable=False),
        sa.Column("country_field", sa.String(length=8), nullable=False),
        sa.Column("comment_field", sa.String(length=8), nullable=False),
        sa.Column("initiators", sa.JSON(), nullable=False),
        sa.Column("donations", sa.JSON(), nullable=False),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("elsewhere", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("mailbox_key", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "affiliation_field IN ('required', 'optional', 'off')", name=op.f("ck_petition_affiliation_field")
        ),
        sa.CheckConstraint("comment_field IN ('required', 'optional', 'off')", name=op.f("ck_petition_comment_field")),
        sa.CheckConstraint("country_field IN ('required', 'optional', 'off')", name=op.f("ck_petition_country_field")),
        sa.CheckConstraint("goal IS NULL OR goal > 0", name=op.f("ck_petition_goal")),
        sa.PrimaryKeyConstraint("id", name="pk_petition"),
        sa.UniqueConstraint("public_id", name="uq_petition_public_id"),
        sa.UniqueConstraint("slug", name="uq_petition_slug"),
    )
    op.create_table(
        "petition_text",
        sa.Column("id", serial, nullable=False),
        sa.Column("petition_id", serial, nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_petition_text_petition_id"),
        sa.PrimaryKeyConstraint("id", name="pk_petition_text"),
        sa.UniqueConstraint("petition_id", "language", "version", name="uq_petition_text_petition_id_language_version"),
    )
    op.create_table(
        "privacy_notice",
        sa.Column("id", serial, nullable=False),
        sa.Column("petition_id", serial, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("controller_name", sa.String(length=200), nullable=False),
        sa.Column("controller_address", sa.Text(), nullable=False),
        sa.Column("controller_email", sa.String(length=254), nullable=False),
        sa.Column("addressed_to", sa.Text(), nullable=False),
        sa.Column("erase_after_days", sa.Integer(), nullable=False),
        sa.Column("more", sa.Text(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_privacy_notice_petition_id"),
        sa.PrimaryKeyConstraint("id", name="pk_privacy_notice"),
        sa.UniqueConstraint("petition_id", "version", name="uq_privacy_notice_petition_id_version"),
    )
    op.create_table(
        "tally",
        sa.Column("petition_id", serial, nullable=False),
        sa.Column("base", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_tally_petition_id"),
        sa.PrimaryKeyConstraint("petition_id", name="pk_tally"),
    )
    op.create_table(
        "signature",
        sa.Column("id", serial, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("petition_id", serial, nullable=False),
        sa.Column("text_id", serial, nullable=False),
        sa.Column("notice_id", serial, nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "verified",
                "withdrawn",
                "invalidated",
                "declined",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("email_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "public",
                "delivery",
                "organisers",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("updates", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("signed_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=True),
        sa.Column("verified_at", moment, nullable=True),
        sa.CheckConstraint("state <> 'pending' OR sealed IS NOT NULL", name=op.f("ck_signature_pending_data")),
        sa.CheckConstraint(
            "state NOT IN ('withdrawn', 'declined') OR sealed IS NULL", name=op.f("ck_signature_erased_data")
        ),
        sa.CheckConstraint("sealed IS NULL OR email_key IS NOT NULL", name=op.f("ck_signature_sealed_has_key")),
        sa.ForeignKeyConstraint(["notice_id"], ["privacy_notice.id"], name="fk_signature_notice_id"),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_signature_petition_id"),
        sa.ForeignKeyConstraint(["text_id"], ["petition_text.id"], name="fk_signature_text_id"),
        sa.PrimaryKeyConstraint("id", name="pk_signature"),
        sa.UniqueConstraint("petition_id", "email_key", name="uq_signature_petition_id_email_key"),
        sa.UniqueConstraint("public_id", name="uq_signature_public_id"),
    )
    op.create_index(
        "ix_signature_public_names",
        "signature",
        ["petition_id", "verified_at", "id"],
        sqlite_where=sa.text("state = 'verified' AND visibility = 'public'"),
        postgresql_where=sa.text("state = 'verified' AND visibility = 'public'"),
    )
    op.create_index(
        "ix_signature_unconfirmed",
        "signature",
        ["expires_at"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )

    op.create_table(
        "ledger",
        sa.Column("id", serial, nullable=False),
        sa.Column("petition_id", serial, nullable=False),
        sa.Column("signature_id", serial, nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "confirmed",
                "withdrawn",
                "invalidated",
                "restored",
                "corrected",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("delta", sa.SmallInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("folded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'confirmed' AND delta = 1) OR (kind = 'withdrawn' AND delta = -1)"
            " OR (kind = 'invalidated' AND delta = -1) OR (kind = 'restored' AND delta = 1)"
            " OR (kind = 'corrected' AND delta = 0)",
            name=op.f("ck_ledger_delta_of_kind"),
        ),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_ledger_petition_id"),
        sa.ForeignKeyConstraint(["signature_id"], ["signature.id"], name="fk_ledger_signature_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
        sa.UniqueConstraint("signature_id", "change", name="uq_ledger_signature_id_change"),
    )
    op.create_index("ix_ledger_petition_id_at", "ledger", ["petition_id", "at"])
    op.create_index(
        "ix_ledger_unfolded",
        "ledger",
        ["petition_id"],
        sqlite_where=sa.text("folded = 0"),
        postgresql_where=sa.text("NOT folded"),
    )

    op.create_table(
        "outbox",
        sa.Column("id", serial, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("signature_id", serial, nullable=True),
        sa.Column("petition_id", serial, nullable=False),
        sa.Column(
            "occasion",
            sa.Enum("signed", "confirmed", name="occasion", native_enum=False, create_constraint=True, length=12),
            nullable=False,
        ),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=True),
        sa.Column(
            "progress",
            sa.Enum(
                "waiting",
                "sent",
                "failed",
                "silent",
                name="progress",
                native_enum=False,
                create_constraint=True,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("queued_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("allowed_at", moment, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claim", sa.LargeBinary(length=16), nullable=True),
        sa.Column("leased_until", moment, nullable=True),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_outbox_petition_id"),
        sa.ForeignKeyConstraint(["signature_id"], ["signature.id"], name="fk_outbox_signature_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("public_id", name="uq_outbox_public_id"),
    )
    op.create_index("ix_outbox_due", "outbox", ["progress", "priority", "due_at", "id"])
    op.create_index("ix_outbox_mailbox_allowed_at", "outbox", ["mailbox", "allowed_at"])
    op.create_index("ix_outbox_signature_id", "outbox", ["signature_id"])


def downgrade() -> None:

    op.drop_table("outbox")

    op.drop_table("ledger")

    op.drop_table("signature")
    op.drop_table("tally")
    op.drop_table("privacy_notice")
    op.drop_table("petition_text")
    op.drop_table("petition")
