"""E-mails leave at their providers' pace and the relay's quotas: what one answers holds up its own e-mails alone."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import func, select, update

from app import clock
from app.db import db, transaction
from app.email import smtp, traffic_shaping
from app.email.traffic_shaping import Limits, Provider, TrafficShaping, WarmUp
from app.models import Departures, Occasion, OutboxProgress, OutboxRow, Petition, ProviderPace, Returned, Signature
from app.outbox import bounced, find_providers, quota, take_turns
from app.outbox.claim import claim_due
from app.outbox.deliver import deliver
from app.outbox.enqueue import PRIORITY_DEFERRED, new_letter
from app.outbox.forget_paces import forget_paces
from app.outbox.pause_provider import pause_if_asked
from app.signing import proof_of_work
from app.worker import LETTERS
from tests import factories
from tests.dns_server import DnsServer
from tests.factories import make_mailbox, make_signature, proof
from tests.mail_server import MailServer, link_in
from tests.site import wait_until

pytestmark = pytest.mark.both_databases
BIG, SMALL = "big.example", "small.example"
Work = Callable[[], int]
WAITING, SENT, FAILED = OutboxProgress.WAITING, OutboxProgress.SENT, OutboxProgress.FAILED


def table(**limits: int) -> TrafficShaping:
    """Return a table with two providers that take all but what is given for the big one."""
    freely = Limits(connections=0, per_connection=1000, per_minute=60_000)
    providers = {
        "big": Provider("Big", frozenset({BIG}), (), "", replace(freely, **limits)),
        "small": Provider("Small", frozenset({SMALL}), (), "", freely),
    }
    return replace(traffic_shaping.load(None), warm_up=WarmUp(0, 2, 0), other=freely, providers=providers, is_on=True)


@pytest.fixture(autouse=True)
def shaped(app: Flask) -> Iterator[Callable[[TrafficShaping], None]]:
    unshaped = app.extensions[take_turns.EXTENSION]
    app.config["DNS_RESOLVER"] = ("127.0.0.1", 1)  # nobody answers there
    app.extensions.pop(find_providers.EXTENSION, None)
    take_turns.init_app(app, table())
    yield lambda one: take_turns.init_app(app, one)
    take_turns.init_app(app, unshaped)
    app.extensions.pop(find_providers.EXTENSION, None)


@pytest.fixture(autouse=True, params=["together", "one by one"])
def sign(request: pytest.FixtureRequest, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Return a function that signs: with a proof of work, whose e-mails are written together, or without."""
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 10)
    has_proof = request.param == "together"

    def sign(email: str) -> object:
        return factories.sign(client, email=email, **({"altcha": proof(client)} if has_proof else {}))

    return sign  # type: ignore[return-value]


@pytest.fixture
def later(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Turn the app's clock on."""
    real, gone = clock.now, [timedelta(0)]
    monkeypatch.setattr(clock, "now", lambda: real() + gone[0])

    def turn_on(more: timedelta) -> None:
        gone[0] += more

    return turn_on


def rows(app: Flask) -> list[OutboxRow]:
    with app.app_context():
        return list(db.session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def recipients(mail_server: MailServer) -> list[str]:
    return [letter["To"] for letter in mail_server.letters]


def test_an_answer_about_our_rate_pauses_its_provider_alone(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object], later: Callable[[timedelta], None]
) -> None:
    mail_server.answer = lambda to: "421 4.7.0 [TSS04] deferred, ann@big.example" if to.endswith(BIG) else None
    for number in range(3):
        sign(f"ann-{number}@{BIG}")
        sign(f"ann-{number}@{SMALL}")
    work()
    assert recipients(mail_server) == [f"ann-{number}@{SMALL}" for number in range(3)]
    waiting = [row for row in rows(app) if row.progress == WAITING]
    assert len(waiting) == 3 and not any("ann" in row.reply for row in waiting)
    assert {row.due_at - clock.now() > timedelta(minutes=119) for row in waiting} == {True}
    with app.app_context():
        (pace,) = db.session.scalars(select(ProviderPace).where(ProviderPace.pauses > 0))
        assert pace.reply == "421 4.7.0: security or policy"
    mail_server.answer = lambda to: None
    later(timedelta(hours=1))
    assert work() == 0
    later(timedelta(hours=2))
    work()
    assert sorted(recipients(mail_server)[3:]) == [f"ann-{number}@{BIG}" for number in range(3)]
    assert {row.provider_key for row in rows(app)} == {None}
    with app.app_context():
        assert db.session.scalars(select(func.max(ProviderPace.pauses))).one() == 0


def test_an_answer_that_repeats_itself_pauses_longer(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object], later: Callable[[timedelta], None]
) -> None:
    mail_server.answer = lambda to: "450 4.7.1 not so fast"
    sign(f"ann@{BIG}")
    pauses = []
    for _ in range(3):
        work()
        with app.app_context():
            until = db.session.scalars(select(ProviderPace.paused_until)).one()
        pauses.append(round((until - clock.now()) / timedelta(minutes=1)))
        later(rows(app)[0].due_at - clock.now())
    assert pauses == [15, 30, 60]


def test_no_more_leave_for_a_provider_than_it_takes_and_the_others_do_not_wait_for_them(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object],
    shaped: Callable[[TrafficShaping], None], later: Callable[[timedelta], None],
) -> None:  # fmt: skip
    shaped(table(per_connection=2, per_minute=1))
    for number in range(5):
        sign(f"ann-{number}@{BIG}")
    sign(f"ann@{SMALL}")
    work()
    assert recipients(mail_server) == [f"ann-0@{BIG}", f"ann-1@{BIG}", f"ann@{SMALL}"]
    for left in (3, 4, 5):
        later(timedelta(seconds=61))
        work()
        assert sum(one.endswith(BIG) for one in recipients(mail_server)) == left
    assert recipients(mail_server)[3:] == [f"ann-{number}@{BIG}" for number in (2, 3, 4)]


@pytest.mark.parametrize("state", ["nobody", "declined", "verified"])
def test_a_form_takes_its_turn_whatever_its_mailbox_did(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object],
    shaped: Callable[[TrafficShaping], None], state: str,
) -> None:  # fmt: skip
    """Else who sends a form right after another's would see by when his own e-mail comes whether she has signed."""
    shaped(table(per_connection=1, per_minute=1))
    make_mailbox(app, state, f"ann@{BIG}")
    sign(f"ann@{BIG}")
    sign(f"spy@{BIG}")
    work()
    spied = next(row for row in rows(app) if row.progress == WAITING)
    assert timedelta(seconds=50) < spied.due_at - spied.queued_at < timedelta(seconds=70)
    with app.app_context():
        assert db.session.scalars(select(Departures.number).where(Departures.provider_key == quota.ALL)).all() == [1]


def test_an_e_mail_waits_a_second_while_dns_is_asked_about_its_domain_and_no_other_does(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object], later: Callable[[timedelta], None]
) -> None:
    sign("ann@never-seen.example")
    sign(f"spy@{SMALL}")
    work()
    assert recipients(mail_server) == [f"spy@{SMALL}"]
    (waiting,) = [row for row in rows(app) if row.progress == WAITING]
    assert timedelta(0) < waiting.due_at - clock.now() <= timedelta(seconds=1) and waiting.attempts == 0

    def has_left() -> bool:
        later(timedelta(seconds=1))
        work()
        return len(mail_server.letters) == 2

    wait_until(has_left)


@pytest.mark.parametrize("state", ["unsigned", "complained", "bounced"])
def test_after_a_pause_the_pace_of_the_next_tells_nothing_of_a_mailbox(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object],
    later: Callable[[timedelta], None], state: str,
) -> None:  # fmt: skip
    mail_server.answer = lambda to: "421 4.7.28 rate" if to.startswith("first") else None
    sign(f"first@{BIG}")
    work()
    later(timedelta(minutes=61))
    if state != "unsigned":
        kind = Returned.COMPLAINT if state == "complained" else Returned.HARD
        with app.app_context(), transaction() as session:
            bounced.end_emails(session, f"ann@{BIG}", kind, clock.now(), timedelta(0))
    sign(f"ann@{BIG}")
    with app.app_context():
        deliver(LETTERS)
    sign(f"spy-1@{BIG}")
    sign(f"spy-2@{BIG}")
    with app.app_context():
        deliver(LETTERS)
    assert {f"spy-1@{BIG}", f"spy-2@{BIG}"} <= {*recipients(mail_server)}


def test_a_quota_holds_for_two_workers_at_once_and_for_a_day(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object], later: Callable[[timedelta], None]
) -> None:
    app.config["MAIL_MAX_PER_DAY"] = 4
    for number in range(9):
        sign(f"ann-{number}@{SMALL}")

    def worker(_: int) -> None:
        with app.app_context():
            while deliver(LETTERS):
                pass

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(worker, range(2)))
    assert len(mail_server.letters) == 4
    later(timedelta(hours=23))
    work()
    assert len(mail_server.letters) == 4
    later(timedelta(hours=2))
    work()
    assert len(mail_server.letters) == 8


def test_thanks_leave_room_in_the_quota_for_confirmations(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object]
) -> None:
    app.config["MAIL_MAX_PER_HOUR"] = 10
    for number in range(12):
        make_thanks(app, f"thanked-{number}@{SMALL}")
    work()
    assert len(mail_server.letters) == 9
    sign(f"new@{SMALL}")
    work()
    assert recipients(mail_server)[9:] == [f"new@{SMALL}"]


def make_thanks(app: Flask, email: str) -> None:
    public_id = make_signature(app, email=email)
    with app.app_context(), transaction() as session:
        petition_id = session.scalars(select(Petition.id)).one()
        signature = session.scalars(select(Signature.id).where(Signature.public_id == public_id)).one()
        session.execute(new_letter(Occasion.CONFIRMED, clock.now(), petition_id, signature_id=signature))


def test_what_did_not_leave_is_given_back_to_the_quota(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object]
) -> None:
    app.config["MAIL_MAX_PER_DAY"] = 40
    app.extensions["mail"].port = 1  # nobody listens there
    for number in range(2):
        sign(f"ann-{number}@{SMALL}")
    for _ in range(3):
        with pytest.raises(Exception, match="no connection"):
            work()
        make_due(app)
    with app.app_context():
        assert db.session.scalars(select(func.sum(Departures.number))).one() == 0


@pytest.mark.parametrize(
    ("typed", "reply"),
    [
        ("ratelimit", "550 5.1.1 <{to}>: Recipient address rejected: User unknown"),
        ("ofr506", "550 no such user {to}"),
        ("ofr506", "450 User OFR506 is unknown here"),
        ("ann", "450 4.3.0 host ratelimit.evil.example[192.0.2.1] did not answer"),
        ("ann", "450 4.3.0 <{to}>: host mx.evil.example said: 421 4.7.28 rate limited"),
        ("ann", "450 4.3.0 <{to}>: host mx.evil.example said: 550 Sender address rejected"),
        ("ann", "450 4.1.1 <{to}>: rate limited, says who wrote this"),
    ],
)
def test_no_words_of_strangers_or_of_their_servers_pause_others(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object], typed: str, reply: str
) -> None:
    bad = f"{typed}@{BIG}"
    mail_server.answer = lambda to: reply.format(to=to) if to == bad else None
    sign(bad)
    work()
    sign(f"bert@{BIG}")
    work()
    assert recipients(mail_server) == [f"bert@{BIG}"]
    with app.app_context():
        assert not db.session.scalars(select(ProviderPace).where(ProviderPace.paused_until.is_not(None))).all()


def test_who_asks_for_pauses_for_ever_keeps_an_e_mail_for_days_and_not_for_ever(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object], later: Callable[[timedelta], None]
) -> None:
    mail_server.answer = lambda to: "421 4.7.0 [TSS04] deferred"
    sign(f"ann@{BIG}")
    since = clock.now()
    for _ in range(20):  # pauses double, up to a day
        work()
        (row,) = rows(app)
        if row.progress != WAITING:
            break
        later(row.due_at - clock.now())
    assert row.progress == FAILED and row.reply.startswith("given up: 421")
    assert timedelta(days=5) <= clock.now() - since <= timedelta(days=7)


def make_due(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now() - timedelta(seconds=1)))


def test_a_relay_that_refuses_the_sender_holds_all_e_mails_and_fails_none(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object],
    later: Callable[[timedelta], None], runner: FlaskCliRunner,
) -> None:  # fmt: skip
    mail_server.answer_sender = "550 5.7.1 sender not allowed"
    for number in range(3):
        sign(f"ann-{number}@{SMALL}")
    work()
    assert [(row.progress, row.attempts) for row in rows(app)] == [(WAITING, 0)] * 3
    assert "as the mail server refused the sender: 550 5.7.1: security or policy" in status(runner)
    mail_server.answer_sender = None
    assert work() == 0
    later(timedelta(minutes=6))
    work()
    assert len(mail_server.letters) == 3


def status(runner: FlaskCliRunner) -> str:
    return runner.invoke(args=["outbox", "status"]).output


def test_the_status_says_what_waits_for_what_and_until_when(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object], runner: FlaskCliRunner
) -> None:
    mail_server.answer = lambda to: "421 4.7.28 rate" if to.endswith(BIG) else None
    for number in range(2):
        sign(f"ann-{number}@{BIG}")
    work()
    until = clock.iso(rows(app)[0].due_at)
    assert f"2 wait for Big (a pause that its answer asked for), the next until {until}: 421 4.7.28: " in status(runner)
    app.config["MAIL_MAX_PER_DAY"] = 1
    sign(f"ann@{SMALL}")
    work()
    assert "all wait for MAIL_MAX_PER_DAY until " in status(runner)


def test_a_domain_that_takes_no_mail_is_named_on_the_page_of_whoever_typed_it(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Work, sign: Callable[[str], object],
    later: Callable[[timedelta], None],
) -> None:  # fmt: skip
    dns = DnsServer()
    try:
        app.config["DNS_RESOLVER"] = dns.address
        google = traffic_shaping.load(None).providers["google"]
        take_turns.init_app(app, replace(table(), providers={"google": google}))
        dns.add({min(google.domains): {"MX": ["5 gmail-smtp-in.l.google.com."]}, "nullmx.example": {"MX": ["0 ."]}})
        pages = {}
        for domain in ("gone.example", "nullmx.example", "gmail.com"):
            pages[domain] = sign(f"ann@{domain}").location  # type: ignore[attr-defined]
        assert "takes no e-mail" not in client.get(pages["gone.example"]).text

        def is_over() -> bool:
            later(timedelta(seconds=1))
            work()
            return WAITING not in {row.progress for row in rows(app)}

        wait_until(is_over)
        assert recipients(mail_server) == ["ann@gmail.com"]
        assert [row.progress for row in rows(app)] == [FAILED, FAILED, SENT]
        said = {domain: "takes no e-mail" in client.get(page).text for domain, page in pages.items()}
        assert said == {"gone.example": True, "nullmx.example": True, "gmail.com": False}
        assert "Open the e-mail" not in client.get(pages["gone.example"]).text
    finally:
        dns.stop()


def test_a_new_sender_sends_each_provider_few_thanks_a_day_and_every_confirmation(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object],
    shaped: Callable[[TrafficShaping], None], later: Callable[[timedelta], None],
) -> None:  # fmt: skip
    """Confirmations are what strangers can cause: a flood of them must not stop those of others for a day."""
    shaped(replace(table(), warm_up=WarmUp(first_day=4, factor=2, days=3)))
    for number in range(3):
        sign(f"ann-{number}@{BIG}")
    for number in range(8):
        make_thanks(app, f"thanked-{number}@{BIG}")
    make_thanks(app, f"thanked@{SMALL}")
    work()
    assert sum(one.endswith(BIG) for one in recipients(mail_server)) == 3
    assert f"thanked@{SMALL}" in recipients(mail_server)
    sign(f"new@{BIG}")
    work()
    assert f"new@{BIG}" in recipients(mail_server)
    for thanked in (7, 8):
        later(timedelta(days=1, minutes=20))
        work()
        assert len({one for one in recipients(mail_server) if one.startswith("thanked-")}) == thanked


def test_two_workers_send_to_a_provider_over_no_more_connections_than_it_takes(
    app: Flask, mail_server: MailServer, sign: Callable[[str], object], shaped: Callable[[TrafficShaping], None]
) -> None:
    shaped(table(connections=1))
    sign(f"ann@{BIG}")
    with app.app_context():
        first = claim_due()
        assert take_turns.take_turns(first, LETTERS).going == [*first.occasions]
    sign(f"ben@{BIG}")
    with app.app_context():
        second = claim_due()
        assert second.occasions and take_turns.take_turns(second, LETTERS).going == []


def test_old_paces_are_forgotten(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object]
) -> None:
    sign(f"ann@{BIG}")
    work()
    long_ago = clock.now() - timedelta(days=9)
    with app.app_context():
        with transaction() as session:
            session.execute(update(ProviderPace).values(next_at=long_ago))
            session.execute(update(Departures).values(slot=long_ago))
        assert forget_paces() >= 2
        assert [
            db.session.scalars(select(func.count()).select_from(one)).one() for one in (ProviderPace, Departures)
        ] == [0, 0]


def test_links_still_work_after_an_e_mail_was_put_off(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Work, sign: Callable[[str], object],
    shaped: Callable[[TrafficShaping], None], later: Callable[[timedelta], None],
) -> None:  # fmt: skip
    shaped(table(per_connection=1, per_minute=1))
    for number in range(3):
        sign(f"ann-{number}@{BIG}")
    for _ in range(4):
        work()
        later(timedelta(minutes=1))
    for letter in mail_server.letters:
        assert factories.press_confirm(client, link_in(letter)).status_code == 303
    assert len(mail_server.letters) == 3


def test_thanks_that_have_used_their_part_hold_up_no_confirmation_behind_them(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object], runner: FlaskCliRunner
) -> None:
    app.config["MAIL_MAX_PER_HOUR"] = 10
    for number in range(12):
        make_thanks(app, f"thanked-{number}@{SMALL}")
    work()
    assert "confirmed, reminder, news: wait for their part of MAIL_MAX_PER_HOUR until " in status(runner)
    sign(f"new@{SMALL}")
    with app.app_context(), transaction() as session:  # as the slow lane does, and a server that refused it once
        signed = update(OutboxRow).where(OutboxRow.occasion == Occasion.SIGNED)
        session.execute(signed.values(priority=PRIORITY_DEFERRED))
    work()
    assert recipients(mail_server)[9:] == [f"new@{SMALL}"]


def test_a_pause_that_another_worker_met_meanwhile_is_kept(
    app: Flask, mail_server: MailServer, sign: Callable[[str], object]
) -> None:
    sign(f"ann@{BIG}")
    with app.app_context():
        mine = claim_due()
        turns = take_turns.take_turns(mine, LETTERS)
        refused = smtp.Temporary("421 4.7.0", 421, "4.7.0 [TSS04] deferred")
        until = pause_if_asked(find_providers.key_of("big"), refused, take_turns.shaping())
        take_turns.end_turns(mine, turns, turns.going, turns.going, [], {})
        (kept,) = db.session.scalars(select(ProviderPace).where(ProviderPace.pauses > 0))
        assert kept.paused_until == until


def test_who_finds_no_connection_free_keeps_the_place(
    app: Flask, mail_server: MailServer, sign: Callable[[str], object],
    shaped: Callable[[TrafficShaping], None], later: Callable[[timedelta], None],
) -> None:  # fmt: skip
    shaped(table(connections=1, per_connection=1, per_minute=1))
    sign(f"ann@{BIG}")
    sign(f"ben@{BIG}")
    with app.app_context():
        first = claim_due()
        take_turns.take_turns(first, LETTERS)  # it goes on holding the connection
    place = rows(app)[1].leaves_at
    assert place is not None
    later(timedelta(seconds=61))
    with app.app_context():
        take_turns.take_turns(claim_due(), LETTERS)
    assert rows(app)[1].leaves_at == place and rows(app)[1].due_at > place


def test_a_clock_that_was_ahead_stops_nothing_once_it_is_right(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object],
    shaped: Callable[[TrafficShaping], None], later: Callable[[timedelta], None],
) -> None:  # fmt: skip
    shaped(table(per_connection=1, per_minute=1))
    app.config["MAIL_MAX_PER_DAY"] = 1
    later(timedelta(days=300))
    sign(f"ann@{BIG}")
    work()
    later(timedelta(days=-300))
    sign(f"ben@{BIG}")
    work()
    later(timedelta(minutes=2))  # its pace
    work()
    assert recipients(mail_server) == [f"ann@{BIG}", f"ben@{BIG}"]


def test_a_row_that_does_not_open_holds_up_no_other(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object]
) -> None:
    altered = {"public_id": b"a" * 16, "sealed": b"altered", "occasion": Occasion.ORGANISER, "priority": 0}
    with app.app_context(), transaction() as session:
        session.add(OutboxRow(**altered, queued_at=clock.now(), due_at=clock.now() - timedelta(hours=1)))
    sign(f"ann@{SMALL}")
    work()
    assert recipients(mail_server) == [f"ann@{SMALL}"]


def test_a_sender_refused_after_the_recipient_is_known_fails_no_e_mail(
    app: Flask, mail_server: MailServer, work: Work, sign: Callable[[str], object]
) -> None:
    mail_server.answer = lambda to: "553 5.7.1 <petitions@localhost>: Sender address rejected: not owned by user"
    sign(f"ann@{SMALL}")
    work()
    assert [row.progress for row in rows(app)] == [WAITING]


@pytest.mark.postgresql_alone
def test_who_ends_a_batch_locks_in_the_order_of_who_begins_one(
    app: Flask, mail_server: MailServer, sign: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(f"ann@{BIG}")
    sign(f"ben@{SMALL}")
    with app.app_context():
        ending = claim_due()
        turns = take_turns.take_turns(ending, LETTERS)
        with transaction() as session:
            session.execute(update(ProviderPace).values(pauses=1))
    sign(f"cat@{BIG}")
    both = threading.Barrier(2, timeout=5)
    count, give_back = quota.count, quota.give_back

    def meet_before(function: Callable[..., None]) -> Callable[..., None]:
        def met(*given: object) -> None:
            with suppress(threading.BrokenBarrierError):  # one waits for the other's lock, and it for none
                both.wait()
            function(*given)

        return met

    monkeypatch.setattr(quota, "count", meet_before(count))
    monkeypatch.setattr(quota, "give_back", lambda *given: (give_back(*given), meet_before(lambda: None)()))

    def begin() -> None:
        with app.app_context():
            take_turns.take_turns(claim_due(), LETTERS)

    def end() -> None:
        with app.app_context():
            take_turns.end_turns(ending, turns, turns.going[:1], turns.going[:1], [], {})

    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(begin), workers.submit(end)]:
            done.result()
