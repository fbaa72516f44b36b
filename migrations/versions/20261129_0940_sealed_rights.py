"""Seal what opens an organiser's account and what it may do, the roles in petitions, and the credentials of passkeys.

Deliveries are bound to their petition. Rows that are there are taken as genuine. Needs DATA_KEYS.

Revision ID: 20261129_0940
Revises: 20261129_0930
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.crypto import sealing

revision = "20261129_0940"
down_revision = "20261129_0930"
branch_labels = None
depends_on = None

NEW = {"organiser": "sealed_rights", "membership": "sealed_role"}
DELIVERY = """
    SELECT delivery_volume.public_id, delivery_volume.sealed, petition.public_id AS petition
    FROM delivery_volume JOIN delivery ON delivery.id = delivery_id JOIN petition ON petition.id = delivery.petition_id
    WHERE delivery_id = :delivery_id AND number = :number
"""


def upgrade() -> None:
    for table, column in NEW.items():
        op.add_column(table, sa.Column(column, sa.LargeBinary()))
    _seal_rights()
    _seal_roles()
    _seal_credentials()
    _reseal_deliveries(lambda petition, content: petition + content)
    for table, column in NEW.items():
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column, existing_type=sa.LargeBinary(), nullable=False)


def downgrade() -> None:
    _reseal_deliveries(lambda petition, content: content[len(petition) :])
    for row in _rows("SELECT id, public_id, sealed_name FROM passkey"):
        with suppress(sealing.CannotOpen):
            name = sealing.unseal("passkey-name", row.public_id, row.sealed_name).fields[:1]
            _set("passkey", "sealed_name", sealing.seal("passkey-name", row.public_id, name), id=row.id)
    for table, column in NEW.items():
        op.drop_column(table, column)


def _seal_rights() -> None:
    for row in _rows("SELECT * FROM organiser"):
        key = row.email_key.hex() if row.email_key else None
        said = [key, row.password, row.fs_uniquifier, row.fs_webauthn_user_handle, row.tf_primary_method]
        flags = (row.sealed_totp, row.active, row.is_administrator, row.may_open, row.joined_at)
        digest = hashlib.sha256(json.dumps([*said, *map(bool, flags)]).encode()).digest()
        sealed = sealing.seal_bytes("organiser-rights", row.public_id, digest)
        _set("organiser", "sealed_rights", sealed, id=row.id)


def _seal_roles() -> None:
    members = """
        SELECT petition_id, organiser_id, role, organiser.public_id AS organiser, petition.public_id AS petition
        FROM membership JOIN organiser ON organiser.id = organiser_id JOIN petition ON petition.id = petition_id
    """
    for row in _rows(members):
        sealed = sealing.seal_bytes("role", row.organiser + row.petition, f"{row.petition_id} {row.role}".encode())
        _set("membership", "sealed_role", sealed, petition_id=row.petition_id, organiser_id=row.organiser_id)


def _seal_credentials() -> None:
    passkeys = """
        SELECT passkey.id, passkey.public_id, sealed_name,
            credential_id, public_key, usage, organiser.public_id AS owner
        FROM passkey JOIN organiser ON organiser.id = user_id
    """
    for row in _rows(passkeys):
        try:
            (name,) = sealing.unseal("passkey-name", row.public_id, row.sealed_name).fields
        except sealing.CannotOpen:  # it was altered, and so it signs nobody in
            continue
        parts = (row.owner, row.credential_id, row.public_key, row.usage.encode())
        digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
        _set("passkey", "sealed_name", sealing.seal("passkey-name", row.public_id, (name, digest)), id=row.id)


def _reseal_deliveries(change: Callable[[bytes, bytes], bytes]) -> None:
    for key in _rows("SELECT delivery_id, number FROM delivery_volume"):  # megabytes each
        of_key = {"delivery_id": key.delivery_id, "number": key.number}
        (row,) = _rows(DELIVERY, **of_key)
        try:
            content = sealing.unseal_bytes("delivery", row.public_id, row.sealed)
        except sealing.CannotOpen:  # it was altered; it would be deleted in a day, and can be made again
            op.get_bind().execute(sa.text("DELETE FROM delivery_volume WHERE delivery_id = :delivery_id"), of_key)
            continue
        sealed = sealing.seal_bytes("delivery", row.public_id, change(row.petition, content))
        _set("delivery_volume", "sealed", sealed, **of_key)


def _rows(query: str, **values: int) -> list[sa.Row[Any]]:
    return list(op.get_bind().execute(sa.text(query), values))


def _set(table: str, column: str, sealed: bytes, **key: int) -> None:
    condition = " AND ".join(f"{name} = :{name}" for name in key)
    op.get_bind().execute(
        sa.text(f"UPDATE {table} SET {column} = :sealed WHERE {condition}"), {"sealed": sealed, **key}
    )
