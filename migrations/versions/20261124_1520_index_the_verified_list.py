"""An index of the verified signatures in their order: an export begins at once, whatever their number."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_1520"
down_revision = "20261123_2054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_signature_verified",
        "signature",
        ["petition_id", "verified_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'verified'"),
        postgresql_where=sa.text("state = 'verified'"),
    )


def downgrade() -> None:
    op.drop_index("ix_signature_verified", table_name="signature")
