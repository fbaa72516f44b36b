"""Sessions that end, guesses that are counted, and roles that wait to be accepted."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_1900"
down_revision = "20261124_1840"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sign_in",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organiser_id", serial, nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.ForeignKeyConstraint(["organiser_id"], ["organiser.id"], name="fk_sign_in_organiser_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_organiser_id", "sign_in", ["organiser_id"])
    op.create_index("ix_sign_in_until", "sign_in", ["until"])
    op.create_table(
        "guess",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_guess"),
    )
    op.create_index("ix_guess_since", "guess", ["since"])
    op.add_column("membership", sa.Column("invited_until", moment))
    whole = sa.CheckConstraint(
        "(invited_until IS NULL) = (sealed_address IS NULL)", name=op.f("ck_membership_invitation_whole")
    )
    op.add_column("membership", sa.Column("sealed_address", sa.LargeBinary(), whole))  # SQLite adds a check so in place


def downgrade() -> None:
    op.execute("DELETE FROM membership WHERE invited_until IS NOT NULL")  # who has not accepted was promised nothing
    op.drop_column("membership", "sealed_address")
    op.drop_column("membership", "invited_until")
    op.drop_table("guess")
    op.drop_table("sign_in")
