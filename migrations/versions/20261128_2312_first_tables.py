"""The first tables: petitions, signatures and their count, letters, organisers, the audit log, hand-overs, the site.

Constraints get their names from the naming convention in app/db.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_2312"
down_revision = None
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)

TABLES = (
    *("petition", "petition_text", "privacy_notice", "picture", "domain_rule", "erasure"),
    *("signature", "suspicion", "ledger", "tally"),
    *("outbox", "unwanted"),
    *("organiser", "passkey", "sign_in", "login_attempt", "membership", "audit_entry"),
    *("hand_over", "delivery", "delivery_volume"),
    *("site", "data_key", "spent_proof"),
)


def upgrade() -> None:
    _create_petitions()
    _create_signatures()
    _create_count()
    _create_letters()
    _create_organisers()
    _create_audit_log()
    _create_hand_overs()
    _create_site()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entry_stays()")


def _create_petitions() -> None:
    """Create petitions, the versions of their texts and privacy notices, and what organisers decide about each."""
    op.create_table(
        "petition",
        sa.Column("id", serial, primary_key=True),
        sa.Column("public_id", sa.LargeBinary(16), unique=True, nullable=False),
        sa.Column("slug", sa.String(80), unique=True, nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("started_by", sa.String(200), nullable=False),
        sa.Column("started_on", sa.Date()),
        sa.Column("goal", sa.Integer()),
        sa.Column("opened_at", moment),
        sa.Column("closes_at", moment),
        sa.Column("erased_at", moment),
        sa.Column("discreet", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("contact", sa.String(254), nullable=False),
        sa.Column("affiliation_field", _one_of("affiliation_field", "required optional off", 8), nullable=False),
        sa.Column("country_field", _one_of("country_field", "required optional off", 8), nullable=False),
        sa.Column("comment_field", _one_of("comment_field", "required optional off", 8), nullable=False),
        sa.Column("initiators", sa.JSON(), nullable=False),
        sa.Column("donations", sa.JSON(), nullable=False),
        sa.Column("donations_changed_at", moment),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("elsewhere", sa.JSON()),
        sa.Column("image_alt", sa.String(200), server_default="", nullable=False),
        sa.Column("mailbox_key", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("goal IS NULL OR goal > 0", name="goal"),
    )
    op.create_table(
        "petition_text",
        sa.Column("id", serial, primary_key=True),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("after_signatures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.UniqueConstraint("petition_id", "language", "version"),
    )
    op.create_table(
        "privacy_notice",
        sa.Column("id", serial, primary_key=True),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("controller_name", sa.String(200), nullable=False),
        sa.Column("controller_address", sa.Text(), nullable=False),
        sa.Column("controller_email", sa.String(254), nullable=False),
        sa.Column("addressed_to", sa.Text(), nullable=False),
        sa.Column("erase_after_days", sa.Integer(), nullable=False),
        sa.Column("more", sa.Text(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.UniqueConstraint("petition_id", "version"),
    )
    op.create_table(
        "picture",
        sa.Column("id", serial, primary_key=True),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("petition_id", "digest", "width"),
    )
    op.create_table(
        "domain_rule",
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), primary_key=True),
        sa.Column("domain", sa.String(254), primary_key=True),
        sa.Column("verdict", _one_of("verdict", "allow block"), nullable=False),
        sa.Column("made_at", moment, nullable=False),
    )
    op.create_table(
        "erasure",
        sa.Column("notice_id", serial, sa.ForeignKey("privacy_notice.id"), primary_key=True),
        sa.Column("done_at", moment, nullable=False),
    )


def _create_signatures() -> None:
    """Create signatures, one row for each petition and mailbox, and why some of them look like a burst."""
    # PostgreSQL indexes a computed column only if it is stored; SQLite need not store it for that.
    stored = op.get_bind().dialect.name == "postgresql"
    reasons = "made-up duplicate not-theirs automated offensive other"
    op.create_table(
        "signature",
        sa.Column("id", serial, primary_key=True),
        sa.Column("public_id", sa.LargeBinary(16), unique=True, nullable=False),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("text_id", serial, sa.ForeignKey("petition_text.id"), nullable=False),
        sa.Column("notice_id", serial, sa.ForeignKey("privacy_notice.id"), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("state", _one_of("state", "pending verified withdrawn invalidated declined"), nullable=False),
        sa.Column("email_key", sa.LargeBinary(32)),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("visibility", _one_of("visibility", "public delivery organisers"), nullable=False),
        sa.Column("updates", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("signed_at", moment, nullable=False),
        sa.Column("expires_at", moment),
        sa.Column("verified_at", moment),
        sa.Column("listed_at", moment, sa.Computed("coalesce(verified_at, signed_at)", persisted=stored)),
        sa.Column("code_hash", sa.LargeBinary(32)),
        sa.Column("code_tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("reminded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("unwanted", sa.LargeBinary(16)),
        sa.Column("reason", _one_of("reason", reasons)),
        sa.Column("note_sealed", sa.LargeBinary()),
        sa.Column("hidden_name", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("hidden_comment", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("network_key", sa.LargeBinary(32)),
        sa.Column("domain_key", sa.LargeBinary(32)),
        sa.UniqueConstraint("petition_id", "email_key"),
        sa.CheckConstraint("sealed IS NULL OR email_key IS NOT NULL", name="sealed_has_key"),
        sa.CheckConstraint("state <> 'pending' OR sealed IS NOT NULL", name="pending_data"),
        sa.CheckConstraint("state NOT IN ('withdrawn', 'declined') OR sealed IS NULL", name="erased_data"),
        sa.CheckConstraint("(state = 'invalidated') = (reason IS NOT NULL)", name="reason_of_invalidated"),
        sa.CheckConstraint(
            "note_sealed IS NULL OR (state = 'invalidated' AND sealed IS NOT NULL)", name="note_of_invalidated"
        ),
    )
    _index("ix_signature_list", "signature", "petition_id state listed_at public_id")
    _index("ix_signature_list_of_country", "signature", "petition_id country state listed_at public_id language")
    _index("ix_signature_verified", "signature", "petition_id verified_at id", "state = 'verified'")
    _index(
        "ix_signature_public_names",
        "signature",
        "petition_id verified_at id",
        "state = 'verified' AND visibility = 'public' AND NOT hidden_name",
        on_sqlite="state = 'verified' AND visibility = 'public' AND hidden_name = 0",
    )
    _index("ix_signature_unconfirmed", "signature", "expires_at", "state = 'pending'")
    _index("ix_signature_declined", "signature", "petition_id expires_at", "state = 'declined'")
    _index("ix_signature_traced", "signature", "signed_at", "network_key IS NOT NULL OR domain_key IS NOT NULL")
    op.create_table(
        "suspicion",
        sa.Column("signature_id", serial, sa.ForeignKey("signature.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("clue", _one_of("clue", "network domain instant"), primary_key=True),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("dismissed_at", moment),
    )
    _index("ix_suspicion_open", "suspicion", "petition_id signature_id clue", "dismissed_at IS NULL")


def _create_count() -> None:
    """Create the ledger, and the tally: the sum of those of its rows that are marked folded."""
    op.create_table(
        "ledger",
        sa.Column("id", serial, primary_key=True),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("signature_id", serial, sa.ForeignKey("signature.id"), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("kind", _one_of("kind", "confirmed withdrawn invalidated restored corrected"), nullable=False),
        sa.Column("delta", sa.SmallInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("folded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.UniqueConstraint("signature_id", "change"),
        sa.CheckConstraint(
            "(kind = 'confirmed' AND delta = 1) OR (kind = 'withdrawn' AND delta = -1)"
            " OR (kind = 'invalidated' AND delta = -1) OR (kind = 'restored' AND delta = 1)"
            " OR (kind = 'corrected' AND delta = 0)",
            name="delta_of_kind",
        ),
    )
    _index("ix_ledger_petition_id_at_delta", "ledger", "petition_id at delta")
    _index("ix_ledger_unfolded", "ledger", "petition_id", "NOT folded", on_sqlite="folded = 0")
    op.create_table(
        "tally",
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), primary_key=True),
        sa.Column("base", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_at", moment, nullable=False),
    )


def _create_letters() -> None:
    """Create the outbox, and the mailboxes that get no letters any more."""
    op.create_table(
        "outbox",
        sa.Column("id", serial, primary_key=True),
        sa.Column("public_id", sa.LargeBinary(16), unique=True, nullable=False),
        sa.Column("signature_id", serial, sa.ForeignKey("signature.id", ondelete="SET NULL")),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id")),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("occasion", _one_of("occasion", "signed confirmed organiser entry reminder"), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(32)),
        sa.Column("had_proof_of_work", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("deferred_until", moment),
        sa.Column("progress", _one_of("progress", "waiting sent failed silent"), nullable=False),
        sa.Column("queued_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("allowed_at", moment),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claim", sa.LargeBinary(16)),
        sa.Column("leased_until", moment),
        sa.Column("generation", sa.Integer()),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_at", moment),
        sa.CheckConstraint("occasion = 'organiser' OR petition_id IS NOT NULL", name="petition_of_signer"),
        sa.CheckConstraint("occasion = 'organiser' OR sealed IS NULL", name="sealed_of_organiser"),
    )
    _index("ix_outbox_due", "outbox", "progress priority due_at id")
    _index("ix_outbox_mailbox_allowed_at", "outbox", "mailbox allowed_at")
    _index("ix_outbox_petition_id_progress", "outbox", "petition_id progress")
    _index("ix_outbox_signature_id", "outbox", "signature_id")
    _index(
        "ix_outbox_without_proof_queued_at",
        "outbox",
        "petition_id queued_at",
        "NOT had_proof_of_work",
        on_sqlite="had_proof_of_work = 0",
    )
    _index(
        "ix_outbox_without_proof_allowed_at",
        "outbox",
        "petition_id allowed_at",
        "NOT had_proof_of_work AND allowed_at IS NOT NULL",
        on_sqlite="had_proof_of_work = 0 AND allowed_at IS NOT NULL",
    )
    _index("ix_outbox_ended_at", "outbox", "ended_at", "ended_at IS NOT NULL")
    _index("ix_outbox_deferred", "outbox", "petition_id deferred_until", "deferred_until IS NOT NULL")
    op.create_table(
        "unwanted",
        sa.Column("mailbox", sa.LargeBinary(16), primary_key=True),
        sa.Column("since", moment, nullable=False),
    )


def _create_organisers() -> None:
    """Create accounts, what opens them, and the role of each in each petition."""
    op.create_table(
        "organiser",
        sa.Column("id", serial, primary_key=True),
        sa.Column("public_id", sa.LargeBinary(16), unique=True, nullable=False),
        sa.Column("email_key", sa.LargeBinary(32), unique=True),
        sa.Column("sealed_email", sa.LargeBinary()),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("is_administrator", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password", sa.String(255)),
        sa.Column("fs_uniquifier", sa.String(64), unique=True, nullable=False),
        sa.Column("fs_webauthn_user_handle", sa.String(64), unique=True),
        sa.Column("tf_primary_method", sa.String(16)),
        sa.Column("sealed_totp", sa.LargeBinary()),
        sa.Column("totp_counter", sa.Integer()),
        sa.Column("sealed_recovery_codes", sa.LargeBinary()),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("invited_until", moment),
        sa.Column("joined_at", moment),
        sa.CheckConstraint("(email_key IS NULL) = (sealed_email IS NULL)", name="address_whole"),
    )
    op.create_table(
        "passkey",
        sa.Column("id", serial, primary_key=True),
        sa.Column("public_id", sa.LargeBinary(16), unique=True, nullable=False),
        sa.Column("user_id", serial, sa.ForeignKey("organiser.id", ondelete="CASCADE"), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(1024), unique=True, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("transports", sa.Text()),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("device_type", sa.String(64), nullable=False),
        sa.Column("extensions", sa.Text()),
        sa.Column("usage", sa.String(16), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("lastuse_datetime", moment, nullable=False),
    )
    _index("ix_passkey_user_id", "passkey", "user_id")
    op.create_table(
        "sign_in",
        sa.Column("key", sa.LargeBinary(32), primary_key=True),
        sa.Column("organiser_id", serial, sa.ForeignKey("organiser.id", ondelete="CASCADE"), nullable=False),
        sa.Column("until", moment, nullable=False),
    )
    _index("ix_sign_in_organiser_id", "sign_in", "organiser_id")
    _index("ix_sign_in_until", "sign_in", "until")
    op.create_table(
        "login_attempt",
        sa.Column("key", sa.LargeBinary(32), primary_key=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("since", moment, nullable=False),
    )
    _index("ix_login_attempt_since", "login_attempt", "since")
    op.create_table(
        "membership",
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), primary_key=True),
        sa.Column("organiser_id", serial, sa.ForeignKey("organiser.id"), primary_key=True),
        sa.Column("role", _one_of("role", "viewer editor owner"), nullable=False),
        sa.Column("invited_until", moment),
        sa.Column("sealed_address", sa.LargeBinary()),
        sa.CheckConstraint("(invited_until IS NULL) = (sealed_address IS NULL)", name="invitation_whole"),
    )
    _index("ix_membership_organiser_id", "membership", "organiser_id")


def _create_audit_log() -> None:
    """Create the log of what organisers did, which the database lets nobody change or delete."""
    acts = (
        "created edited imported opened closed reopened invited joined role left exported invalidated restored hid"
        " showed appointed dismissed domain looked"
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", serial, primary_key=True),
        sa.Column("at", moment, nullable=False),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id")),
        sa.Column("organiser_id", serial, sa.ForeignKey("organiser.id")),
        sa.Column("subject_id", serial, sa.ForeignKey("organiser.id")),
        sa.Column("act", _one_of("act", acts), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
    )
    _index("ix_audit_entry_petition_id_id", "audit_entry", "petition_id id")
    refusal = "the audit log is only ever added to"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_stays()"
        )
        return
    # REPLACE deletes a row without firing the trigger on DELETE, so an INSERT of an id that is taken is refused too.
    for name, event in {
        "update": "BEFORE UPDATE ON audit_entry",
        "delete": "BEFORE DELETE ON audit_entry",
        "insert": "BEFORE INSERT ON audit_entry WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)",
    }.items():
        op.execute(f"CREATE TRIGGER audit_entry_stays_{name} {event} BEGIN SELECT RAISE(ABORT, '{refusal}'); END")


def _create_hand_overs() -> None:
    """Create the lists that left the site, and PDF deliveries of them: one at a time for each petition."""
    op.create_table(
        "hand_over",
        sa.Column("id", serial, primary_key=True),
        sa.Column("public_id", sa.LargeBinary(16), unique=True, nullable=False),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("organiser_id", serial, sa.ForeignKey("organiser.id")),
        sa.Column("at", moment, nullable=False),
        sa.Column("format", _one_of("format", "csv xlsx json pdf"), nullable=False),
        sa.Column("choice", sa.JSON(), nullable=False),
        sa.Column("sealed_recipient", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", moment),
        sa.Column("rows", sa.BigInteger()),
    )
    _index("ix_hand_over_petition_id_id", "hand_over", "petition_id id")
    op.create_table(
        "delivery",
        sa.Column("id", serial, primary_key=True),
        sa.Column("hand_over_id", serial, sa.ForeignKey("hand_over.id"), unique=True, nullable=False),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("making", _one_of("making", "waiting making ready failed"), nullable=False),
        sa.Column("rows_wanted", sa.BigInteger(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claim", sa.LargeBinary(16)),
        sa.Column("leased_until", moment),
        sa.Column("ready_until", moment),
        sa.Column("recalled_at", moment),
    )
    _index("ix_delivery_making", "delivery", "making id")
    _index("ix_delivery_unfinished", "delivery", "petition_id", "making IN ('waiting', 'making')", unique=True)
    op.create_table(
        "delivery_volume",
        sa.Column("delivery_id", serial, sa.ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("public_id", sa.LargeBinary(16), unique=True, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )


def _create_site() -> None:
    """Create what belongs to no petition: the site's own key, the data keys in use, the used proofs of work."""
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("public_id", sa.LargeBinary(16), nullable=False),
        sa.Column("mailbox_key", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    op.create_table(
        "data_key",
        sa.Column("key_id", sa.LargeBinary(4), primary_key=True),
        sa.Column("public_id", sa.LargeBinary(16), nullable=False),
        sa.Column("probe", sa.LargeBinary(), nullable=False),
        sa.Column("retired_at", moment),
    )
    op.create_table(
        "spent_proof",
        sa.Column("key", sa.LargeBinary(32), primary_key=True),
        sa.Column("until", moment, nullable=False),
    )
    _index("ix_spent_proof_until", "spent_proof", "until")


def _one_of(name: str, words: str, length: int = 12) -> sa.Enum:
    """Return a type for these words, kept as text and checked by a constraint of that name."""
    return sa.Enum(*words.split(), name=name, native_enum=False, create_constraint=True, length=length)


def _index(
    name: str, table: str, columns: str, where: str | None = None, *, on_sqlite: str | None = None, unique: bool = False
) -> None:
    """Create an index, of only the rows that `where` holds for; SQLite writes a Boolean as a number."""
    conditions = {"postgresql_where": where, "sqlite_where": on_sqlite or where}
    partial = {dialect: sa.text(condition) for dialect, condition in conditions.items() if condition}
    op.create_index(name, table, columns.split(), unique=unique, **partial)
