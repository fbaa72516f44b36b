"""The audit of the count: does it equal the number of verified rows, and does the ledger agree for each of them?"""

from dataclasses import dataclass

from sqlalchemy import Select, case, func, select

from app import clock
from app.db import db, transaction
from app.ledger import ledger
from app.models import Kind, LedgerEntry, Petition, Signature, State, Tally


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit of one petition found, all at one moment.

    `astray` is the number of signatures whose ledger rows do not add up to their state.
    """

    slug: str
    shown: int
    verified_rows: int
    base: int
    folded_sum: int
    astray: int

    @property
    def sound(self) -> bool:
        """Tell whether the number shown equals the number of verified rows, and ledger and tally agree with it."""
        return self.shown == self.verified_rows and self.base == self.folded_sum and not self.astray


def audit(petition: Petition) -> Audit:
    """Compare the petition's count with its ledger and its rows, in one statement and so at one moment."""
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
    base, unfolded, folded, rows, astray = db.session.execute(statement).one()
    return Audit(petition.slug, int(base + unfolded), rows, base, int(folded), astray)


def repair(petition: Petition) -> None:
    """Correct the count: append ledger rows that are missing and recompute the tally; no ledger row is changed."""
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
