"""Organisers write news to signers who agreed to updates, and each of these gets it once.

Revision ID: 20261130_1460
Revises: 20261130_1450
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1460"
down_revision = "20261130_1450"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
OCCASIONS = ("signed", "confirmed", "organiser", "entry", "reminder", "news")
ACTS = (
    *("created", "edited", "imported", "opened", "closed", "reopened", "invited", "joined", "role", "left", "exported"),
    *("invalidated", "restored", "hid", "showed", "appointed", "dismissed", "domain", "looked", "allowed"),
    *("entitled", "disentitled", "listed", "sought", "deleted", "news"),
)


def upgrade() -> None:
    _create_news()
    _create_texts()
    op.add_column("signature", sa.Column("updates_at", moment, nullable=True))
    triggers = _take_triggers("outbox", "audit_entry")
    if _is_postgresql():  # inline, as it then knows that there is no row to be looked at
        op.execute("ALTER TABLE outbox ADD COLUMN news_id BIGINT CONSTRAINT fk_outbox_news_id REFERENCES news (id)")
    else:
        with op.batch_alter_table("outbox") as batch:
            batch.add_column(sa.Column("news_id", serial, nullable=True))
            batch.create_foreign_key("fk_outbox_news_id", "news", ["news_id"], ["id"], postgresql_not_valid=True)
    for table, column, allowed in (
        ("outbox", "occasion", OCCASIONS),
        ("letter_sum", "occasion", OCCASIONS),
        ("audit_entry", "act", ACTS),
    ):
        _allow(table, column, allowed)
    for trigger in triggers:
        op.execute(trigger)


def downgrade() -> None:
    """Leave the new occasion and act allowed: the log keeps what it says."""
    if _is_postgresql():
        op.drop_constraint("fk_outbox_news_id", "outbox", type_="foreignkey")
        op.drop_column("outbox", "news_id")
    else:
        triggers = _take_triggers("outbox")
        with op.batch_alter_table("outbox") as batch:
            batch.drop_constraint("fk_outbox_news_id", type_="foreignkey")
            batch.drop_column("news_id")
        for trigger in triggers:
            op.execute(trigger)
    op.drop_column("signature", "updates_at")
    op.drop_table("news_text")
    op.drop_table("news")


def _create_news() -> None:
    op.create_table(
        "news",
        sa.Column("id", serial, primary_key=True),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", _one_of("state", "draft asked sending paused cancelled sent"), nullable=False),
        sa.Column("pause_reason", _one_of("pause_reason", "owner complaints bounces restored")),
        sa.Column("is_outcome", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("written_by", serial, sa.ForeignKey("organiser.id"), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("asked_by", serial, sa.ForeignKey("organiser.id")),
        sa.Column("asked_at", moment),
        sa.Column("due_at", moment),
        sa.Column("consented_by", serial, sa.ForeignKey("organiser.id")),
        sa.Column("began_at", moment),
        sa.Column("watched_since", moment),
        sa.Column("ended_at", moment),
        sa.Column("queued_up_to", serial, server_default="0", nullable=False),
        sa.Column("all_queued", sa.Boolean(), server_default=sa.false(), nullable=False),
        *(
            sa.Column(number, sa.Integer(), server_default="0", nullable=False)
            for number in ("sent", "silent", "refused", "unsubscribed")
        ),
        sa.UniqueConstraint("petition_id", "number"),
        sa.CheckConstraint("(state = 'draft') = (asked_at IS NULL)", name="asked"),
        sa.CheckConstraint("(state = 'paused') = (pause_reason IS NOT NULL)", name="reason_of_paused"),
        sa.CheckConstraint("consented_by IS NULL OR consented_by <> asked_by", name="consent_of_another"),
        sa.CheckConstraint("state NOT IN ('sending', 'sent') OR began_at IS NOT NULL", name="begun"),
    )
    where = sa.text("began_at IS NOT NULL")
    op.create_index("ix_news_begun", "news", ["petition_id", "began_at"], sqlite_where=where, postgresql_where=where)


def _create_texts() -> None:
    op.create_table(
        "news_text",
        sa.Column("news_id", serial, sa.ForeignKey("news.id"), primary_key=True),
        sa.Column("language", sa.String(12), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )


def _allow(table: str, column: str, allowed: tuple[str, ...]) -> None:
    """Let a column have these words; on PostgreSQL the outbox is looked at for it by the migration after next."""
    condition, name = f"{column} IN ({', '.join(repr(word) for word in allowed)})", f"ck_{table}_{column}"
    if _is_postgresql():
        later = " NOT VALID" if table == "outbox" else ""
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}){later}")
        return
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(name), type_="check")
        batch.create_check_constraint(op.f(name), condition, postgresql_not_valid=True)


def _take_triggers(*tables: str) -> list[str]:
    """Drop the triggers of tables that SQLite makes anew, and return how they are created again."""
    if _is_postgresql():
        return []
    query = sa.text("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
    found = [row for row in op.get_bind().execute(query) if row.tbl_name in tables]
    for row in found:
        op.execute(f"DROP TRIGGER {row.name}")
    return [row.sql for row in found]


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _one_of(name: str, allowed: str) -> sa.Enum:
    """Return a type for these words, kept as text and checked by a constraint of that name."""
    return sa.Enum(*allowed.split(), name=name, native_enum=False, create_constraint=True, length=12)
