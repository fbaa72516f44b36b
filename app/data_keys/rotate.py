"""Rotate: everything that an older data key sealed is sealed anew with the newest, while the site runs.

It goes in batches, each a transaction of its own, so it can be stopped at any moment and run again. A value that
somebody else changes meanwhile is left to them: they sealed it with the newest key already, or the next look finds it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, LargeBinary, and_, bindparam, case, func, select, tuple_, update

import config
from app import clock
from app.crypto import sealing
from app.data_keys.check import register
from app.data_keys.sealed_columns import SEALED_COLUMNS, SealedColumn
from app.db import advisory_lock, db, transaction
from app.models import DataKey

MAX_PASSES = 5
PAUSE_SECONDS = 1
RETENTION = timedelta(days=1)
LOCK_KEY = b"data-keys"


class Unfinished(Exception):
    """Something is still sealed with an older key; the text tells the operator what to do."""


@dataclass(slots=True)
class ResealResult:
    """What one pass, over a column or over all, found sealed with an older key."""

    stale: int = 0
    resealed: int = 0
    unopened: int = 0

    def add(self, other: "ResealResult") -> None:
        """Add the result of another pass."""
        self.stale += other.stale
        self.resealed += other.resealed
        self.unopened += other.unopened


def rotate(report: Callable[[str], None]) -> None:
    """Seal anew what older keys sealed, and `report` the operator how far that is and what is to be done next.

    Where the site keeps its own keys and there is only one, a new one is made first. Raises Unfinished when something
    could not be sealed anew.
    """
    _make_key(report)
    newest, *older = sealing.data_keys()
    if not older:
        report(
            f"DATA_KEYS has one key, {_named([newest])}, and everything is sealed with it. To change it, put a new key"
            " in front of it, parted by a comma, restart site and worker, and run this again."
        )
        return
    total = _reseal_all(newest, report)
    report(f"{total} sealed anew with {_named([newest])}. Nothing is sealed with {_named(older)} any more.")
    _retire(older, report, is_quiet=not total)


def _make_key(report: Callable[[str], None]) -> None:
    file = current_app.config["DATA_KEYS_FILE"]
    with transaction() as session:
        advisory_lock(session, LOCK_KEY)  # of two concurrent rotations, one makes the key
        if file and len(file.keys()) == 1:
            file.replace([config.new_data_key(), *file.keys()])
            report(f"{file.path} has a new key, {_named(file.keys()[:1])}. Put it into your backup of the keys now.")
        register(session)


def _reseal_all(newest: bytes, report: Callable[[str], None]) -> int:
    """Repeat until a pass finds nothing; return how many values were sealed anew."""
    total = 0
    for _ in range(MAX_PASSES):
        found = ResealResult()
        for target in SEALED_COLUMNS:
            here = _reseal(target, sealing.prefix(newest))
            found.add(here)
            if here.resealed:
                report(f"{target.column}: {here.resealed} sealed anew")
            if here.unopened:
                report(f"{target.column}: {here.unopened} DO NOT OPEN with any key in DATA_KEYS")
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
    """Walk through a column once, in the order of its keys."""
    found = ResealResult()
    reseal = sealing.resealer(target.purpose)
    for stale in _walk(target, head):
        changes = []
        for key, public_id, sealed in stale:
            try:
                changes.append({**_bound(key), "before": sealed, "after": reseal(public_id, sealed)})
            except sealing.CannotOpen:
                found.unopened += 1
        found.stale += len(stale)
        found.resealed += _replace(target, changes)
    return found


def _walk(target: SealedColumn, head: bytes) -> Iterator[list[tuple[Sequence[Any], bytes, bytes]]]:
    """Yield the values in each batch of rows that do not begin with `head`: key of the row, public id, sealed value."""
    table = target.column.class_.__table__
    primary = list(table.primary_key.columns)
    is_newest = func.substr(target.column, 1, len(head), type_=LargeBinary) == head
    batch = (
        select(*primary, target.public_id, case((~is_newest, target.column)))
        .order_by(*primary)
        .limit(target.batch_size)
    )
    if target.public_id.class_ is not target.column.class_:
        batch = batch.join_from(target.column.class_, target.public_id.class_)
    beyond: ColumnElement[bool] | None = None
    while rows := db.session.execute(batch if beyond is None else batch.where(beyond)).all():
        db.session.rollback()
        yield [(row[:-2], row[-2], row[-1]) for row in rows if row[-1] is not None]
        beyond = tuple_(*primary) > tuple_(*rows[-1][: len(primary)])


def _replace(target: SealedColumn, changes: list[dict[str, Any]]) -> int:
    """Put the new values where the old ones still are; return in how many places they were."""
    if not changes:
        return 0
    table = target.column.class_.__table__
    column = table.c[target.column.key]
    primary = list(table.primary_key.columns)
    is_row = and_(*(one == bindparam(name) for one, name in zip(primary, _bound(primary), strict=True)))
    change = update(table).where(is_row, column == bindparam("before")).values({column: bindparam("after")})
    keys = tuple_(*primary).in_([tuple(one[name] for name in _bound(primary)) for one in changes])
    with transaction() as session:
        # Who never waits for a row that another holds cannot wait for one who waits for ours.
        free = session.execute(select(*primary).where(keys).with_for_update(skip_locked=True, key_share=True)).all()
        held = {tuple(row) for row in free}
        mine = [one for one in changes if tuple(one[name] for name in _bound(primary)) in held]
        return session.execute(change, mine).rowcount if mine else 0  # type: ignore[attr-defined]


def _bound(key: Sequence[Any]) -> dict[str, Any]:
    """Return the parts of a row's key by the names that the statement knows them by."""
    return {f"key_{at}": part for at, part in enumerate(key)}


def _retire(older: list[bytes], report: Callable[[str], None], *, is_quiet: bool) -> None:
    """Retire the older keys, and drop those that have been out of use for a day, or say that they can be dropped."""
    now = clock.now()
    ids = [sealing.key_id(key) for key in older]
    with transaction() as session:
        advisory_lock(session, LOCK_KEY)
        retire = update(DataKey).where(DataKey.key_id.in_(ids))
        if is_quiet:
            retire = retire.where(DataKey.retired_at.is_(None))
        session.execute(retire.values(retired_at=now))
        long_ago = select(DataKey.key_id).where(DataKey.key_id.in_(ids), DataKey.retired_at <= now - RETENTION)
        unused = set(session.scalars(long_ago).all())
        done = [key for key in older if sealing.key_id(key) in unused]
        file = current_app.config["DATA_KEYS_FILE"]
        if done and file:
            # Of the keys that are there now: another rotation may have made a newer one meanwhile.
            there = file.keys()
            file.replace([key for key in there if key not in done])
            report(f"{_named(done)} was taken out of {file.path}. Take it out of your backups once those are too old.")
        elif done:
            report(f"{_named(done)} can be taken out of DATA_KEYS now: do so, and restart site and worker.")
        else:
            last = session.scalars(select(DataKey.retired_at).where(DataKey.key_id.in_(ids))).all()
            until = clock.iso(max([one for one in last if one], default=now) + RETENTION)
            report(f"Keep {_named(older)} until {until}, for pages that are still open; then run this again.")


def _named(keys: Sequence[bytes]) -> str:
    return ", ".join(sealing.key_id(key).hex() for key in keys)
