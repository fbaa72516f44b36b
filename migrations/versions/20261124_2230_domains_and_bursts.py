"""Domains that organisers allow or block, and bursts: the short-lived hashes that tell them, and what was noticed."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_2230"
down_revision = "20261124_2210"
branch_labels = None
depends_on = None

BEFORE = (
    "'created', 'edited', 'imported', 'opened', 'closed', 'reopened', 'invited', 'joined', 'role', 'left', 'exported',"
    " 'invalidated', 'restored', 'hid', 'showed', 'appointed', 'dismissed'"
)
TRACED = sa.text("network_key IS NOT NULL OR domain_key IS NOT NULL")
OPEN = sa.text("dismissed_at IS NULL")
FORBIDDEN = "the audit log is only ever added to"
TRIGGERS = {
    "update": "BEFORE UPDATE ON audit_entry",
    "delete": "BEFORE DELETE ON audit_entry",
    "insert": "BEFORE INSERT ON audit_entry WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)",
}


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    for column in ("network_key", "domain_key"):
        op.add_column("signature", sa.Column(column, sa.LargeBinary(length=32), nullable=True))
    op.create_index("ix_signature_traced", "signature", ["signed_at"], sqlite_where=TRACED, postgresql_where=TRACED)
    op.create_table(
        "domain_rule",
        sa.Column("petition_id", serial, nullable=False),
        sa.Column("domain", sa.String(length=254), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.CheckConstraint("verdict IN ('allow', 'block')", name=op.f("ck_domain_rule_verdict")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_domain_rule_petition_id"),
        sa.PrimaryKeyConstraint("petition_id", "domain", name="pk_domain_rule"),
    )
    op.create_table(
        "suspicion",
        sa.Column("signature_id", serial, nullable=False),
        sa.Column("clue", sa.String(length=12), nullable=False),
        sa.Column("petition_id", serial, nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("dismissed_at", moment, nullable=True),
        sa.CheckConstraint("clue IN ('network', 'domain', 'instant')", name=op.f("ck_suspicion_clue")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name="fk_suspicion_petition_id"),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["signature.id"], name="fk_suspicion_signature_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("signature_id", "clue", name="pk_suspicion"),
    )
    op.create_index(
        "ix_suspicion_open",
        "suspicion",
        ["petition_id", "signature_id", "clue"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    _allow(f"{BEFORE}, 'domain', 'looked'")


def downgrade() -> None:
    # No line of the log goes, so those that the version before has no words for keep it from coming back.
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM audit_entry WHERE act IN ('domain', 'looked')")):
        raise RuntimeError("the audit log holds acts that the version before does not know: put a backup back")
    _allow(BEFORE)
    op.drop_table("suspicion")
    op.drop_table("domain_rule")
    op.drop_index("ix_signature_traced", "signature")
    for column in ("domain_key", "network_key"):
        op.drop_column("signature", column)


def _allow(acts: str) -> None:
    """Let the log take these acts: SQLite alters no check, so there it is made anew with its rows and triggers."""
    with op.batch_alter_table("audit_entry") as log:
        log.drop_constraint(op.f("ck_audit_entry_act"), type_="check")
        log.create_check_constraint(op.f("ck_audit_entry_act"), f"act IN ({acts})")
    if op.get_bind().dialect.name == "sqlite":
        for change, when in TRIGGERS.items():
            op.execute(
                f"CREATE TRIGGER audit_entry_stays_{change} {when} BEGIN SELECT RAISE(ABORT, '{FORBIDDEN}'); END"
            )
