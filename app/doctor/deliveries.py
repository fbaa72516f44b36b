"""How many e-mails went to each provider within a day, in tens: one more would tell of an address just typed."""

from sqlalchemy import func, select

from app import clock
from app.db import db
from app.models import Departures
from app.outbox.find_providers import key_of
from app.outbox.quota import ALL, DAY
from app.outbox.take_turns import shaping

OTHERS = ""
ROUNDED_TO = 10


def deliveries_of_day() -> list[tuple[str, int]]:
    """Return each provider's name and its number, the most first; OTHERS stands for all that are not in the table."""
    named = {key_of(key): provider.name for key, provider in shaping().providers.items()}
    left = select(Departures.provider_key, func.sum(Departures.number)).group_by(Departures.provider_key)
    by_key = {key: int(number) for key, number in db.session.execute(left.where(Departures.slot > clock.now() - DAY))}
    numbers = {named[key]: number for key, number in by_key.items() if key in named}
    numbers[OTHERS] = by_key.get(ALL, 0) - sum(numbers.values())  # those by themselves are not counted for ever
    rounded = {name: number // ROUNDED_TO * ROUNDED_TO for name, number in numbers.items()}
    return sorted(((name, number) for name, number in rounded.items() if number), key=lambda one: -one[1])
