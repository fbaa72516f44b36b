"""The turn of one e-mail at its provider: now, or when (generic cell rate algorithm, ITU-T I.371)."""

from datetime import datetime, timedelta
from typing import NamedTuple

from app.email.traffic_shaping import Limits
from app.models import ProviderPace

KEPT_FOR = timedelta(minutes=1)


class Turn(NamedTuple):
    """When an e-mail may leave or ask again, None for now; and from when on its place is kept, if it has one."""

    due_at: datetime | None
    leaves_at: datetime | None = None


NOW = Turn(None)


def take_turn(pace: ProviderPace, limits: Limits, now: datetime, kept: datetime | None, *, is_waited_for: bool) -> Turn:
    """Return the turn of one more e-mail to this provider, and move the provider's pace on.

    What people wait for takes the next free place, which is kept: given again as `kept` when it has come, the e-mail
    may leave. What nobody waits for lines up behind all others like it, and asks again when its time has come.
    """
    _follow_clock(pace, now)
    paused = pace.paused_until if pace.paused_until and pace.paused_until > now else None
    if kept and not paused and kept <= now < kept + KEPT_FOR:
        return NOW
    place = max(pace.next_at, paused or now)
    burst = timedelta(0) if pace.pauses else limits.interval * (limits.per_connection - 1)
    at = (paused and place) or max(place - burst, now)
    if at <= now:
        pace.next_at = place + limits.interval
        return NOW
    if is_waited_for:
        pace.next_at = place + limits.interval
        return Turn(at, at)
    pace.queue_end = max(pace.queue_end or at, at) + limits.interval
    return Turn(pace.queue_end)


def _follow_clock(pace: ProviderPace, now: datetime) -> None:
    """Move the pace back by as much as the clock has gone back since it was asked for last."""
    if pace.seen_at and pace.seen_at > now:
        back = pace.seen_at - now
        pace.next_at -= back
        pace.queue_end = pace.queue_end and pace.queue_end - back
        pace.paused_until = pace.paused_until and pace.paused_until - back
    pace.seen_at = now
