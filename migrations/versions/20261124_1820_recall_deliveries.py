"""When a delivery was recalled: signatures that it names left the list, or others came back to it."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_1820"
down_revision = "20261124_1810"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("recalled_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # A delivery without volumes is nothing that the version before knows of.
    op.execute("DELETE FROM delivery WHERE recalled_at IS NOT NULL")
    op.drop_column("delivery", "recalled_at")
