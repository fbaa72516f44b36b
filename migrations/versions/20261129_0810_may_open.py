"""The right to open petitions, which owners of opened ones have from now on, and acts for it and for who sees people.

Revision ID: 20261129_0810
Revises: 20261129_0700
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0810"
down_revision = "20261129_0700"
branch_labels = None
depends_on = None

ACTS = (
    *("created", "edited", "imported", "opened", "closed", "reopened", "invited", "joined", "role", "left", "exported"),
    *("invalidated", "restored", "hid", "showed", "appointed", "dismissed", "domain", "looked", "allowed"),
    *("entitled", "disentitled", "listed", "sought"),
)
OWNERS_OF_OPENED = """
    UPDATE organiser SET may_open = true WHERE active AND joined_at IS NOT NULL AND id IN (
        SELECT organiser_id FROM membership JOIN petition ON petition.id = membership.petition_id
        WHERE role = 'owner' AND membership.invited_until IS NULL AND opened_at IS NOT NULL
    )
"""


def upgrade() -> None:
    op.add_column("organiser", sa.Column("may_open", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(OWNERS_OF_OPENED)
    triggers = _sqlite_triggers()  # they go with the table that SQLite makes anew
    with op.batch_alter_table("audit_entry") as batch:
        batch.drop_constraint(op.f("ck_audit_entry_act"), type_="check")
        condition = f"act IN ({', '.join(repr(act) for act in ACTS)})"
        batch.create_check_constraint(op.f("ck_audit_entry_act"), condition)
    for trigger in triggers:
        op.execute(trigger)


def downgrade() -> None:
    """Leave the acts in the audit log, whose rows are never changed."""
    op.drop_column("organiser", "may_open")


def _sqlite_triggers() -> list[str]:
    if op.get_bind().dialect.name != "sqlite":
        return []
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'")
    return list(op.get_bind().scalars(query))
