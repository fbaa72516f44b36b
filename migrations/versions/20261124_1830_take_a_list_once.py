"""When a list that was chosen on the page was taken: each can be once."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_1830"
down_revision = "20261124_1820"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hand_over", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("hand_over", "taken_at")
