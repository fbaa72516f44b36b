"""Petitions say who may see a signer's name, unless the signer chooses otherwise.

Revision ID: 20261130_1370
Revises: 20261129_1360
"""

from alembic import op

revision = "20261130_1370"
down_revision = "20261129_1360"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With its check in the column: SQLite then needs no copy of the table.
    op.execute(
        "ALTER TABLE petition ADD COLUMN default_visibility VARCHAR(10) CONSTRAINT ck_petition_default_visibility"
        " CHECK (default_visibility IN ('public', 'delivery', 'organisers'))"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE petition DROP COLUMN default_visibility")
