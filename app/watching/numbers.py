"""A petition in numbers: states, e-mails, countries, languages, and how long confirming takes."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from app.db import db, seconds
from app.ledger import ledger
from app.models import OutboxProgress, OutboxRow, Signature, State, Suspicion

MINUTE, HOUR, DAY = 60, 3600, 86400
LIMITS = (MINUTE, 10 * MINUTE, HOUR, DAY)
MAX_DELAYS_SAMPLED = 10_000


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many signatures are in each state, and how many of this petition's e-mails are sent, waiting or failed.

    `sent` counts the last seven days: older rows of the outbox are deleted.
    """

    verified: int
    pending: int
    withdrawn: int
    invalidated: int
    declined: int
    sent: int
    waiting: int
    failed: int

    @property
    def confirmed(self) -> int:
        """How many signatures were ever confirmed, whatever their state is now."""
        return self.verified + self.withdrawn + self.invalidated

    @property
    def share_confirmed(self) -> int | None:
        """The share of confirmed among confirmed and pending ones, in per cent, rounded down; None without any."""
        return 100 * self.confirmed // (self.confirmed + self.pending) if self.confirmed + self.pending else None


@dataclass(frozen=True, slots=True)
class Places:
    """The verified signatures by country (alpha-2 code, or empty) and by language, largest first."""

    countries: list[tuple[str, int]]
    languages: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Delays:
    """How long the newest `number` verified signatures took from signing to confirming, in whole seconds.

    `ninetieth` is the 90th percentile. `buckets` are how many took less than a minute, ten minutes, an hour, a day, and
    longer.
    """

    number: int
    median: int
    ninetieth: int
    buckets: tuple[int, ...]


def numbers(petition_id: int) -> Numbers:
    """Return the petition's numbers as they are now. Verified ones come from the ledger; others are counted."""
    verified = ledger.read_count(petition_id).verified
    others = (State.PENDING, State.WITHDRAWN, State.INVALIDATED, State.DECLINED)
    by_state = (
        select(Signature.state, func.count())
        .where(Signature.petition_id == petition_id, Signature.state.in_(others))
        .group_by(Signature.state)
    )
    by_progress = (
        select(OutboxRow.progress, func.count())
        .where(OutboxRow.petition_id == petition_id, OutboxRow.progress != OutboxProgress.SILENT)
        .group_by(OutboxRow.progress)
    )
    states = {row[0]: row[1] for row in db.session.execute(by_state)}
    letters = {row[0]: row[1] for row in db.session.execute(by_progress)}
    return Numbers(
        verified,
        *(states.get(state, 0) for state in others),
        *(
            letters.get(progress, 0)
            for progress in (OutboxProgress.SENT, OutboxProgress.WAITING, OutboxProgress.FAILED)
        ),
    )


def number_suspected(petition_id: int) -> int:
    """Return how many verified signatures have a suspicion that is not dismissed."""
    is_open = (Suspicion.petition_id == petition_id) & Suspicion.dismissed_at.is_(None)
    suspected = (
        select(func.count(Suspicion.signature_id.distinct()))
        .join(Signature, Signature.id == Suspicion.signature_id)
        .where(is_open, Signature.state == State.VERIFIED)
    )
    return db.session.scalars(suspected).one()


def places(petition_id: int) -> Places:
    """Return countries and languages of the verified signatures, read in one pass from an index with both."""
    by_country_and_language = (
        select(Signature.country, Signature.language, func.count())
        .where(Signature.petition_id == petition_id, Signature.state == State.VERIFIED)
        .group_by(Signature.country, Signature.language)
    )
    countries: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for country, language, number in db.session.execute(by_country_and_language):
        countries[country] += number
        languages[language] += number
    return Places(_largest_first(countries), _largest_first(languages))


def delays(petition_id: int) -> Delays | None:
    """Return how long the newest ten thousand verified signatures took to confirm; None without any."""
    took = seconds(Signature.verified_at) - seconds(Signature.signed_at)
    newest = (
        select(took.label("took"))
        .where(Signature.petition_id == petition_id, Signature.state == State.VERIFIED)
        .order_by(Signature.listed_at.desc(), Signature.public_id.desc())
        .limit(MAX_DELAYS_SAMPLED)
        .subquery()
    )
    ranked = select(
        newest.c.took,
        func.row_number().over(order_by=newest.c.took).label("place"),
        func.count().over().label("number"),
    ).subquery()
    counts_below = [func.count().filter(ranked.c.took < limit) for limit in LIMITS]
    statement = select(
        func.count(),
        func.min(ranked.c.took).filter(ranked.c.place * 2 >= ranked.c.number),
        func.min(ranked.c.took).filter(ranked.c.place * 10 >= ranked.c.number * 9),
        *counts_below,
    ).select_from(ranked)
    number, median, ninetieth, *below = db.session.execute(statement).one()
    if not number:
        return None
    buckets = tuple(upper - lower for lower, upper in zip([0, *below], [*below, number], strict=True))
    return Delays(number, median, ninetieth, buckets)


def _largest_first(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
