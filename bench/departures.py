"""Departures: how well a mail server's clock tells what a mailbox did, by the letters to others before and after hers.

Somebody sends a form in her name between two of his own, as those do who know that the worker goes by their order. The
figure is that of bench/strangers.py.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from flask import Flask
from sqlalchemy import insert

from app import clock
from app.db import transaction
from app.email.address import canonical
from app.models import Draft, Occasion, OutboxRow, State
from app.outbox import claim
from app.outbox.deliver import deliver
from app.outbox.mailbox_limit import counted_mailbox
from app.signing.email_key import email_key
from app.worker import LETTERS
from bench import people
from bench.figure import Figure
from bench.stage import Stage, free_port
from bench.strangers import DECLINED, figure_of, make_mailboxes

TRIES, FIRST_TRIES = 100, 20
STATES = (State.VERIFIED, DECLINED)  # another letter, and none
LEAST = 0.35  # fewer tries than there, and a few microseconds for which a mail server was idle
# Whether the forms bring a proof, and how many letters a worker takes at once.
KINDS = (("with a proof", True, 200), ("with a proof, each in a batch of its own", True, 1), ("without", False, 200))
Gap = Callable[[str], float]


def run(stage: Stage) -> Iterator[Figure]:
    """Measure the milliseconds between the stranger's two letters, with her form between his and forms before them."""
    port = free_port()
    sink = stage.start("-m", "bench.sink", str(port), "times")
    assert sink.stdout
    sink.stdout.readline()
    app = stage.app(stage.database("departures"), MAIL_PORT=port)

    def came() -> tuple[str, float]:
        assert sink.stdout
        at, address = sink.stdout.readline().split()
        return address, float(at)

    for kind, has_proof, claim.BATCH_SIZE in KINDS:
        for state in STATES:
            known = make_mailboxes(app, state, TRIES + FIRST_TRIES)
            gap = _gap(app, came, has_proof=has_proof)
            seen = _figure(f"departures: forms {kind}, new or {state}", gap, known)
            yield replace(seen, at_least=LEAST, at_most=1 - LEAST)


def _figure(name: str, gap: Gap, known: list[str]) -> Figure:
    chance = Random(0)
    gaps: dict[bool, list[float]] = {True: [], False: []}
    for address in known:
        pair = [(True, address), (False, f"{os.urandom(8).hex()}@example.org")]
        for is_known, mailbox in chance.sample(pair, 2):
            gaps[is_known].append(gap(mailbox))
    return figure_of(name, gaps[True][FIRST_TRIES:], gaps[False][FIRST_TRIES:])


def _gap(app: Flask, came: Callable[[], tuple[str, float]], *, has_proof: bool) -> Gap:
    def gap(address: str) -> float:
        his = [f"{os.urandom(8).hex()}@example.net" for _ in range(2)]
        with app.app_context():
            _queue([his[0], address, his[1]], has_proof=has_proof)
            while deliver(LETTERS):
                pass
        at: list[float] = []
        while len(at) < 2:
            to, moment = came()
            if to in his:
                at.append(moment)
        return at[1] - at[0]

    return gap


def _queue(addresses: list[str], *, has_proof: bool) -> None:
    """Insert what forms with these addresses do, all at once."""
    under, now = people.edition(), clock.now()
    with transaction() as session:
        for number, address in enumerate(addresses):
            key = email_key(under.petition, canonical(address))
            said, _ = people.what_is_said(under, number, address=address)
            session.execute(insert(Draft), [said | {"email_key": key}])
            row = {
                "draft_id": said["public_id"],
                "petition_id": under.petition.id,
                "occasion": Occasion.SIGNED,
                "priority": 0 if has_proof else 1,
                "had_proof_of_work": has_proof,
                "turn_at": None if has_proof else now,
                "mailbox": counted_mailbox(address).key,
                "queued_at": now,
                "due_at": now,
            }
            session.execute(insert(OutboxRow), [row])
