"""Seal each petition's slug with its public id, in its mailbox key, so that none is passed off as another.

Each key is opened as it was sealed before and sealed anew with the same salt, under the newest of DATA_KEYS. One that
was altered stays as it is: `count audit` then tells of it. Needs DATA_KEYS.

Revision ID: 20261129_1330
Revises: 20261129_1040
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.crypto import sealing

revision = "20261129_1330"
down_revision = "20261129_1320"
branch_labels = None
depends_on = None

PURPOSE = "mailbox-key"


def upgrade() -> None:
    _reseal(lambda key, petition: [key, petition.slug])


def downgrade() -> None:
    _reseal(lambda key, petition: [key])


def _reseal(fields: Callable[[str, sa.Row[Any]], list[str]]) -> None:
    update = sa.text("UPDATE petition SET mailbox_key = :sealed WHERE id = :id")
    for petition in op.get_bind().execute(sa.text("SELECT id, public_id, slug, mailbox_key FROM petition")).all():
        try:
            opened = sealing.unseal(PURPOSE, petition.public_id, petition.mailbox_key)
        except sealing.AlteredValue:
            continue
        sealed = sealing.seal(PURPOSE, petition.public_id, fields(opened.fields[0], petition), opened.salt)
        op.get_bind().execute(update, {"id": petition.id, "sealed": sealed})
