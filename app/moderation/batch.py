"""What one press of a button changes: the very signatures that its page told of, held locked, or none at all."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from app.db import db
from app.models import Signature, State
from app.watching.selection import Selection

# Each press is one transaction, all or nothing, so it has to end within a second or two.
MOST_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Batch:
    """What a press would change: `number` of the `matching` signatures, the newest ones where those are too many.

    `erased` more would match but say no longer who signed. `seen` is a fingerprint of the very signatures.
    """

    number: int
    matching: int
    erased: int
    seen: str


def preview(petition_id: int, selection: Selection) -> Batch:
    """Return what a press would change of the selected signatures, which are all in the one state that it asks for."""
    ids = db.session.scalars(_chosen(petition_id, selection).with_only_columns(Signature.public_id)).all()
    here = Signature.sealed.is_not(None)
    counted = select(func.count().filter(here), func.count().filter(~here)).where(*selection.conditions(petition_id))
    matching, erased = db.session.execute(counted).one()
    return Batch(len(ids), matching, erased, _fingerprint(ids))


def lock(session: Session, petition_id: int, selection: Selection, seen: str) -> list[Row[int, bytes]]:
    """Hold the selected signatures until the transaction ends; return id and public id of each.

    Returns none of them when they are not those that `seen` is the fingerprint of: others have come or gone meanwhile.
    """
    rows = list(session.execute(_chosen(petition_id, selection).with_for_update(of=Signature)))
    return rows if _fingerprint(row.public_id for row in rows) == seen else []


def in_state(selection: Selection, state: State) -> Selection:
    """Return the selection narrowed to `state`, which is the only one that an act applies to."""
    return replace(selection, state=state)


def _chosen(petition_id: int, selection: Selection) -> Select[int, bytes]:
    return (
        select(Signature.id, Signature.public_id)
        .where(*selection.conditions(petition_id), Signature.sealed.is_not(None))
        .order_by(Signature.listed_at.desc(), Signature.public_id.desc())
        .limit(MOST_AT_ONCE)
    )


def _fingerprint(public_ids: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(public_ids)).hexdigest()
