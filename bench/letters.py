"""Letters: through app/outbox/deliver.py to a fast mail server, against a plain Flask-Mail batch on one connection.

And two workers against one, each a process of its own.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence

from flask import Flask
from flask_mail import Mail, Message
from sqlalchemy import func, insert, select

from app import clock
from app.confirmation import letter
from app.db import db, transaction
from app.email.letter import Letter
from app.models import Occasion, OutboxProgress, OutboxRow
from app.outbox.deliver import deliver
from app.worker import LETTERS
from bench import people
from bench.figure import Figure, in_turns, middle, ratios
from bench.stage import Stage, free_port

SECONDS = 2.5
IN_THE_QUEUE = 8000  # more than go out in that time
WORKERS, SECONDS_OF_WORKERS, FIRST_SECONDS = 2, 0.8, 0.2


def run(stage: Stage) -> Iterator[Figure]:
    """Measure confirmation letters, each to another signer, from the outbox to the mail server's 250."""
    port = free_port()
    sink = stage.start("-m", "bench.sink", str(port))
    assert sink.stdout
    sink.stdout.readline()
    database = stage.database("letters")
    app = stage.app(database, MAIL_PORT=port)
    _fill(app)
    with app.app_context():
        row = db.session.scalars(select(OutboxRow).limit(1)).one()
        write = letter.choose_letter(row)
        assert write is not None
        sample = write()
    _through_the_outbox(app, 0.5)
    batch = _plain_batch(port, sample)
    batch()

    pairs = in_turns(lambda: _through_the_outbox(app, SECONDS), batch)
    seen = [pair[0] for pair in pairs]
    yield Figure("letters: through the outbox", seen, "/s", at_least=800)
    detail = f"outbox {middle(pairs, 0)}/s, Flask-Mail {middle(pairs, 1)}/s"
    yield Figure("letters: through the outbox / Flask-Mail batch", ratios(pairs), "x", at_least=2.5, detail=detail)

    environment = stage.environment(database) | {"MAIL_PORT": str(port)}
    workers = [stage.start("-m", "bench.sender", **environment) for _ in range(WORKERS)]
    for worker in workers:
        _answer(worker)
    _through_workers(app, workers, FIRST_SECONDS)
    pairs = in_turns(
        lambda: _through_workers(app, workers, SECONDS_OF_WORKERS),
        lambda: _through_workers(app, workers[:1], SECONDS_OF_WORKERS),
    )
    shared = f"database and mail server share {os.cpu_count()} cores with them; nothing wanted"
    detail = f"two {middle(pairs, 0)}/s, one {middle(pairs, 1)}/s; {shared}"
    yield Figure("letters: two workers / one", ratios(pairs), "x", detail=detail)


def _fill(app: Flask) -> None:
    """Add signers with their letters until enough of these wait."""
    with app.app_context():
        known = _letters(OutboxProgress.WAITING) + _letters(OutboxProgress.SENT)
        missing = IN_THE_QUEUE - _letters(OutboxProgress.WAITING)
    if missing <= 0:
        return
    signed = people.make_drafts(app, missing, known + 1)
    now = clock.now()
    with app.app_context(), transaction() as session:
        petition_id = people.edition().petition.id
        rows = [
            {
                "draft_id": one.public_id,
                "petition_id": petition_id,
                "occasion": Occasion.SIGNED,
                "priority": 0,
                "mailbox": os.urandom(32),
                "queued_at": now,
                "due_at": now,
            }
            for one in signed
        ]
        session.execute(insert(OutboxRow), rows)


def _through_the_outbox(app: Flask, seconds: float) -> float:
    """Send batch after batch as the worker does; return how many letters a second went out."""
    _fill(app)
    with app.app_context():
        before, began = _letters(OutboxProgress.SENT), time.perf_counter()
        while time.perf_counter() - began < seconds:
            assert deliver(LETTERS)
        took = time.perf_counter() - began
        return (_letters(OutboxProgress.SENT) - before) / took


def _through_workers(app: Flask, workers: Sequence["subprocess.Popen[str]"], seconds: float) -> float:
    """Have these workers send at once for so long; return how many letters a second went out."""
    _fill(app)
    with app.app_context():
        before = _letters(OutboxProgress.SENT)
        for worker in workers:
            assert worker.stdin
            worker.stdin.write(f"{seconds}\n")
            worker.stdin.flush()
        told = [_answer(worker) for worker in workers]
        if _letters(OutboxProgress.SENT) - before != sum(int(number) for number, _ in told):
            raise RuntimeError("not all letters that were taken in hand went out")
        return sum(int(number) / float(took) for number, took in told)


def _answer(worker: "subprocess.Popen[str]") -> list[str]:
    assert worker.stdout
    words = worker.stdout.readline().split()
    if not words:
        raise RuntimeError("a worker has ended")
    return words


def _letters(progress: OutboxProgress) -> int:
    number = select(func.count()).select_from(OutboxRow).where(OutboxRow.progress == progress)
    return db.session.scalars(number).one()


def _plain_batch(port: int, sample: Letter) -> Callable[[], float]:
    """Return Flask-Mail as its documentation uses it, with words that are ready and no database behind it."""
    app = Flask(__name__)
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port, MAIL_DEFAULT_SENDER=sample.sender)
    mail = Mail(app)

    def batch() -> float:
        number, began = 0, time.perf_counter()
        with app.app_context(), mail.connect() as connection:
            while time.perf_counter() - began < SECONDS:
                number += 1
                message = Message(sample.subject, recipients=[f"ann.{number}@example.org"], body=sample.body)
                message.html = sample.html
                connection.send(message)
        return number / (time.perf_counter() - began)

    return batch
