"""One more kind of letter: the link to a signer's own entry, for who has lost it."""

from alembic import op

revision = "20261124_2000"
down_revision = "20261124_1900"
branch_labels = None
depends_on = None

BEFORE = ("signed", "confirmed", "organiser")


def upgrade() -> None:
    _allow((*BEFORE, "entry"))


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE occasion = 'entry'")
    _allow(BEFORE)


def _allow(occasions: tuple[str, ...]) -> None:
    """Let the outbox take these occasions: SQLite alters no check, so there the table is made anew with its rows."""
    words = ", ".join(f"'{one}'" for one in occasions)
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(op.f("ck_outbox_occasion"), type_="check")
        outbox.create_check_constraint(op.f("ck_outbox_occasion"), f"occasion IN ({words})")
