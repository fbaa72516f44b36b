"""Whether somebody ever acted on a petition is looked up in an index, and not in its whole log.

Revision ID: 20261130_1430
Revises: 20261130_1420
"""

from alembic import op

revision = "20261130_1430"
down_revision = "20261130_1420"
branch_labels = None
depends_on = None

NAME = "ix_audit_entry_petition_id_organiser_id"


def upgrade() -> None:
    op.create_index(NAME, "audit_entry", ["petition_id", "organiser_id"])


def downgrade() -> None:
    op.drop_index(NAME, "audit_entry")
