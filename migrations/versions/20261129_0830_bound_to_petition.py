"""Bind what is sealed of signers to their petition, and seal country, visibility and consent with it.

Each value is opened as it was sealed before and sealed anew with the same salt, under the newest of DATA_KEYS. One that
was altered stays as it is: `count audit` then tells of it. A missing key stops the migration.

Revision ID: 20261129_0830
Revises: 20261129_0820
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.crypto import sealing

revision = "20261129_0830"
down_revision = "20261129_0820"
branch_labels = None
depends_on = None

PURPOSE = "signature"
BATCH_SIZE = 500
Reseal = Callable[[sa.Row[Any]], bytes]


def upgrade() -> None:
    unseal = sealing.opener(PURPOSE)

    def reseal(row: sa.Row[Any]) -> bytes:
        salt, said = unseal(row.public_id, row.sealed)
        repeated = (row.country, row.visibility, "1" if row.updates else "")
        return sealing.seal(PURPOSE, row.public_id + row.petition, (*said, *repeated), salt)

    _reseal_all(reseal)


def downgrade() -> None:
    unseal = sealing.opener(PURPOSE)

    def reseal(row: sa.Row[Any]) -> bytes:
        salt, fields = unseal(row.public_id + row.petition, row.sealed)
        return sealing.seal(PURPOSE, row.public_id, fields[:4], salt)

    _reseal_all(reseal)


def _reseal_all(reseal: Reseal) -> None:
    for table in ("draft", "signature"):
        last = b""
        while rows := _read(table, last):
            changes = []
            for row in rows:
                try:
                    changes.append({"key": row.public_id, "after": reseal(row)})
                except sealing.AlteredValue:
                    continue
            if changes:
                statement = sa.text(f"UPDATE {table} SET sealed = :after WHERE public_id = :key")
                op.get_bind().execute(statement, changes)
            last = rows[-1].public_id


def _read(table: str, last: bytes) -> Sequence[sa.Row[Any]]:
    query = sa.text(
        f"SELECT {table}.public_id, sealed, country, visibility, updates, petition.public_id AS petition"
        f" FROM {table} JOIN petition ON petition.id = {table}.petition_id"
        f" WHERE sealed IS NOT NULL AND {table}.public_id > :last ORDER BY {table}.public_id LIMIT {BATCH_SIZE}"
    )
    return op.get_bind().execute(query, {"last": last}).all()
