"""Kept sums: reading, adding up and recounting how many rows there are of each kind (see app/models/sums.py).

They are exact: the triggers that keep them work in the transaction that changes the rows.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, literal, select, union_all
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from app.db import db, hour, in_batches, insert, transaction, write_snapshot
from app.models import HourSum, KeptSum, LedgerEntry, LetterSum, OutboxRow, RecountDue, Signature, SignatureSum

log = logging.getLogger(__name__)
NO_PETITION = 0
Sums = type[KeptSum]


def sums(kind: Sums, petition_id: int) -> Select[*tuple[Any, ...]]:
    """Return the statement for a petition's sums of one kind: their keys and `number`, some in several parts.

    Until a recount that is due is done, it counts the rows.
    """
    return COUNTED[kind](petition_id) if _is_due(petition_id) else _kept(kind, petition_id)


def letters_of_site() -> Select[*tuple[Any, ...]]:
    """Return the statement for the numbers of the outbox's rows by occasion and progress, in several parts."""
    if db.session.scalars(select(exists().where(RecountDue.petition_id.is_not(None)))).one():
        of_site = select(OutboxRow.occasion, OutboxRow.progress, func.count().label("number"))
        return of_site.group_by(OutboxRow.occasion, OutboxRow.progress)
    return select(LetterSum.occasion, LetterSum.progress, LetterSum.number)


def add_up() -> int:
    """Add up the parts of all sums that need no recount; return how many parts there were."""
    added = sum(_add_up(kind) for kind in COUNTED)
    for kind in COUNTED:
        _forget_empty(kind)
    return added


def recount_due() -> int:
    """Count the rows of each petition whose sums are not to be trusted, as those from before an upgrade; how many."""
    return sum(_recount(petition_id) for petition_id in db.session.scalars(select(RecountDue.petition_id)).all())


def recount(petition_id: int) -> None:
    """Make a petition's sums anew of its rows; the site runs on meanwhile, and pages count for themselves."""
    with transaction() as session:
        session.execute(insert(RecountDue).values(petition_id=petition_id).on_conflict_do_nothing())
    _recount(petition_id)


def differences(petition_id: int) -> int:
    """Return by how much a petition's sums differ from its rows; call it in a snapshot. While a recount is due, 0."""
    if _is_due(petition_id):
        return 0
    total = 0
    for kind in COUNTED:
        kept, counted = _kept(kind, petition_id).subquery(), COUNTED[kind](petition_id).subquery()
        both = union_all(
            select(*_keys(kept.c, kind), kept.c.number), select(*_keys(counted.c, kind), -counted.c.number)
        ).subquery()
        moved = select(func.sum(both.c.number)).group_by(*_keys(both.c, kind)).having(func.sum(both.c.number) != 0)
        total += sum(abs(int(number)) for number in db.session.scalars(moved))
    return total


def _is_due(petition_id: int) -> bool:
    return bool(db.session.scalars(select(exists().where(RecountDue.petition_id == petition_id))).one())


def _kept(kind: Sums, petition_id: int) -> Select[*tuple[Any, ...]]:
    columns = kind.__table__.c
    return select(*_keys(columns, kind), columns.number).where(columns.petition_id == petition_id)


def _keys(columns: Any, kind: Sums) -> list[ColumnElement[Any]]:
    """Return, of these columns, what sums of this kind are by, but for the petition."""
    return [columns[column.name] for column in kind.__table__.primary_key if column.name not in {"petition_id", "part"}]


def _add_up(kind: Sums) -> int:
    columns = kind.__table__.c
    keys = [columns.petition_id, *_keys(columns, kind)]
    names = [key.name for key in keys]
    is_new = (columns.part > 0) & columns.petition_id.not_in(select(RecountDue.petition_id))

    def add(session: Session, parts: Sequence[int]) -> None:
        gone = delete(kind).where(columns.part.in_(parts)).returning(*keys, columns.number)
        added: dict[tuple[Any, ...], int] = {}
        for *key, number in session.execute(gone.execution_options(synchronize_session=False)):
            added[tuple(key)] = added.get(tuple(key), 0) + number
        new = insert(kind)
        more = new.on_conflict_do_update(
            index_elements=[*names, "part"], set_={"number": columns.number + new.excluded.number}
        )
        # In one order, so that two workers never wait for each other.
        rows = [{**dict(zip(names, key, strict=True)), "part": 0, "number": added[key]} for key in sorted(added)]
        if rows:
            session.execute(more.values(rows))

    return in_batches(select(columns.part).where(is_new).order_by(columns.part), add)


def _forget_empty(kind: Sums) -> None:
    """Delete sums of nothing, which would tell for ever that somebody from a country had once signed."""
    columns = kind.__table__.c
    is_empty = (columns.part == 0) & (columns.number == 0)
    if db.session.scalars(select(exists().where(is_empty))).one():
        with transaction() as session:
            session.execute(delete(kind).where(is_empty).execution_options(synchronize_session=False))


def _recount(petition_id: int) -> int:
    # On PostgreSQL nobody waits: what others change meanwhile stays in parts of its own. Should one of these have
    # been added up by another worker, it is refused, and done the next time.
    with write_snapshot() as session:
        due = select(RecountDue).where(RecountDue.petition_id == petition_id).with_for_update(skip_locked=True)
        if session.scalars(due).first() is None:
            return 0  # another worker does it
        for kind, counted in COUNTED.items():
            session.execute(delete(kind).where(kind.petition_id == petition_id))
            rows = counted(petition_id).subquery()
            keys = _keys(rows.c, kind)
            of_petition = select(literal(petition_id), *keys, literal(0), rows.c.number)
            names = ["petition_id", *(key.name for key in keys), "part", "number"]
            session.execute(plain_insert(kind).from_select(names, of_petition))
        session.execute(delete(RecountDue).where(RecountDue.petition_id == petition_id))
    return 1


def _signatures(petition_id: int) -> Select[*tuple[Any, ...]]:
    place = (Signature.state, Signature.country, Signature.language, Signature.sealed.is_(None).label("erased"))
    keys = (*place, Signature.visibility, Signature.updates)
    return select(*keys, func.count().label("number")).where(Signature.petition_id == petition_id).group_by(*keys)


def _letters(petition_id: int) -> Select[*tuple[Any, ...]]:
    keys = (OutboxRow.occasion, OutboxRow.progress)
    is_its = OutboxRow.petition_id.is_(None) if petition_id == NO_PETITION else OutboxRow.petition_id == petition_id
    return select(*keys, func.count().label("number")).where(is_its).group_by(*keys)


def _hours(petition_id: int) -> Select[*tuple[Any, ...]]:
    begins = hour(LedgerEntry.at).label("hour")
    moved = select(begins, func.sum(LedgerEntry.delta).label("number"))
    return moved.where(LedgerEntry.petition_id == petition_id, LedgerEntry.folded).group_by(begins)


COUNTED: dict[Sums, Callable[[int], Select[*tuple[Any, ...]]]] = {
    SignatureSum: _signatures,
    LetterSum: _letters,
    HourSum: _hours,
}
