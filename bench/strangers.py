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
from sqlalchemy import insert
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app import clock
from app.db import transaction
from app.email.address import canonical
from app.models import Declined, Draft, Reason, Signature, State
from app.signing import email_reference
from app.signing.email_key import email_key
from app.signing.expiry import LINK_WORKS_FOR
from app.signing.sign import FormIds
from bench import people
from bench.figure import Figure, number
from bench.stage import SLUG, Stage

TRIES = 500
FIRST_TRIES = 50
MOST_OFF = 0.05
DRAFT, DECLINED = "draft", "declined"
KNOWN = (DRAFT, State.VERIFIED, State.INVALIDATED, DECLINED)
WRONG_CODES = ("222222222", "333333333", "444444444", "555555555")

Send = Callable[[str], float]


def run(stage: Stage) -> Iterator[Figure]:
    """Measure the forms that strangers can fill in, in this process: over a network it is harder to tell."""
    database = stage.database("strangers")
    forms = {"sign": _sign, "four wrong codes": _wrong_codes, "my-signature": _my_signature}
    for name, sender in forms.items():
        for state in KNOWN if name != "my-signature" else (State.VERIFIED,):
            app = stage.app(database)  # a new one: limits kept in memory take longer with each client that they know
            known = make_mailboxes(app, state, TRIES + FIRST_TRIES)
            yield _figure(f"strangers: {name}, new or {state}", sender(app), known)


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
    return figure_of(name, old, new)


def figure_of(name: str, old: Sequence[float], new: Sequence[float]) -> Figure:
    """Return how well these milliseconds tell a known mailbox from a new one."""
    told = chance_to_tell(old, new)
    detail = f"known {number(median(old))} ms, new {number(median(new))} ms, {number(median(old) / median(new))} x"
    return Figure(name, [told], "AUC", at_least=0.5 - MOST_OFF, at_most=0.5 + MOST_OFF, detail=detail)


def chance_to_tell(old: Sequence[float], new: Sequence[float]) -> float:
    """Return how often, of all pairs, the one of `old` took longer; a tie counts half."""
    ranked = sorted(new)
    wins = sum(bisect_left(ranked, one) + bisect_right(ranked, one) for one in old)
    return wins / (2 * len(old) * len(new))


def make_mailboxes(app: Flask, state: str, many: int) -> list[str]:
    """Let that many mailboxes come to a state; return their addresses."""
    addresses = [f"{os.urandom(8).hex()}@example.org" for _ in range(many)]
    now = clock.now()
    with app.app_context():
        under = people.edition()
        keys = [email_key(under.petition, canonical(address)) for address in addresses]
        said = [people.what_is_said(under, number)[0] | {"email_key": key} for number, key in enumerate(keys)]
        with transaction() as session:
            if state == DRAFT:
                sent = {"expires_at": now + LINK_WORKS_FOR, "code_hash": os.urandom(32)}
                session.execute(insert(Draft), [one | sent for one in said])
            elif state == DECLINED:
                mark = {"petition_id": under.petition.id, "undo_until": now}
                session.execute(insert(Declined), [mark | {"email_key": key} for key in keys])
            else:
                reason = Reason.OTHER if state == State.INVALIDATED else None
                confirmed = {"state": State(state), "verified_at": now, "reason": reason}
                session.execute(insert(Signature), [one | confirmed for one in said])
    return addresses


def _sign(app: Flask) -> Send:
    with app.app_context():
        under = people.edition()
        versions = {"text_version": under.text.version, "notice_version": under.notice.version, "language": "en"}
    said = {"name": "Ann Example", **people.ANSWERS, **versions}
    return lambda address: _post(app, f"/petitions/{SLUG}/sign", said | {"email": address}, _client())


def _wrong_codes(app: Flask) -> Send:
    def send(address: str) -> float:
        with app.app_context():
            reference = email_reference.make_reference(SLUG, "en", address, FormIds.new())
        page, client = f"/petitions/{SLUG}/check-your-email/{reference}", _client()
        return sum(_post(app, page, {"code": wrong}, client, "422 UNPROCESSABLE ENTITY") for wrong in WRONG_CODES)

    return send


def _my_signature(app: Flask) -> Send:
    path = f"/petitions/{SLUG}/my-signature"
    return lambda address: _post(app, path, {"email": address, "language": "en"}, _client())


def _client() -> dict[str, str]:
    """Return the address of a client of its own for each mailbox, as thirty forms from one are all that is taken."""
    return {"REMOTE_ADDR": f"2001:db8:{os.urandom(2).hex()}:{os.urandom(2).hex()}::1"}


def _post(
    app: Flask, path: str, fields: dict[str, object], client: dict[str, str], expected: str = "303 SEE OTHER"
) -> float:
    """Return after how many milliseconds the whole answer was there."""
    body = urlencode(fields).encode()
    kind = "application/x-www-form-urlencoded"
    environ = EnvironBuilder(path, method="POST", data=body, content_type=kind, environ_base=client).get_environ()
    began = time.perf_counter()
    _, status, _ = run_wsgi_app(app, environ, buffered=True)
    took = time.perf_counter() - began
    if status != expected:
        raise RuntimeError(f"{path} answered {status}")
    return took * 1000
