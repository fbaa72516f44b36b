"""Organisers: accounts, roles, the audit log, hand-overs; letters to organisers; header images; texts that changed."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_1530"
down_revision = "20261124_1520"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)

NEW_TABLES = (
    "delivery_volume",
    "delivery",
    "picture",
    "passkey",
    "membership",
    "hand_over",
    "audit_entry",
    "site",
    "organiser",
)
OLD_OUTBOX = (
    "id, public_id, signature_id, petition_id, occasion, priority, mailbox, progress, queued_at, due_at, allowed_at,"
    " attempts, claim, leased_until, reply, ended_at"
)
OCCASIONS = ("signed", "confirmed")
FORBIDDEN = "the audit log is only ever added to"


def upgrade() -> None:
    _make_tables()
    _let_nobody_change_the_audit_log()
    op.add_column("petition", sa.Column("donations_changed_at", moment, nullable=True))
    op.add_column("petition", sa.Column("image_alt", sa.String(length=200), server_default="", nullable=False))
    op.add_column("petition_text", sa.Column("after_signatures", sa.BigInteger(), server_default="0", nullable=False))
    _remake_outbox((*OCCASIONS, "organiser"), for_organisers=True)


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE occasion = 'organiser'")
    _remake_outbox(OCCASIONS, for_organisers=False)
    op.drop_column("petition_text", "after_signatures")
    for column in ("image_alt", "donations_changed_at"):
        op.drop_column("petition", column)
    for table in NEW_TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entry_stays()")


def _make_tables() -> None:
    op.create_table(
        "organiser",
        sa.Column("id", serial, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("email_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed_email", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("is_administrator", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("fs_webauthn_user_handle", sa.String(length=64), nullable=True),
        sa.Column("tf_primary_method", sa.String(length=16), nullable=True),
        sa.Column("sealed_totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_counter", sa.Integer(), nullable=True),
        sa.Column("sealed_recovery_codes", sa.LargeBinary(), nullable=True),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("invited_until", moment, nullable=True),
        sa.Column("joined_at", moment, nullable=True),
        sa.CheckConstraint("(email_key IS NULL) = (sealed_email IS NULL)", name=op.f("ck_organiser_address_whole")),
        sa.PrimaryKeyConstraint("id", name="pk_organiser"),
        sa.UniqueConstraint("email_key", name="uq_organiser_email_key"),
        sa.UniqueConstraint("fs_uniquifier", name="uq_organiser_fs_uniquifier"),
        sa.UniqueConstraint("fs_webauthn_user_handle", name="uq_organiser_fs_webauthn_user_handle"),
        sa.UniqueConstraint("public_id", name="uq_organiser_public_id"),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("mailbox_key", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_site_only_one")),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", serial, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("petition_id", serial, nullable=True),
        sa.Column("organiser_id", serial, nullable=True),
        sa.Column("subject_id", serial, nullable=True),
        sa.Column(
            "act",
            sa.Enum(
                "created",
                "edited",
                "imported",
                "opened",
                "closed",
                "reopened",
                "invited",
                "joined",
                "role",
                "left",
                "exported",
                "invalidated",
                "restored",
                "hid",
                "showed",
                "appointed",
                "dismissed",
                name="act",
                native_enum=False,
                create_constraint=True,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["organiser_id"], ["organiser.id"], name="fk_audit_entry_organiser_id"),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_audit_entry_petition_id"),
        sa.ForeignKeyConstraint(["subject_id"], ["organiser.id"], name="fk_audit_entry_subject_id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
    )
    op.create_index("ix_audit_entry_petition_id_id", "audit_entry", ["petition_id", "id"])

    op.create_table(
        "hand_over",
        sa.Column("id", serial, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("petition_id", serial, nullable=False),
        sa.Column("organiser_id", serial, nullable=True),
        sa.Column("at", moment, nullable=False),
        sa.Column(
            "format",
            sa.Enum("csv", "xlsx", "json", "pdf", name="format", native_enum=False, create_constraint=True, length=12),
            nullable=False,
        ),
        sa.Column("choice", sa.JSON(), nullable=False),
        sa.Column("sealed_recipient", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organiser_id"], ["organiser.id"], name="fk_hand_over_organiser_id"),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_hand_over_petition_id"),
        sa.PrimaryKeyConstraint("id", name="pk_hand_over"),
        sa.UniqueConstraint("public_id", name="uq_hand_over_public_id"),
    )
    op.create_index("ix_hand_over_petition_id_id", "hand_over", ["petition_id", "id"])

    op.create_table(
        "membership",
        sa.Column("petition_id", serial, autoincrement=False, nullable=False),
        sa.Column("organiser_id", serial, autoincrement=False, nullable=False),
        sa.Column(
            "role",
            sa.Enum("viewer", "editor", "owner", name="role", native_enum=False, create_constraint=True, length=12),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["organiser_id"], ["organiser.id"], name="fk_membership_organiser_id"),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_membership_petition_id"),
        sa.PrimaryKeyConstraint("petition_id", "organiser_id", name="pk_membership"),
    )
    op.create_index("ix_membership_organiser_id", "membership", ["organiser_id"])

    op.create_table(
        "passkey",
        sa.Column("id", serial, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("user_id", serial, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1024), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("transports", sa.Text(), nullable=True),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("device_type", sa.String(length=64), nullable=False),
        sa.Column("extensions", sa.Text(), nullable=True),
        sa.Column("usage", sa.String(length=16), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("lastuse_datetime", moment, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["organiser.id"], name="fk_passkey_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.UniqueConstraint("credential_id", name="uq_passkey_credential_id"),
        sa.UniqueConstraint("public_id", name="uq_passkey_public_id"),
    )
    op.create_index("ix_passkey_user_id", "passkey", ["user_id"])

    op.create_table(
        "picture",
        sa.Column("id", serial, nullable=False),
        sa.Column("petition_id", serial, nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_picture_petition_id"),
        sa.PrimaryKeyConstraint("id", name="pk_picture"),
        sa.UniqueConstraint("petition_id", "digest", "width", name="uq_picture_petition_id_digest_width"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", serial, nullable=False),
        sa.Column("hand_over_id", serial, nullable=False),
        sa.Column("petition_id", serial, nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column(
            "making",
            sa.Enum(
                "waiting",
                "making",
                "ready",
                "failed",
                name="making",
                native_enum=False,
                create_constraint=True,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("rows_wanted", sa.BigInteger(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claim", sa.LargeBinary(length=16), nullable=True),
        sa.Column("leased_until", moment, nullable=True),
        sa.Column("ready_until", moment, nullable=True),
        sa.ForeignKeyConstraint(["hand_over_id"], ["hand_over.id"], name="fk_delivery_hand_over_id"),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_delivery_petition_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("hand_over_id", name="uq_delivery_hand_over_id"),
    )
    op.create_index("ix_delivery_making", "delivery", ["making", "id"])

    op.create_table(
        "delivery_volume",
        sa.Column("delivery_id", serial, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name="fk_delivery_volume_delivery_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_delivery_volume"),
        sa.UniqueConstraint("public_id", name="uq_delivery_volume_public_id"),
    )


def _let_nobody_change_the_audit_log() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{FORBIDDEN}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_stays()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_entry_stays_{change.lower()} BEFORE {change} ON audit_entry"
            f" BEGIN SELECT RAISE(ABORT, '{FORBIDDEN}'); END"
        )


def _remake_outbox(occasions: tuple[str, ...], *, for_organisers: bool) -> None:
    """Make the outbox anew with these occasions and its letters in it: SQLite cannot alter a check."""
    for name in ("ix_outbox_due", "ix_outbox_mailbox_allowed_at", "ix_outbox_signature_id"):
        op.drop_index(name, "outbox")
    op.rename_table("outbox", "old_outbox")
    if op.get_bind().dialect.name == "postgresql":  # names of constraints are the schema's there, not the table's
        for name in ("pk_outbox", "uq_outbox_public_id"):
            op.execute(f"ALTER INDEX {name} RENAME TO old_{name}")
        op.execute("ALTER SEQUENCE outbox_id_seq RENAME TO old_outbox_id_seq")
    only_with_organisers: list[sa.schema.SchemaItem] = [
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "occasion = 'organiser' OR petition_id IS NOT NULL", name=op.f("ck_outbox_petition_of_signer")
        ),
        sa.CheckConstraint("occasion = 'organiser' OR sealed IS NULL", name=op.f("ck_outbox_sealed_of_organiser")),
    ]
    op.create_table(
        "outbox",
        sa.Column("id", serial, nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("signature_id", serial, nullable=True),
        sa.Column("petition_id", serial, nullable=for_organisers),
        sa.Column(
            "occasion",
            sa.Enum(*occasions, name="occasion", native_enum=False, create_constraint=True, length=12),
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
        *(only_with_organisers if for_organisers else []),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_outbox_petition_id"),
        sa.ForeignKeyConstraint(["signature_id"], ["signature.id"], name="fk_outbox_signature_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("public_id", name="uq_outbox_public_id"),
    )
    op.execute(f"INSERT INTO outbox ({OLD_OUTBOX}) SELECT {OLD_OUTBOX} FROM old_outbox")  # noqa: S608 - names of ours
    op.drop_table("old_outbox")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT setval('outbox_id_seq', coalesce((SELECT max(id) FROM outbox), 0) + 1, false)")
    op.create_index("ix_outbox_due", "outbox", ["progress", "priority", "due_at", "id"])
    op.create_index("ix_outbox_mailbox_allowed_at", "outbox", ["mailbox", "allowed_at"])
    op.create_index("ix_outbox_signature_id", "outbox", ["signature_id"])
