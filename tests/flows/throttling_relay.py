"""A relay with a quota before providers that throttle and block, and the clock that it goes by."""

import asyncio
from collections import Counter, deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.email.traffic_shaping import Limits, TrafficShaping
from app.outbox.turn import KEPT_FOR
from tests.mail_server import MailServer, link_in, text_of

MINUTE = timedelta(minutes=1)
# What a provider takes, small enough for three hundred e-mails a day to be too many at once: e-mails on a connection
# and per minute.
TAKES = {"google": (5, 20), "microsoft": (4, 10), "gmx": (3, 5), "orange": (2, 2), "seznam": (2, 2), "free": (2, 2)}
OTHERS_TAKE = (3, 5)
# After how many e-mails a provider throttles, and what it says then. It blocks whoever goes on sending for good.
THROTTLES = {"google": (400, "421 4.7.28 unusual rate of mail"), "orange": (100, "421 4.7.0 trop de connexions")}
THROTTLES_FOR = timedelta(minutes=90)
PATIENCE = 3


class SimulatedClock:
    """It stands still but when it is turned on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 12, 1, 9, tzinfo=UTC)

    def turn_to(self, moment: datetime) -> None:
        self.now = max(self.now, moment)


def scaled_down(table: TrafficShaping) -> TrafficShaping:
    """Return the table with the limits of providers that take little."""

    def limits(of: Limits, takes: tuple[int, int]) -> Limits:
        return Limits(of.connections, *takes)

    providers = {
        key: replace(one, limits=limits(one.limits, TAKES.get(key, OTHERS_TAKE)))
        for key, one in table.providers.items()
    }
    return replace(table, is_on=True, other=limits(table.other, OTHERS_TAKE), providers=providers)


class Relay(MailServer):
    """A relay that takes so many a day, before providers that note whoever exceeds what the table says.

    A sender keeps places for a minute, so those of one more may come together. Now and then a provider throttles
    everybody, an e-mail is greylisted, and one is refused after DATA.
    """

    def __init__(self, table: TrafficShaping, time: SimulatedClock, a_day: int) -> None:
        self.table, self.time, self.a_day = table, time, a_day
        self.lately: dict[str, deque[datetime]] = {}
        self.day: deque[datetime] = deque()
        self.delivered: Counter[tuple[str, str]] = Counter()
        self.links: dict[str, str] = {}
        self.seen: Counter[str] = Counter()
        self.violations: list[str] = []
        self.throttled = {provider: Throttled(after, time) for provider, (after, _) in THROTTLES.items()}
        super().__init__()

    def _refusal(self, address: str) -> str | None:
        provider = self.table.of_domain(address.rpartition("@")[2]) or "other"
        self.seen[address] += 1
        if provider in self.throttled and self.throttled[provider].refuses():
            if self.throttled[provider].tries > PATIENCE:
                self.violations.append(f"{provider} blocks who goes on sending at {self.time.now}")
            return THROTTLES[provider][1]
        if number_in(address) % 50 == 0 and self.seen[address] == 1:
            return "450 4.7.1 greylisted"
        return None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self._refusal(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (address,) = envelope.rcpt_tos
        number = number_in(address)
        if number % 70 == 0 and self.seen[address] < 3:
            await asyncio.sleep(0)
            return "451 4.3.0 something went wrong after all of it came"
        self._note(address)
        await super().handle_DATA(server, session, envelope)
        letter = self.letters.pop()
        self.raw.clear()
        kind = "confirm" if "/confirm/" in text_of(letter) else "other"
        self.delivered[address, kind] += 1
        if kind == "confirm":
            self.links[address] = link_in(letter)
        return "250 taken"

    def _note(self, address: str) -> None:
        now = self.time.now
        if came_within(self.day, now, timedelta(days=1)) > self.a_day:
            self.violations.append(f"{len(self.day)} within a day at {now}")
        domain = address.rpartition("@")[2]
        key = self.table.of_domain(domain)
        limits = self.table.limits(key)
        number = came_within(self.lately.setdefault(key or domain, deque()), now, MINUTE)
        if number > limits.per_connection + limits.per_minute * (1 + KEPT_FOR / MINUTE):
            self.violations.append(f"{key or domain}: {number} within a minute at {now}")


class Throttled:
    """A provider that throttles after so many e-mails, with how many have been tried since it does."""

    def __init__(self, after: int, time: SimulatedClock) -> None:
        self._after, self._time, self._came = after, time, 0
        self.until = time.now
        self.tries = self.times = 0

    def refuses(self) -> bool:
        """Count one more e-mail, and tell whether it comes at a bad time."""
        if self._time.now < self.until:
            self.tries += 1
            return True
        self._came += 1
        if self._came % self._after:
            return False
        self.until, self.tries, self.times = self._time.now + THROTTLES_FOR, 1, self.times + 1
        return True


def came_within(lately: deque[datetime], now: datetime, within: timedelta) -> int:
    """Add one that comes now; return how many have come within that time."""
    lately.append(now)
    while lately[0] <= now - within:
        lately.popleft()
    return len(lately)


def number_in(address: str) -> int:
    return int(address.partition("@")[0].rpartition("-")[2])
