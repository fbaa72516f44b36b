"""Equal answers: how well a clock tells a mailbox that signed from one that never did, by 500 tries of each in turn.

The figure is the chance that the later one of a pair is the one that is known here: 0.5 is a stranger who learns
nothing, 1 or 0 one who always knows (the area under the ROC curve, which is Mann and Whitney's U over all pairs).
"""

import os
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from random import Random
from statistics import median
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.db import transaction
from app.email.address import canonical
from app.models import Petition, Reason, Signature, State
from app.signing.email_key import email_key
from bench import people
from bench.figure import Figure, number
from bench.stage import SLUG, Stage

TRIES = 500
FIRST_TRIES = 50
MOST_OFF = 0.05
KNOWN = (State.VERIFIED, State.PENDING, State.DECLINED, State.INVALIDATED)

Send = Callable[[str], float]


def run(stage: Stage) -> Iterator[Figure]:
    """Measure both forms that strangers can fill in, in this process: over a network it is harder to tell."""
    app = stage.app(stage.database("strangers"))
    forms = {"sign": _sign(app), "my-signature": _my_signature(app)}
    for name, send in forms.items():
        for state in KNOWN if name == "sign" else KNOWN[:1]:
            known = _mailboxes(app, state, TRIES + FIRST_TRIES)
            yield _figure(f"strangers: {name}, new or {state.value}", send, known)


def _figure(name: str, send: Send, known: Sequence[str]) -> Figure:
    """Time known and new mailboxes in turn, who goes first by chance; leave the first tries out."""
    chance = Random(0)
    times: dict[bool, list[float]] = {True: [], False: []}
    for address in known:
        # As long as the known one, since a longer address is a longer form.
        pair = [(True, address), (False, f"{os.urandom(8).hex()}@example.org")]
        for is_known, mailbox in chance.sample(pair, 2):
            times[is_known].append(send(mailbox))
    old, new = times[True][FIRST_TRIES:], times[False][FIRST_TRIES:]
    told = _chance_to_tell(old, new)
    detail = f"known {number(median(old))} ms, new {number(median(new))} ms, {number(median(old) / median(new))} x"
    return Figure(name, [told], "AUC", at_least=0.5 - MOST_OFF, at_most=0.5 + MOST_OFF, detail=detail)


def _chance_to_tell(old: Sequence[float], new: Sequence[float]) -> float:
    """Return how often, of all pairs, the one of `old` took longer; a tie counts half."""
    ranked = sorted(new)
    wins = sum(bisect_left(ranked, one) + bisect_right(ranked, one) for one in old)
    return wins / (2 * len(old) * len(new))


def _mailboxes(app: Flask, state: State, many: int) -> list[str]:
    """Let that many mailboxes come to a state; return their addresses."""
    addresses = [f"{os.urandom(8).hex()}@example.org" for _ in range(many)]
    with app.app_context():
        pending = people.make_pending(app, many, int.from_bytes(os.urandom(5)))
        with transaction() as session:
            petition = session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
            for one, address in zip(pending, addresses, strict=True):
                signature = session.get_one(Signature, one.id)
                signature.email_key = email_key(petition, canonical(address))
                signature.state = state
                signature.reason = Reason.OTHER if state == State.INVALIDATED else None
                signature.sealed = None if state == State.DECLINED else signature.sealed
    return addresses


def _sign(app: Flask) -> Send:
    with app.app_context():
        under = people.edition()
        versions = {"text_version": under.text.version, "notice_version": under.notice.version, "language": "en"}
    said = {"name": "Ann Example", **people.ANSWERS, **versions}
    return lambda address: _post(app, f"/petitions/{SLUG}/sign", said | {"email": address})


def _my_signature(app: Flask) -> Send:
    return lambda address: _post(app, f"/petitions/{SLUG}/my-signature", {"email": address, "language": "en"})


def _post(app: Flask, path: str, fields: dict[str, object]) -> float:
    """Return after how many milliseconds the whole answer was there."""
    body = urlencode(fields).encode()
    kind = "application/x-www-form-urlencoded"
    # Each from a client of its own, as thirty from one are all that is taken.
    somewhere = {"REMOTE_ADDR": f"2001:db8:{os.urandom(2).hex()}:{os.urandom(2).hex()}::1"}
    environ = EnvironBuilder(path, method="POST", data=body, content_type=kind, environ_base=somewhere).get_environ()
    began = time.perf_counter()
    _, status, _ = run_wsgi_app(app, environ, buffered=True)
    took = time.perf_counter() - began
    if status != "303 SEE OTHER":
        raise RuntimeError(f"{path} answered {status}")
    return took * 1000
