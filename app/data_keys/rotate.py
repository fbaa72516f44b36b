"""Rotate data keys: reseal everything that an older key sealed with the newest one, while the site runs.

Each batch is a transaction, so it can be stopped at any moment and run again. A value that changes meanwhile is not
overwritten: it was sealed with the newest key already, or the next pass finds it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, LargeBinary, case, func, select, tuple_, update

import config
from app import clock
from app.changed_rows import change_rows
from app.crypto import sealing
from app.data_keys.check import register
from app.data_keys.sealed_columns import SEALED_COLUMNS, SealedColumn
from app.db import Base, advisory_lock, db, transaction
from app.models import DataKey

MAX_PASSES = 5
PAUSE_SECONDS = 1
RETENTION = timedelta(days=1)
LOCK_KEY = b"data-keys"


class Unfinished(Exception):
    """Something is still sealed with an older key; the message tells the operator what to do."""


@dataclass(slots=True)
class ResealResult:
    """How many values a pass found sealed with an older key, how many it resealed, how many did not open."""

    stale: int = 0
    resealed: int = 0
    unopened: int = 0

    def add(self, other: "ResealResult") -> None:
        """Add the result of another pass."""
        self.stale += other.stale
        self.resealed += other.resealed
        self.unopened += other.unopened


def rotate(report: Callable[[str], None]) -> None:
    """Reseal what older keys sealed; `report` gets messages for the operator about progress and what to do next.

    If the site keeps its own keys and has only one, a new one is made first. Raises Unfinished if something could not
    be resealed.
    """
    _make_key(report)
    newest, *older = sealing.data_keys()
    if not older:
        report(
            f"DATA_KEYS has one key, {_names([newest])}, and everything is sealed with it. To change it, put a new key"
            " in front of it, parted by a comma, restart site and worker, and run this again."
        )
        return
    total = _reseal_all(newest, report)
    report(f"{total} sealed anew with {_names([newest])}. Nothing is sealed with {_names(older)} any more.")
    _retire(older, report, is_quiet=not total)


def _make_key(report: Callable[[str], None]) -> None:
    file = current_app.config["DATA_KEYS_FILE"]
    with transaction() as session:
        advisory_lock(session, LOCK_KEY)  # of two concurrent rotations, one makes the key
        if file and len(file.keys()) == 1:
            file.replace([config.new_data_key(), *file.keys()])
            report(f"{file.path} has a new key, {_names(file.keys()[:1])}. Put it into your backup of the keys now.")
        register(session)


def _reseal_all(newest: bytes, report: Callable[[str], None]) -> int:
    """Run passes until one finds nothing to reseal; return how many values were resealed."""
    total = 0
    for _ in range(MAX_PASSES):
        found = ResealResult()
        for target in SEALED_COLUMNS:
            result = _reseal(target, sealing.prefix(newest))
            found.add(result)
            if result.resealed:
                report(f"{target.column}: {result.resealed} sealed anew")
            if result.unopened:
                report(f"{target.column}: {result.unopened} DO NOT OPEN with any key in DATA_KEYS")
        total += found.resealed
        if not found.stale:
            return total
        if found.stale == found.unopened:
            raise Unfinished(
                f"{found.unopened} values do not open: a key is missing, or they were altered. Keep all keys."
            )
        if found.stale > found.resealed + found.unopened:
            time.sleep(PAUSE_SECONDS)  # another transaction has locked a row
    raise Unfinished(
        "Values sealed with an older key keep coming: a process still runs with other DATA_KEYS. Restart site and"
        " worker, everywhere, and run this again. Keep all keys."
    )


def _reseal(target: SealedColumn, head: bytes) -> ResealResult:
    """Reseal a column once, in batches ordered by primary key."""
    found = ResealResult()
    reseal = sealing.resealer(target.purpose)
    for stale in _walk(target, head):
        changes = []
        for key, public_id, sealed in stale:
            try:
                changes.append((*key, sealed, reseal(public_id, sealed)))
            except sealing.CannotOpen:
                found.unopened += 1
        found.stale += len(stale)
        found.resealed += _replace(target, changes)
    return found


def _walk(target: SealedColumn, head: bytes) -> Iterator[list[tuple[Sequence[Any], bytes, bytes]]]:
    """Yield a list for each batch: primary key, what is bound in, and value of rows not sealed with the newest key.

    A value sealed with it begins with `head`. Pages by keyset.
    """
    table = target.column.class_.__table__
    primary = list(table.primary_key.columns)
    is_newest = func.substr(target.column, 1, len(head), type_=LargeBinary) == head
    batch = (
        select(*primary, *target.bound, case((~is_newest, target.column))).order_by(*primary).limit(target.batch_size)
    )
    for other in {column.class_ for column in target.bound} - {target.column.class_}:
        batch = batch.join_from(target.column.class_, other)
    after: ColumnElement[bool] | None = None
    while rows := db.session.execute(batch if after is None else batch.where(after)).all():
        db.session.rollback()
        ids = len(primary)
        yield [(row[:ids], b"".join(row[ids:-1]), row[-1]) for row in rows if row[-1] is not None]
        after = tuple_(*primary) > tuple_(*rows[-1][: len(primary)])


def _replace(target: SealedColumn, changes: list[tuple[Any, ...]]) -> int:
    """Replace the values that have not changed meanwhile, each change a key, the old and the new; return how many."""
    if not changes:
        return 0
    table: type[Base] = target.column.class_  # type: ignore[assignment]
    name = target.column.key
    *keys, before, after = zip(*changes, strict=True)
    where = dict(zip((column.name for column in table.__table__.primary_key), keys, strict=True))
    with transaction() as session:
        return change_rows(session, table, where | {name: before}, {name: after})


def _retire(older: list[bytes], report: Callable[[str], None], *, is_quiet: bool) -> None:
    """Retire the older keys; remove those that have been retired for a day, or report that they can be removed."""
    now = clock.now()
    ids = [sealing.key_id(key) for key in older]
    with transaction() as session:
        advisory_lock(session, LOCK_KEY)
        retire = update(DataKey).where(DataKey.key_id.in_(ids))
        if is_quiet:
            retire = retire.where(DataKey.retired_at.is_(None))
        session.execute(retire.values(retired_at=now))
        out_of_use = select(DataKey.key_id).where(DataKey.key_id.in_(ids), DataKey.retired_at <= now - RETENTION)
        unused = set(session.scalars(out_of_use).all())
        done = [key for key in older if sealing.key_id(key) in unused]
        file = current_app.config["DATA_KEYS_FILE"]
        if done and file:
            # Read the file again: another rotation may have made a newer key meanwhile.
            present = file.keys()
            file.replace([key for key in present if key not in done])
            report(f"{_names(done)} was taken out of {file.path}. Take it out of your backups once those are too old.")
        elif done:
            report(f"{_names(done)} can be taken out of DATA_KEYS now: do so, and restart site and worker.")
        else:
            last = session.scalars(select(DataKey.retired_at).where(DataKey.key_id.in_(ids))).all()
            until = clock.iso(max([retired_at for retired_at in last if retired_at], default=now) + RETENTION)
            report(f"Keep {_names(older)} until {until}, for pages that are still open; then run this again.")


def _names(keys: Sequence[bytes]) -> str:
    return ", ".join(sealing.key_id(key).hex() for key in keys)
