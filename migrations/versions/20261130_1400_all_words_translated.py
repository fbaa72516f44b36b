"""Petitions name their questions, thank, and say what became of them; translations cover all that they say.

Revision ID: 20261130_1400
Revises: 20261130_1395
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1400"
down_revision = "20261130_1395"
branch_labels = None
depends_on = None

ADDED = {
    "petition": {
        "labels": sa.JSON,
        "words": sa.JSON,
        "thanks": sa.JSON,
        "outcome": sa.JSON,
        "outcome_on": sa.Date,
    },
    "privacy_notice": {"translations": sa.JSON},
}


def upgrade() -> None:
    for table, columns in ADDED.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind))


def downgrade() -> None:
    for table, columns in ADDED.items():
        for name in columns:
            op.drop_column(table, name)
