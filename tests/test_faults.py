"""`make faults` in its short form finds nothing lost; and what is lost, its verdict finds."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from copy import copy

import pytest
from sqlalchemy import delete, update

import config
from app.crypto import tokens
from app.db import transaction
from app.models import Draft, Reason, Signature, State, Tally
from app.outbox.claim import BATCH_SIZE
from faults.kill import sent_again, too_often
from faults.sink import TakenEmail
from faults.site import Site
from faults.stage import SQLITE, Stage
from faults.verdict import judge

pytestmark = pytest.mark.slow


def test_whatever_breaks_nothing_that_was_promised_is_lost() -> None:
    command = [sys.executable, "-m", "faults", "--short"]
    made = subprocess.run(command, cwd=config.ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


@pytest.fixture
def site() -> Iterator[Site]:
    """A site on SQLite where ten have signed and some have confirmed, and whose worker has nothing more to do."""
    with ExitStack() as stack:
        site = Site(Stage(stack, seed=1, is_short=True), SQLITE)
        stack.callback(site.close)
        chance = random.Random(1)
        assert [site.crowd.sign(chance).status for _ in range(10)] == [303] * 10
        assert not judge(site).problems
        while sum(bool(one.confirmed) for one in site.crowd.people) < 3:
            site.crowd.confirm(chance)
        assert not judge(site).problems
        site.workers[0].kill()
        yield site


def test_the_verdict_finds_whatever_is_lost_or_wrong(site: Site) -> None:
    confirmed = [one for one in site.crowd.people if one.confirmed]
    doubled, robbed, forged = (one.address for one in confirmed)
    silenced, cut_off, *_ = (one.address for one in site.crowd.people if not one.confirmed)
    took = site.sink.by_recipient
    ids = {address: read_token(site, took[address, "confirm"][0].link) for address, _ in took}
    with site.app.app_context(), transaction() as session:
        session.execute(update(Tally).values(base=Tally.base + 1))
        session.execute(delete(Draft).where(Draft.public_id == ids[cut_off]))
        of = Signature.public_id
        session.execute(update(Signature).where(of == ids[robbed]).values(state=State.INVALIDATED, reason=Reason.OTHER))
        session.execute(update(Signature).where(of == ids[forged]).values(country="XX"))
    del took[silenced, "confirm"]
    site.sink.taken.remove(took[cut_off, "confirm"][0])
    took[doubled, "confirm"].append(copy(took[doubled, "confirm"][0]))
    took[doubled, "confirm"][0].message_id = "another@example.org"

    words = judge(site, faults=["found by the scenario"]).problems
    assert {
        "found by the scenario",
        f"signed with 303, no e-mail: {silenced}",
        "an e-mail is marked as sent and never came",
        f"signed, and the draft is lost: {cut_off}",
        f"invalidated by nobody: {robbed}",
        "one confirm e-mail under two Message-IDs",
    } <= set(words)
    count = next(one for one in words if one.startswith("the count differs"))
    assert "shown 4, verified rows 2" in count
    assert "altered rows 1" in count


def test_more_batches_that_went_out_twice_than_were_at_risk_are_found() -> None:
    def taken(*session_of: tuple[str, int]) -> list[TakenEmail]:
        content = "To: <ann@example.org>\r\nMessage-ID: <{}>\r\n\r\nHello"
        return [TakenEmail(content.format(message_id).encode(), session) for message_id, session in session_of]

    again = sent_again(taken(("a", 1), ("b", 1), ("c", 2), ("a", 3), ("b", 3), ("c", 3), ("d", 3)))
    assert again == {1: 2, 2: 1}
    assert too_often(again, 2) == []
    assert too_often(again, 1) == ["e-mails of 2 batches went out again, and 1 were at risk"]
    assert sent_again(taken(("a", 1), ("a", 2), ("a", 3))) == {1: 1, 2: 1}, "two batches, though it is one e-mail"
    many = sent_again(taken(*((str(which), session) for session in (1, 2) for which in range(BATCH_SIZE + 1))))
    assert too_often(many, 1) == [f"{BATCH_SIZE + 1} e-mails of one batch went out again"]


def read_token(site: Site, link: str) -> bytes:
    with site.app.app_context():
        return tokens.read_token(tokens.Purpose.CONFIRM, link.rpartition("/")[2])[0]
