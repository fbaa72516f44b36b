"""A petition in numbers: how many signatures are in each state, and what became of its e-mails."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from app import clock, kept_sums
from app.db import db
from app.ledger import ledger
from app.models import (
    Declined,
    Draft,
    HourlyNumbers,
    KeptSum,
    LetterSum,
    OutboxProgress,
    Returned,
    Signature,
    SignatureSum,
    State,
    Suspicion,
)
from app.outbox.returned import CAME_BACK, number_returned
from app.signing.draft import was_sent


class TypedNumbers(NamedTuple):
    """Those numbers that move when somebody types an address: see Numbers."""

    pending: int
    declined: int
    sent: int
    waiting: int
    failed: int
    came_back: int
    complained: int


NONE_YET = TypedNumbers(0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many signatures are in each state, how many mailboxes have not answered, and what became of the e-mails.

    `pending` is the number of mailboxes with a draft that a letter went out for; `declined` that of mailboxes that said
    that it was not them. `sent` counts the last seven days: older rows of the outbox are deleted; and so does
    `came_back`, of e-mails that were sent and not delivered, and `complained`, of those that their readers called spam.
    `exact` is False for viewers, who see those seven as they were at the turn of the hour, rounded.
    """

    verified: int
    withdrawn: int
    invalidated: int
    pending: int
    declined: int
    sent: int
    waiting: int
    failed: int
    came_back: int = 0
    complained: int = 0
    exact: bool = True

    @property
    def confirmed(self) -> int:
        """How many signatures were ever confirmed, whatever their state is now."""
        return self.verified + self.withdrawn + self.invalidated

    @property
    def share_confirmed(self) -> int | None:
        """The share of confirmed among confirmed and pending ones, in per cent, rounded down; None without any."""
        return 100 * self.confirmed // (self.confirmed + self.pending) if self.confirmed + self.pending else None


def numbers(petition_id: int, *, exact: bool) -> Numbers:
    """Return the petition's numbers. Verified ones come from the ledger, other states and letters from kept sums.

    If not `exact`, what depends on the addresses that were typed is as it was at the turn of the hour.
    """
    verified = ledger.read_count(petition_id).verified
    states = _by("state", SignatureSum, petition_id)
    ended = (verified, states[State.WITHDRAWN], states[State.INVALIDATED])
    if exact:
        return Numbers(*ended, *typed_numbers(petition_id, clock.now()))
    row = db.session.get(HourlyNumbers, petition_id, populate_existing=True)
    typed = TypedNumbers(*(getattr(row, name) for name in TypedNumbers._fields)) if row else NONE_YET
    return Numbers(*ended, *typed, exact=False)


def typed_numbers(petition_id: int, now: datetime) -> TypedNumbers:
    """Return those numbers that depend on the addresses that were typed, as they are now."""
    of_petition = Draft.petition_id == petition_id
    pending = select(func.count(Draft.email_key.distinct())).where(of_petition, was_sent(now))
    declined = select(func.count()).select_from(Declined).where(Declined.petition_id == petition_id)
    letters = _by("progress", LetterSum, petition_id)
    back = number_returned(petition_id)
    return TypedNumbers(
        db.session.scalars(pending).one(),
        db.session.scalars(declined).one(),
        letters[OutboxProgress.SENT],
        letters[OutboxProgress.WAITING],
        letters[OutboxProgress.FAILED],
        sum(back[kind] for kind in CAME_BACK),
        back[Returned.COMPLAINT],
    )


def number_in(petition_id: int, states: Collection[State]) -> int:
    """Return how many signatures are in one of these states."""
    by_state = _by("state", SignatureSum, petition_id)
    return sum(by_state[state] for state in states)


def number_suspected(petition_id: int) -> int:
    """Return how many verified signatures have a suspicion that is not dismissed."""
    is_open = (Suspicion.petition_id == petition_id) & Suspicion.dismissed_at.is_(None)
    suspected = (
        select(func.count(Suspicion.signature_id.distinct()))
        .join(Signature, Signature.id == Suspicion.signature_id)
        .where(is_open, Signature.state == State.VERIFIED)
    )
    return db.session.scalars(suspected).one()


def _by(name: str, kind: type[KeptSum], petition_id: int) -> Counter[str]:
    """Return a petition's sums of this kind by one of their keys."""
    rows = kept_sums.sums(kind, petition_id).subquery()
    summed = select(rows.c[name], func.sum(rows.c.number)).group_by(rows.c[name])
    return Counter({value: int(number) for value, number in db.session.execute(summed)})
