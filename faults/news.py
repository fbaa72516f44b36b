"""News: thousands of e-mails through two workers that are killed with -9 at random moments, each of which comes once.

A worker that dies between the mark in the database and the last byte for the mail server leaves an e-mail of which
nobody can know whether it came. It is not sent again, and `outbox status` names it. So none ever comes twice, and each
that does not come is one of those that are named.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import func, insert, select

from app import clock
from app.db import db, transaction
from app.models import (
    Membership,
    News,
    NewsState,
    NewsText,
    Organiser,
    OutboxProgress,
    OutboxRow,
    Petition,
    Role,
    Signature,
    State,
)
from app.models.signature import Visibility
from app.models.signer import signer_of
from app.outbox.enqueue import UNCERTAIN
from bench.people import edition, what_is_said
from faults.row import Row
from faults.sink import Sink
from faults.site import LEASE_SECONDS, Process
from faults.stage import KINDS, Stage
from faults.verdict import Verdict
from faults.waiting import wait_until

SIGNERS, SIGNERS_IN_SHORT = 50_000, 2_000
KILLS, KILLS_IN_SHORT = 20, 4
WORK = ["flask", "--app", "faults.wsgi", "outbox", "work"]
BATCH = 1000
STUCK_SECONDS = 60


def run(stage: Stage) -> Iterator[Row]:
    """Send news on both databases while its two workers are killed."""
    for kind in KINDS:
        signers, kills = (SIGNERS_IN_SHORT, KILLS_IN_SHORT) if stage.is_short else (SIGNERS, KILLS)
        yield play(stage, kind, signers, kills)


def play(stage: Stage, kind: str, signers: int, kills: int) -> Row:
    """Send news to so many signers, kill a worker so many times, and judge what came."""
    database, chance = stage.new_database(kind), stage.chance(f"news {kind}")
    app, sink = stage.app(database), Sink(stage.chance(f"news sink {kind}"))
    agree(app, signers)
    begin(app)
    workers = [_worker(stage, database, sink, number) for number in (1, 2)]
    began = time.monotonic()
    try:
        for worker in workers:
            worker.start()
        for number in range(1, kills + 1):
            _wait_for(sink, number * signers // (kills + 2))
            time.sleep(chance.uniform(0, 0.5))
            victim = chance.choice(workers)
            victim.kill()
            victim.start()
        wait_until(lambda: _has_ended(app), "the news never ended", seconds=STUCK_SECONDS + signers / 20)
        seconds = time.monotonic() - began
    finally:
        for worker in workers:
            worker.kill()
        sink.go_away()
    came = Counter(one.recipient for one in sink.taken)
    problems, uncertain = judge_news(app, came, signers, kills)
    twice = sum(number - 1 for number in came.values())
    detail = f"{kills} kills of 2 workers; {signers / seconds:.0f} a second; {uncertain} uncertain, and named as that"
    return Row("news, killed", kind, detail, Verdict(signers, signers, len(came), twice, tuple(problems)))


_IS_UNCERTAIN = OutboxRow.reply == UNCERTAIN


def judge_news(app: Flask, came: Counter[str], signers: int, kills: int) -> tuple[list[str], int]:
    """Return what is wrong with what came to whom, and how many e-mails may have been sent or not."""
    problems = [f"{number} e-mails to one signer" for number in came.values() if number > 1]
    with app.app_context():
        progress = dict(db.session.execute(select(OutboxRow.progress, func.count()).group_by(OutboxRow.progress)).all())
        everyone = {signer_of(one).email.lower() for one in db.session.scalars(select(Signature))}
        of_uncertain = select(Signature).join(OutboxRow, OutboxRow.signature_id == Signature.id)
        named = [signer_of(one).email.lower() for one in db.session.scalars(of_uncertain.where(_IS_UNCERTAIN))]
        db.session.remove()
    if progress != {OutboxProgress.SENT: signers}:
        problems.append(f"the outbox has {progress}")
    lost = everyone - set(came) - set(named)
    if lost or set(came) - everyone:
        problems.append(f"{len(lost)} did not come and are not named")
    if len(named) > kills:
        problems.append(f"{len(named)} are uncertain after {kills} kills")
    return problems, len(named)


def agree(app: Flask, signers: int) -> None:
    """Make so many verified signatures that agreed to updates."""
    at = clock.now() - timedelta(hours=1)
    with app.app_context():
        under = edition()
        for first in range(1, signers + 1, BATCH):
            rows = []
            for which in range(first, min(first + BATCH, signers + 1)):
                row, _ = what_is_said(under, which, visibility=Visibility.DELIVERY, updates=True)
                rows.append(row | {"state": State.VERIFIED, "changes": 1, "signed_at": at, "verified_at": at})
            with transaction() as session:
                session.execute(insert(Signature), rows)
        db.session.remove()


def begin(app: Flask) -> None:
    """Write news and have it begin to be sent."""
    now = clock.now()
    with app.app_context(), transaction() as session:
        petition = session.scalars(select(Petition)).one()
        owner = Organiser("owner@example.org", bytes(32), "en")
        session.add(owner)
        session.flush()
        session.add(Membership(petition, owner, Role.OWNER))
        about = {"petition_id": petition.id, "number": 1, "written_by": owner.id, "asked_by": owner.id}
        news = News(state=NewsState.ASKED, made_at=now, asked_at=now, due_at=now, **about)
        session.add(news)
        session.flush()
        session.add(
            NewsText(news_id=news.id, language=petition.language, title="We were heard", body="They **listened**.")
        )
        session.flush()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _worker(stage: Stage, database: str, sink: Sink, number: int) -> Process:
    environment = stage.environment(database) | {"MAIL_PORT": str(sink.port)}
    settings = {"OUTBOX_LEASE_SECONDS": LEASE_SECONDS, "SMTP_TIMEOUT_SECONDS": 5}
    log: Path = stage.folder / f"news-{database}-{number}.log"
    return Process(f"worker {number}", WORK, environment, log, instance=str(stage.folder), settings=settings)


def _wait_for(sink: Sink, number: int) -> None:
    """Wait until so many e-mails have come."""
    wait_until(lambda: len(sink.taken) >= number, f"only {len(sink.taken)} came", seconds=STUCK_SECONDS * 4)


def _has_ended(app: Flask) -> bool:
    with app.app_context():
        state = db.session.scalars(select(News.state)).one()
        db.session.remove()
    return state == NewsState.SENT
