"""Five thousand sign a petition whose relay takes 300 e-mails a day, at providers that block whoever sends too fast.

The clock is the simulation's own; mail server, worker, database and the site are real.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app import clock, jobs
from app.db import db, transaction
from app.email import traffic_shaping
from app.email.traffic_shaping import TrafficShaping
from app.ledger import ledger
from app.models import (
    Membership,
    NoticeKind,
    Occasion,
    OutboxProgress,
    OutboxRow,
    Petition,
    PetitionText,
    PrivacyNotice,
    Role,
    Visibility,
)
from app.models.signer import Signer
from app.new_rows import insert_rows
from app.outbox import find_providers, take_turns
from app.outbox.deliver import deliver
from app.outbox.quota import quotas, used
from app.signing.sign import new_draft
from app.updates import send, write
from app.updates.write import Written
from app.worker import LETTERS
from tests.dns_server import DnsServer
from tests.factories import make_petition
from tests.mail_server import MailServer, link_in, text_of
from tests.organisers.people import make_organiser

SIGNERS = 5_000
A_DAY = 300
DAYS_OF_SIGNING = 3
# Of a hundred; the rest are at domains by themselves.
SHARES = {"google": 50, "microsoft": 20, "gmx": 10, "orange": 8, "seznam": 5, "free": 2}
pytestmark = pytest.mark.slow


class SimulatedClock:
    """It stands still but when it is turned on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 12, 1, 9, tzinfo=UTC)

    def turn_to(self, moment: datetime) -> None:
        self.now = max(self.now, moment)


class Relay(MailServer):
    """A relay with a quota, before providers that behave as the table says: they block whoever exceeds it.

    Now and then a provider throttles everybody for an hour, an e-mail is greylisted, and one is refused after DATA.
    """

    def __init__(self, table: TrafficShaping, time: SimulatedClock) -> None:
        self.table, self.time = table, time
        self.lately: dict[str, deque[datetime]] = {}
        self.day: deque[datetime] = deque()
        self.delivered: Counter[tuple[str, str]] = Counter()
        self.links: dict[str, str] = {}
        self.seen: Counter[str] = Counter()
        self.violations: list[str] = []
        self.throttled: set[str] = set()
        super().__init__()

    def _refusal(self, address: str) -> str | None:
        provider = self.table.of_domain(address.rpartition("@")[2]) or "other"
        self.seen[address] += 1
        number = number_in(address)
        if provider in self.throttled:
            return "421 4.7.28 too much at the moment"
        if number % 50 == 0 and self.seen[address] == 1:
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
        self.day.append(now)
        while self.day[0] <= now - timedelta(days=1):
            self.day.popleft()
        if len(self.day) > A_DAY:
            self.violations.append(f"{len(self.day)} within a day at {now}")
        key = self.table.of_domain(address.rpartition("@")[2])
        limits, lately = self.table.limits(key), self.lately.setdefault(key or address.rpartition("@")[2], deque())
        lately.append(now)
        while lately[0] <= now - timedelta(minutes=1):
            lately.popleft()
        if len(lately) > limits.per_minute + limits.per_connection:
            self.violations.append(f"{key}: {len(lately)} within a minute at {now}")


def domain_of(number: int, table: TrafficShaping) -> str:
    place = number * 37 % 100
    for provider, share in SHARES.items():
        if place < share:
            return min(table.providers[provider].domains)
        place -= share
    return f"town-{place}.example"


@pytest.fixture
def table(app: Flask) -> Iterator[TrafficShaping]:
    unshaped = app.extensions[take_turns.EXTENSION]
    shaping = traffic_shaping.load(None)
    dns = DnsServer()
    dns.add({f"town-{number}.example": {"MX": [f"10 mx.town-{number}.example."]} for number in range(100)})
    app.config["DNS_RESOLVER"] = dns.address
    app.extensions.pop(find_providers.EXTENSION, None)
    take_turns.init_app(app, replace(shaping, is_on=True))
    yield shaping
    dns.stop()
    take_turns.init_app(app, unshaped)
    app.extensions.pop(find_providers.EXTENSION, None)


def test_no_confirmation_is_lost_and_no_provider_blocks_the_sender(
    app: Flask, client: FlaskClient, table: TrafficShaping, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = SimulatedClock()
    monkeypatch.setattr(clock, "now", lambda: time.now)
    slug = make_petition(app)
    relay = Relay(table, time)
    app.extensions["mail"].port = relay.port
    app.config["MAIL_MAX_PER_DAY"] = A_DAY
    addresses = [f"signer-{number}@{domain_of(number, table)}" for number in range(1, SIGNERS + 1)]
    to_come = deque(enumerate(addresses))
    begin, day, confirmed = time.now, time.now.date(), set[str]()
    try:
        while to_come or waiting(app):
            arrived = int((time.now - begin) / timedelta(days=DAYS_OF_SIGNING) * SIGNERS) + 50
            come = [to_come.popleft()[1] for _ in range(min(len(to_come), max(0, arrived - (SIGNERS - len(to_come)))))]
            sign_all(app, come, slug)
            hour = time.now.hour + 24 * (time.now - begin).days
            relay.throttled = {"google"} if hour % 60 == 5 else {"orange"} if hour % 90 == 7 else set()
            with app.app_context():
                while deliver(LETTERS):
                    pass
            if time.now.date() > day:
                day = time.now.date()
                do_jobs(app)
            for address in sorted(set(relay.links) - confirmed):
                answers = {"name": "Ann Example", "country": "SE", "visibility": "delivery"}
                answers |= {"updates": "y"} if agrees(address) else {}
                assert client.post(relay.links[address], data=answers).status_code == 303
                confirmed.add(address)
            time.turn_to(next_moment(app, time.now, more_come=bool(to_come)))
            assert time.now < begin + timedelta(days=80), "the outbox does not empty"
        close_and_tell(app, slug, time)
        while waiting(app):
            with app.app_context():
                while deliver(LETTERS):
                    pass
            do_jobs(app)
            time.turn_to(next_moment(app, time.now, Occasion.NEWS))
            assert time.now < begin + timedelta(days=80), "the news does not end"
    finally:
        relay.stop()
    assert relay.violations == []
    assert confirmed == set(addresses)
    assert {relay.delivered[address, "confirm"] for address in addresses} == {1}
    others = {address: relay.delivered[address, "other"] for address in addresses}  # thanks, and news to who agreed
    assert {address: 1 + agrees(address) for address in addresses} == others
    with app.app_context():
        assert ledger.verified_count(db.session(), db.session.scalars(select(Petition.id)).one()) == SIGNERS
        failed = select(func.count()).where(OutboxRow.progress == OutboxProgress.FAILED)
        assert db.session.scalar(failed) == 0
    days = (time.now - begin).days
    assert days >= 2 * SIGNERS / A_DAY - 1


def agrees(address: str) -> bool:
    """Tell whether this signer wants news."""
    return number_in(address) % 20 == 1


def number_in(address: str) -> int:
    return int(address.partition("@")[0].rpartition("-")[2])


def do_jobs(app: Flask) -> None:
    """Do what the worker does beside sending, which must take no confirmation away."""
    with app.app_context():
        assert None not in jobs.run_all(jobs.JOBS).values()


def close_and_tell(app: Flask, slug: str, time: SimulatedClock) -> None:
    """Close the petition, and have its outcome sent to who agreed to updates."""
    owner = make_organiser(app, "owner-1@example.org", Role.OWNER, slug)
    with app.app_context():
        with transaction() as session:
            session.execute(update(Petition).values(closes_at=time.now))
            session.execute(update(Membership).values(notices=dict.fromkeys(NoticeKind, False)))
        petition_id = db.session.scalars(select(Petition.id)).one()
        number = write.begin_news(petition_id, owner)
        texts = {"en": Written("We were heard", "The council **listened**.")}
        write.save_news(petition_id, owner, number, 0, texts, is_outcome=True)
        assert send.ask_to_send(petition_id, owner, number, 1)
    time.turn_to(time.now + send.DELAY)
    do_jobs(app)


def sign_all(app: Flask, addresses: list[str], slug: str) -> None:
    """Sign as the form does, without its page."""
    with app.app_context(), transaction() as session:
        petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        values = {
            "text_id": session.scalars(select(PetitionText.id)).one(),
            "notice_id": session.scalars(select(PrivacyNotice.id)).one(),
            "language": "en",
            "network_key": None,
        }
        for address in addresses:
            signer = Signer("Ann Example", "", "", address, "SE", Visibility.DELIVERY, updates=agrees(address))
            insert_rows(session, new_draft(petition, signer, values, [], had_proof_of_work=True)[1])


def waiting(app: Flask) -> int:
    with app.app_context():
        is_waiting = OutboxRow.progress == OutboxProgress.WAITING
        return db.session.scalar(select(func.count()).where(is_waiting, OutboxRow.occasion != Occasion.REMINDER)) or 0


def next_moment(app: Flask, now: datetime, last: Occasion = Occasion.CONFIRMED, *, more_come: bool = False) -> datetime:
    """Return when something can happen next: an e-mail is due, the quota has room for the last kind, or people come."""
    with app.app_context():
        assert quotas()
        first = db.session.scalar(
            select(func.min(OutboxRow.due_at, type_=OutboxRow.due_at.type)).where(
                OutboxRow.progress == OutboxProgress.WAITING
            )
        )
        free = [one.free_at for one in used(db.session(), now) if one.room(last) == 0 and one.free_at]
    moments = [max([first or now, *free])] + ([now + timedelta(hours=1)] if more_come else [])
    return max(min(moments), now + timedelta(seconds=1))
