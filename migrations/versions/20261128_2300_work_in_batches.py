"""Index what jobs delete in batches: ended e-mails and declined signatures."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_2300"
down_revision = "20261124_2240"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ended, declined = sa.text("ended_at IS NOT NULL"), sa.text("state = 'declined'")
    op.create_index("ix_outbox_ended_at", "outbox", ["ended_at"], sqlite_where=ended, postgresql_where=ended)
    columns = ["petition_id", "expires_at"]
    op.create_index("ix_signature_declined", "signature", columns, sqlite_where=declined, postgresql_where=declined)


def downgrade() -> None:
    op.drop_index("ix_signature_declined", "signature")
    op.drop_index("ix_outbox_ended_at", "outbox")
