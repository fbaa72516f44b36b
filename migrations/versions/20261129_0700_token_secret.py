"""The site's secret for tokens, sealed: made when the site starts next. Links made before that end.

Revision ID: 20261129_0700
Revises: 20261129_0640
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0700"
down_revision = "20261129_0640"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("sealed_token_secret", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("site", "sealed_token_secret")
