"""The shares of verified signatures: by country, language, what their signers chose, and how long confirming took.

Somebody can mark the form that they send in another person's name, say by a rare country, and look whether it is
among the verified ones. So viewers see shares rounded and hourly (see app/watching/hourly.py).
"""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from app import kept_sums
from app.db import db, seconds
from app.models import HourlyNumbers, Signature, SignatureSum, State, Visibility

MINUTE, HOUR, DAY = 60, 3600, 86400
LIMITS = (MINUTE, 10 * MINUTE, HOUR, DAY)
MAX_DELAYS_SAMPLED = 10_000
COUNTRY, LANGUAGE, DELAY = "country", "language", "delay"
VISIBILITY, UPDATES, AGREED = "visibility", "updates", "agreed"


@dataclass(frozen=True, slots=True)
class Places:
    """The verified signatures by country (alpha-2 code, or empty) and by language, largest first."""

    countries: list[tuple[str, int]]
    languages: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Choices:
    """How many signers of verified signatures agreed to updates, and how many chose each of who may see their name."""

    updates: int
    visibilities: dict[Visibility, int]


@dataclass(frozen=True, slots=True)
class Delays:
    """How long the newest `number` verified signatures took from signing to confirming, in whole seconds.

    `ninetieth` is the 90th percentile. `buckets` are how many took less than a minute, ten minutes, an hour, a day, and
    longer. Viewers see those alone, rounded.
    """

    number: int
    median: int | None
    ninetieth: int | None
    buckets: tuple[int, ...]


def places(petition_id: int, *, exact: bool) -> Places:
    """Return countries and languages of the verified signatures; if not `exact`, as viewers see them."""
    if not exact:
        countries, languages = (_rounded(petition_id, kind) for kind in (COUNTRY, LANGUAGE))
        return Places(_largest_first(countries), _largest_first(languages))
    rows = kept_sums.sums(SignatureSum, petition_id).subquery()
    countries, languages = Counter[str](), Counter[str]()
    for country, language, number in db.session.execute(
        select(rows.c.country, rows.c.language, func.sum(rows.c.number))
        .where(rows.c.state == State.VERIFIED)
        .group_by(rows.c.country, rows.c.language)
    ):
        countries[country] += int(number)
        languages[language] += int(number)
    return Places(_largest_first(countries), _largest_first(languages))


def choices(petition_id: int, *, exact: bool) -> Choices:
    """Return what the signers of verified signatures chose; if not `exact`, as viewers see it."""
    if not exact:
        shown = _rounded(petition_id, VISIBILITY)
        return Choices(_rounded(petition_id, UPDATES)[AGREED], {one: shown[one.value] for one in Visibility})
    rows = kept_sums.sums(SignatureSum, petition_id).subquery()
    summed = select(rows.c.visibility, rows.c.updates, func.sum(rows.c.number)).where(rows.c.state == State.VERIFIED)
    updates, visibilities = 0, dict.fromkeys(Visibility, 0)
    for visibility, agreed, number in db.session.execute(summed.group_by(rows.c.visibility, rows.c.updates)):
        visibilities[visibility] += int(number)
        updates += int(number) if agreed else 0
    return Choices(updates, visibilities)


def delays(petition_id: int, *, exact: bool) -> Delays | None:
    """Return how long the newest ten thousand verified signatures took to confirm; None without any.

    If not `exact`, as viewers see it.
    """
    if not exact:
        shown = _rounded(petition_id, DELAY)
        buckets = tuple(shown[str(which)] for which in range(len(LIMITS) + 1))
        return Delays(sum(buckets), None, None, buckets) if any(buckets) else None
    took = seconds(Signature.verified_at) - seconds(Signature.signed_at)
    newest = (
        select(took.label("took"))
        .where(Signature.petition_id == petition_id, Signature.state == State.VERIFIED)
        .order_by(Signature.verified_at.desc(), Signature.public_id.desc())
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


def exact_shares(petition_id: int) -> dict[str, int]:
    """Return all shares as they are now, by a name for each, such as "country SE"."""
    now, took = places(petition_id, exact=True), delays(petition_id, exact=True)
    chose = choices(petition_id, exact=True)
    kinds = {
        COUNTRY: now.countries,
        LANGUAGE: now.languages,
        DELAY: enumerate(took.buckets if took else ()),
        VISIBILITY: chose.visibilities.items(),
        UPDATES: [(AGREED, chose.updates)],
    }
    return {f"{kind} {value}": number for kind, pairs in kinds.items() for value, number in pairs}


def _rounded(petition_id: int, kind: str) -> Counter[str]:
    """Return the shares of one kind as they were shown last."""
    row = db.session.get(HourlyNumbers, petition_id, populate_existing=True)
    names = ((name.partition(" "), number) for name, number in (row.shares if row else {}).items())
    return Counter({value: number for (of_kind, _, value), number in names if of_kind == kind})


def _largest_first(counted: Counter[str]) -> list[tuple[str, int]]:
    present = [(value, number) for value, number in counted.items() if number]
    return sorted(present, key=lambda pair: (-pair[1], pair[0]))
