"""The audit log: what organisers did. It is written in the transaction that does it, and owners read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from app import clock
from app.db import db, transaction
from app.models import Act, AuditEntry, Membership, Organiser

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One act as owners see it. `who` and `whom` are addresses; empty for a command and for former organisers.

    `whom` is None for somebody who never accepted an invitation, which must tell nothing about their account.
    """

    id: int
    at: datetime
    act: Act
    from_cli: bool
    who: str
    whom: str | None
    details: dict[str, int | str]


def record(
    session: Session,
    act: Act,
    petition_id: int | None,
    organiser_id: int | None,
    subject_id: int | None = None,
    **details: int | str,
) -> None:
    """Add an act to the log in the caller's transaction; the caller commits.

    `organiser_id` is who did it (None: a command), `subject_id` the organiser it was done to. `details` are numbers and
    fixed words: nothing about a signer, and nothing that a person typed.
    """
    session.add(
        AuditEntry(
            at=clock.now(),
            petition_id=petition_id,
            organiser_id=organiser_id,
            subject_id=subject_id,
            act=act,
            details=details,
        )
    )


def record_visit(act: Act, petition_id: int, organiser_id: int, since: datetime, **details: int | str) -> None:
    """Add an act of seeing something, once a visit: not if the newest lines of the petition have the same `since` then.

    Commits. Two requests at once may both add it, which tells the same.
    """
    newest = select(AuditEntry).where(AuditEntry.petition_id == petition_id).order_by(AuditEntry.id.desc())
    for line in db.session.scalars(newest.limit(PAGE_SIZE)):
        if line.at >= since and (line.act, line.organiser_id, line.details) == (act, organiser_id, details):
            return
    with transaction() as session:
        record(session, act, petition_id, organiser_id, None, **details)


def entries(petition_id: int, before: int | None = None) -> list[AuditLine]:
    """Return a page of a petition's acts, the newest first; `before` is the id that the page ends before."""
    return _lines_of(petition_id, _page(AuditEntry.petition_id == petition_id, before))


def all_entries(petition_id: int) -> list[AuditLine]:
    """Return all of a petition's acts, the newest first."""
    of_petition = select(AuditEntry).where(AuditEntry.petition_id == petition_id)
    return _lines_of(petition_id, db.session.scalars(of_petition.order_by(AuditEntry.id.desc())).all())


def site_entries(before: int | None = None) -> list[AuditLine]:
    """Return a page of what was done to the site's accounts and deleted drafts, as `entries`; for administrators."""
    rows = _page(AuditEntry.petition_id.is_(None) | (AuditEntry.act == Act.DELETED), before)
    people = {row.organiser_id for row in rows} | {row.subject_id for row in rows}
    found = db.session.scalars(select(Organiser).where(Organiser.id.in_(people)))
    return _lines(rows, {one.id: one.email for one in found})


def _page(condition: ColumnElement[bool], before: int | None) -> Sequence[AuditEntry]:
    if before is not None and abs(before) < 2**63:  # larger numbers overflow the column
        condition &= AuditEntry.id < before
    return db.session.scalars(select(AuditEntry).where(condition).order_by(AuditEntry.id.desc()).limit(PAGE_SIZE)).all()


def _lines_of(petition_id: int, rows: Sequence[AuditEntry]) -> list[AuditLine]:
    return _lines(rows, _addresses(petition_id, {row.organiser_id for row in rows}, {row.subject_id for row in rows}))


def _lines(rows: Sequence[AuditEntry], address: Mapping[int, str | None]) -> list[AuditLine]:
    return [
        AuditLine(
            id=row.id,
            at=row.at,
            act=row.act,
            from_cli=row.organiser_id is None,
            who=address.get(row.organiser_id or 0) or "",
            whom=address.get(row.subject_id or 0, ""),
            details=row.details,
        )
        for row in rows
    ]


def _addresses(petition_id: int, who: set[int | None], whom: set[int | None]) -> dict[int, str | None]:
    """Return the addresses of organisers who acted, and of others as far as the petition's members may see them."""
    membership = (Membership.organiser_id == Organiser.id) & (Membership.petition_id == petition_id)
    # Declining an invitation (LEFT) does not count as an act: it must not reveal the account.
    act = (AuditEntry.petition_id == petition_id) & (AuditEntry.organiser_id == Organiser.id)
    acted = exists().where(act, AuditEntry.act != Act.LEFT)
    found = db.session.execute(
        select(Organiser, Membership, acted).outerjoin(Membership, membership).where(Organiser.id.in_(who | whom))
    )
    address: dict[int, str | None] = {}
    for organiser, member, has_acted in found:
        readable = organiser.email if has_acted or not organiser.email else None
        address[organiser.id] = member.address(organiser) if member else readable
    return address
