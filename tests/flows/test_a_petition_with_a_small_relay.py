"""Five thousand sign a petition whose relay takes 300 e-mails a day, at providers that block whoever sends too fast.

The clock is the simulation's own; mail server, worker, database and the site are real.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
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
from tests.flows.throttling_relay import Relay, SimulatedClock, number_in, scaled_down
from tests.organisers.people import make_organiser

SIGNERS = 5_000
A_DAY = 300
DAYS_OF_SIGNING = 3
LOOKS_EVERY = timedelta(minutes=5)  # a worker looks more often; this takes the processor less time
# Of a hundred; the rest are at domains by themselves.
SHARES = {"google": 50, "microsoft": 20, "gmx": 10, "orange": 8, "seznam": 5, "free": 2}
pytestmark = pytest.mark.slow


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
    shaping = scaled_down(traffic_shaping.load(None))
    dns = DnsServer()
    dns.add({f"town-{number}.example": {"MX": [f"10 mx.town-{number}.example."]} for number in range(100)})
    app.config["DNS_RESOLVER"] = dns.address
    app.extensions.pop(find_providers.EXTENSION, None)
    take_turns.init_app(app, shaping)
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
    relay = Relay(table, time, A_DAY)
    app.extensions["mail"].port = relay.port
    app.config["MAIL_MAX_PER_DAY"] = A_DAY
    addresses = [f"signer-{number}@{domain_of(number, table)}" for number in range(1, SIGNERS + 1)]
    to_come = deque(enumerate(addresses))
    begin, day, confirmed = time.now, time.now.date(), set[str]()
    try:
        while to_come or waiting(app):
            hours = (time.now - begin) // timedelta(hours=1)
            arrived = hours * SIGNERS // (24 * DAYS_OF_SIGNING) + 50
            come = [to_come.popleft()[1] for _ in range(min(len(to_come), max(0, arrived - (SIGNERS - len(to_come)))))]
            sign_all(app, come, slug)
            send_due(app, relay)
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
            send_due(app, relay)
            do_jobs(app)
            time.turn_to(next_moment(app, time.now, Occasion.NEWS))
            assert time.now < begin + timedelta(days=80), "the news does not end"
    finally:
        relay.stop()
    assert all(one.times for one in relay.throttled.values())
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


def send_due(app: Flask, relay: Relay) -> None:
    """Send what is due, as the worker does, and exceed nothing."""
    with app.app_context():
        while deliver(LETTERS):
            pass
    assert relay.violations == []


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
    moments = ([max([first, *free])] if first else []) + ([now + timedelta(hours=1)] if more_come else [])
    return max(min(moments, default=now), now + LOOKS_EVERY)
