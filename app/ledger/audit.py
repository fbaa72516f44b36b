"""The audit of the count: does it equal the number of verified rows, and does the ledger agree for each of them?"""

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Select, String, case, func, or_, select, type_coerce

from app import clock, kept_sums
from app.db import db, insert, snapshot, transaction
from app.ledger import ledger
from app.models import CountCheck, Kind, LedgerEntry, Petition, Signature, State, Tally
from app.models.signer import AlteredRow, opener
from app.streamed_rows import stream

CHECKED_EACH = timedelta(days=1)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit of one petition found, all at one moment.

    `astray` is the number of signatures whose ledger rows do not add up to their state. `sums_off` is by how much kept
    sums differ from the rows. `altered` are the ids, in hexadecimal, of signatures whose sealed values were altered or
    say something else than their columns. `is_genuine` tells that the petition's public id and slug are those that this
    site gave it.
    """

    slug: str
    shown: int
    verified_rows: int
    base: int
    folded_sum: int
    astray: int
    sums_off: int = 0
    altered: tuple[str, ...] = ()
    is_genuine: bool = True

    @property
    def differences(self) -> int:
        """By how much count and rows differ, tally and ledger, sums and rows, and how many are astray."""
        return abs(self.shown - self.verified_rows) + abs(self.base - self.folded_sum) + self.astray + self.sums_off

    @property
    def sound(self) -> bool:
        """Tell whether the number shown equals the verified rows, ledger and tally agree, and nothing was altered."""
        return not self.differences and not self.altered and self.is_genuine

    def alterations(self) -> list[str]:
        """Return what was altered in the database, as `count audit` names it."""
        petition = [] if self.is_genuine else ["the petition's public id, slug or mailbox key"]
        return petition + [f"the signature {public_id}" for public_id in self.altered]

    def in_words(self) -> str:
        """Return its numbers, as `count audit` shows them."""
        return (
            f"shown {self.shown}, verified rows {self.verified_rows}, tally {self.base}, folded rows {self.folded_sum},"
            f" signatures astray {self.astray}, sums off by {self.sums_off}, altered rows {len(self.altered)}"
        )


def audit(petition: Petition) -> Audit:
    """Compare the petition's count with its ledger and its rows, and keep by how much they differ.

    Then every row is opened, in about a second for a hundred thousand.
    """
    found = _compare(petition)
    _keep(petition.id, found)
    return replace(found, altered=tuple(_altered(petition)), is_genuine=petition.is_genuine)


def check_counts() -> int:
    """Compare the count of one petition that was not compared for a day; return how many were.

    One at a time, since a million signatures take a second, and the ledger is folded meanwhile by nobody else.
    """
    now = clock.now()
    is_due = or_(CountCheck.at.is_(None), CountCheck.at <= now - CHECKED_EACH, CountCheck.at > now)
    due = select(Petition).outerjoin(CountCheck).where(is_due).order_by(CountCheck.at.is_not(None), CountCheck.at)
    petition = db.session.scalars(due.limit(1)).first()
    if petition is None:
        return 0
    found = _compare(petition)
    if found.differences:
        log.error("the count of petition %s differs by %s: see `count audit`", petition.id, found.differences)
    _keep(petition.id, found)
    return 1


def _keep(petition_id: int, found: Audit) -> None:
    values = {"at": clock.now(), "differences": found.differences}
    new = insert(CountCheck).values(petition_id=petition_id, **values)
    with transaction() as session:
        session.execute(new.on_conflict_do_update(index_elements=["petition_id"], set_=values))


def _compare(petition: Petition) -> Audit:
    """Compare them at one moment: a million signatures take a second or two, in which nobody waits."""
    of_petition = LedgerEntry.petition_id == petition.id
    total = func.coalesce(func.sum(LedgerEntry.delta), 0)
    verified = (Signature.petition_id == petition.id) & (Signature.state == State.VERIFIED)
    statement = select(
        func.coalesce(select(Tally.base).where(Tally.petition_id == petition.id).scalar_subquery(), 0),
        select(total).where(of_petition, ~LedgerEntry.folded).scalar_subquery(),
        select(total).where(of_petition, LedgerEntry.folded).scalar_subquery(),
        select(func.count(Signature.id)).where(verified).scalar_subquery(),
        select(func.count()).select_from(_astray(petition.id).subquery()).scalar_subquery(),
    )
    with snapshot() as session:
        base, unfolded, folded, rows, astray = session.execute(statement).one()
        sums_off = kept_sums.differences(petition.id)
    return Audit(petition.slug, int(base + unfolded), rows, base, int(folded), astray, sums_off)


def _altered(petition: Petition) -> Iterator[str]:
    open_row = opener(petition)
    columns = (Signature.country, type_coerce(Signature.visibility, String), Signature.updates)
    sealed = select(Signature.public_id, Signature.sealed, *columns).where(
        Signature.petition_id == petition.id, Signature.sealed.is_not(None)
    )
    with closing(stream(db.engine, sealed)) as rows:
        for row in rows:
            try:
                open_row(*row)
            except AlteredRow as error:
                yield error.public_id.hex()


def repair(petition: Petition) -> None:
    """Correct the count: append ledger rows that are missing, recompute the tally and the sums; no row is changed."""
    with transaction() as session:
        for signature_id in session.scalars(_astray(petition.id)).all():
            signature = session.get_one(Signature, signature_id, with_for_update=True, populate_existing=True)
            total = select(func.coalesce(func.sum(LedgerEntry.delta), 0)).where(
                LedgerEntry.signature_id == signature_id
            )
            missing = int(signature.state == State.VERIFIED) - int(session.scalars(total).one())
            for _ in range(abs(missing)):
                ledger.append(session, signature, _kind_for(signature, missing), clock.now())
        session.flush()
        ledger.recompute(session, petition.id)
    kept_sums.recount(petition.id)


def _kind_for(signature: Signature, missing: int) -> Kind:
    if missing > 0:
        return Kind.CONFIRMED if signature.changes == 0 else Kind.RESTORED
    return Kind.WITHDRAWN if signature.state == State.WITHDRAWN else Kind.INVALIDATED


def _astray(petition_id: int) -> Select[int]:
    expected = case((Signature.state == State.VERIFIED, 1), else_=0)
    return (
        select(Signature.id)
        .outerjoin(LedgerEntry, LedgerEntry.signature_id == Signature.id)
        .where(Signature.petition_id == petition_id)
        .group_by(Signature.id)
        .having(func.coalesce(func.sum(LedgerEntry.delta), 0) != func.max(expected))
    )
