"""Drafts: a form makes a draft, and only a confirmation makes a signature.

Pending signatures become drafts with the same ids, so that links under way keep working; declined ones become marks on
their mailboxes. Taken back, a mailbox keeps its newest draft, as it could have no more than one pending signature.

Revision ID: 20261129_0615
Revises: 20261129_0400
"""

import os

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "20261129_0615"
down_revision = "20261129_0400"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
SAID = (
    "public_id, petition_id, text_id, notice_id, language, email_key, country, visibility, updates, signed_at,"
    " expires_at, network_key, domain_key"
)
TRACED = "network_key IS NOT NULL OR domain_key IS NOT NULL"
LISTS = {"ix_signature_list": "petition_id state {} public_id",
         "ix_signature_list_of_country": "petition_id country state {} public_id language"}  # fmt: skip
CHECKS_BEFORE = {
    "state": "state IN ('pending', 'verified', 'withdrawn', 'invalidated', 'declined')",
    "pending_data": "state <> 'pending' OR sealed IS NOT NULL",
    "erased_data": "state NOT IN ('withdrawn', 'declined') OR sealed IS NULL",
}
CHECKS = {
    "state": "state IN ('verified', 'withdrawn', 'invalidated')",
    "erased_data": "state <> 'withdrawn' OR sealed IS NULL",
}


def upgrade() -> None:
    _create_tables()
    _add_draft_of_letter()
    _make_drafts()
    _keep_confirmed_alone()


def downgrade() -> None:
    _let_all_states_in()
    _make_pending()
    op.drop_index("ix_outbox_draft_id", "outbox")
    with op.batch_alter_table("outbox") as batch:
        batch.drop_constraint("fk_outbox_draft_id", type_="foreignkey")
        batch.drop_column("draft_id")
    for table in ("hourly_numbers", "declined", "code_tries", "draft"):
        op.drop_table(table)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _partial(condition: str) -> dict[str, sa.TextClause]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def _create_tables() -> None:
    visibilities = ("public", "delivery", "organisers")
    visibility = sa.Enum(*visibilities, name="visibility", native_enum=False, create_constraint=True, length=12)
    op.create_table(
        "draft",
        sa.Column("public_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("text_id", serial, sa.ForeignKey("petition_text.id"), nullable=False),
        sa.Column("notice_id", serial, sa.ForeignKey("privacy_notice.id"), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("email_key", sa.LargeBinary(32)),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("visibility", visibility, nullable=False),
        sa.Column("updates", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("signed_at", moment, nullable=False),
        sa.Column("expires_at", moment),
        sa.Column("code_hash", sa.LargeBinary(32)),
        sa.Column("reminded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("signature_id", serial, sa.ForeignKey("signature.id", ondelete="CASCADE")),
        sa.Column("network_key", sa.LargeBinary(32)),
        sa.Column("domain_key", sa.LargeBinary(32)),
        sa.CheckConstraint("sealed IS NULL OR (email_key IS NOT NULL AND signature_id IS NULL)", name="open_has_key"),
        sa.CheckConstraint("sealed IS NOT NULL OR code_hash IS NULL", name="closed_has_no_code"),
    )
    op.create_index("ix_draft_petition_id_email_key", "draft", ["petition_id", "email_key"])
    op.create_index("ix_draft_expires_at", "draft", ["expires_at"])
    op.create_index("ix_draft_signature_id", "draft", ["signature_id"])
    op.create_index("ix_draft_traced", "draft", ["signed_at"], **_partial(TRACED))
    op.create_table(
        "code_tries",
        sa.Column("email_key", sa.LargeBinary(32), primary_key=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("since", moment, nullable=False),
    )
    op.create_index("ix_code_tries_since", "code_tries", ["since"])
    op.create_table(
        "declined",
        sa.Column("email_key", sa.LargeBinary(32), primary_key=True),
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("undo_until", moment, nullable=False),
        sa.Column("unwanted", sa.LargeBinary(16)),
    )
    op.create_index("ix_declined_petition_id", "declined", ["petition_id"])
    op.create_index("ix_declined_unwanted", "declined", ["undo_until"], **_partial("unwanted IS NOT NULL"))
    op.create_table(
        "hourly_numbers",
        sa.Column("petition_id", serial, sa.ForeignKey("petition.id"), primary_key=True),
        sa.Column("at", moment, nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("pending", "declined", "sent", "waiting", "failed")
        ),
    )


def _add_draft_of_letter() -> None:
    with op.batch_alter_table("outbox") as batch:
        batch.add_column(sa.Column("draft_id", sa.LargeBinary(16)))
        batch.create_foreign_key("fk_outbox_draft_id", "draft", ["draft_id"], ["public_id"], ondelete="SET NULL")
    op.create_index("ix_outbox_draft_id", "outbox", ["draft_id"])


def _make_drafts() -> None:
    """Make drafts of pending signatures, and marks of declined ones; their letters follow them."""
    op.execute(
        f"INSERT INTO draft ({SAID}, sealed, code_hash, reminded)"
        f" SELECT {SAID}, sealed, code_hash, reminded FROM signature WHERE state = 'pending'"
    )
    # A link in a letter that was declined leads to an empty draft, by which declining can be undone.
    op.execute(
        f"INSERT INTO draft ({SAID}) SELECT {SAID} FROM signature"
        " WHERE state = 'declined' AND email_key IS NOT NULL AND expires_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO declined (email_key, petition_id, undo_until, unwanted)"
        " SELECT email_key, petition_id, coalesce(expires_at, signed_at), unwanted FROM signature"
        " WHERE state = 'declined' AND email_key IS NOT NULL"
    )
    op.execute(
        "UPDATE outbox SET draft_id = (SELECT draft.public_id FROM draft JOIN signature"
        " ON signature.public_id = draft.public_id WHERE signature.id = outbox.signature_id)"
    )
    unconfirmed = "SELECT id FROM signature WHERE state IN ('pending', 'declined')"
    op.execute(f"UPDATE outbox SET signature_id = NULL WHERE signature_id IN ({unconfirmed})")
    op.execute(f"DELETE FROM suspicion WHERE signature_id IN ({unconfirmed})")
    op.execute("DELETE FROM signature WHERE state IN ('pending', 'declined')")
    op.execute("UPDATE signature SET verified_at = signed_at WHERE verified_at IS NULL")


def _keep_confirmed_alone() -> None:
    """Take from signatures what only drafts have; lists are in the order of confirming."""
    for name in (*LISTS, "ix_signature_unconfirmed", "ix_signature_declined"):
        op.drop_index(name, "signature")
    with op.batch_alter_table("signature") as batch:
        _replace_checks(batch, CHECKS_BEFORE, CHECKS)
        for name in ("listed_at", "expires_at", "code_hash", "code_tries", "reminded", "unwanted"):
            batch.drop_column(name)
        batch.alter_column("verified_at", nullable=False)
    for name, columns in LISTS.items():
        op.create_index(name, "signature", columns.format("verified_at").split())
    _make_index_of_names_last()


def _let_all_states_in() -> None:
    for name in LISTS:
        op.drop_index(name, "signature")
    listed_at = sa.Computed("coalesce(verified_at, signed_at)", persisted=_is_postgresql())
    with op.batch_alter_table("signature") as batch:
        _replace_checks(batch, CHECKS, CHECKS_BEFORE)
        batch.alter_column("verified_at", nullable=True)
        batch.add_column(sa.Column("listed_at", moment, listed_at))
        batch.add_column(sa.Column("expires_at", moment))
        batch.add_column(sa.Column("code_hash", sa.LargeBinary(32)))
        batch.add_column(sa.Column("code_tries", sa.SmallInteger(), server_default="0", nullable=False))
        batch.add_column(sa.Column("reminded", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.add_column(sa.Column("unwanted", sa.LargeBinary(16)))
    for name, columns in LISTS.items():
        op.create_index(name, "signature", columns.format("listed_at").split())
    op.create_index("ix_signature_unconfirmed", "signature", ["expires_at"], **_partial("state = 'pending'"))
    columns = ["petition_id", "expires_at"]
    op.create_index("ix_signature_declined", "signature", columns, **_partial("state = 'declined'"))
    _make_index_of_names_last()


def _make_index_of_names_last() -> None:
    """Make SQLite read public names from their own index: of two that seem to cost the same it takes the newest.

    Changing the table has made its indexes anew, in the order of their names.
    """
    if _is_postgresql():
        return
    op.drop_index("ix_signature_public_names", "signature")
    is_public = sa.text("state = 'verified' AND visibility = 'public' AND hidden_name = 0")
    columns = ["petition_id", "verified_at", "id"]
    op.create_index("ix_signature_public_names", "signature", columns, sqlite_where=is_public)


def _make_pending() -> None:
    """Make signatures of drafts again: of each mailbox the newest, unless it has confirmed or declined."""
    free = "NOT EXISTS (SELECT 1 FROM signature WHERE signature.petition_id = draft.petition_id AND {})"
    has_no_signature = free.format("signature.email_key = draft.email_key")
    newer = (
        "SELECT 1 FROM draft AS newer WHERE newer.email_key = draft.email_key AND newer.sealed IS NOT NULL"
        " AND (newer.signed_at, newer.public_id) > (draft.signed_at, draft.public_id)"
    )
    _make_declined(has_no_signature)
    op.execute(
        f"INSERT INTO signature ({SAID}, sealed, code_hash, reminded, state)"
        f" SELECT {SAID}, sealed, code_hash, reminded, 'pending' FROM draft"
        f" WHERE sealed IS NOT NULL AND {has_no_signature} AND NOT EXISTS ({newer})"
    )
    op.execute(
        "UPDATE outbox SET signature_id = (SELECT signature.id FROM signature"
        " WHERE signature.public_id = outbox.draft_id) WHERE draft_id IS NOT NULL AND signature_id IS NULL"
    )


def _make_declined(has_no_signature: str) -> None:
    """Make a declined signature of each mark, with the id of one of the mailbox's closed drafts if any is left."""
    connection = op.get_bind()
    marks = connection.execute(
        sa.text(
            "SELECT email_key, petition_id, undo_until, unwanted FROM declined AS draft WHERE " + has_no_signature
        ).columns(undo_until=moment)
    ).all()
    closed = sa.text(
        "SELECT public_id, text_id, notice_id, language, country, visibility, updates, signed_at, network_key,"
        " domain_key FROM draft WHERE email_key = :key AND sealed IS NULL ORDER BY signed_at DESC"
    ).columns(signed_at=moment, updates=sa.Boolean())
    purged = sa.text(
        "SELECT petition_text.id AS text_id, petition_text.language, privacy_notice.id AS notice_id FROM petition_text"
        " JOIN privacy_notice ON privacy_notice.petition_id = petition_text.petition_id"
        " WHERE petition_text.petition_id = :petition ORDER BY petition_text.id DESC, privacy_notice.id DESC"
    )
    insert = sa.text(
        f"INSERT INTO signature ({SAID}, state, unwanted) VALUES (:public_id, :petition_id, :text_id, :notice_id,"
        " :language, :email_key, :country, :visibility, :updates, :signed_at, :expires_at, :network_key, :domain_key,"
        " 'declined', :unwanted)"
    ).bindparams(
        *(sa.bindparam(name, type_=moment) for name in ("signed_at", "expires_at")),
        sa.bindparam("updates", type_=sa.Boolean()),
    )
    for mark in marks:
        said = connection.execute(closed, {"key": mark.email_key}).mappings().first()
        if said is None:  # its drafts were purged: what it says is gone, and any text and notice will do
            said = {
                **(connection.execute(purged, {"petition": mark.petition_id}).mappings().first() or {}),
                "public_id": os.urandom(16),
                "country": "",
                "visibility": "organisers",
                "updates": False,
                "signed_at": mark.undo_until,
                "network_key": None,
                "domain_key": None,
            }
        about = {"email_key": mark.email_key, "petition_id": mark.petition_id, "unwanted": mark.unwanted}
        connection.execute(insert, {**said, **about, "expires_at": mark.undo_until})


def _replace_checks(batch: BatchOperations, old: dict[str, str], new: dict[str, str]) -> None:
    for name in old:
        batch.drop_constraint(op.f(f"ck_signature_{name}"), type_="check")
    for name, condition in new.items():
        batch.create_check_constraint(op.f(f"ck_signature_{name}"), condition)
