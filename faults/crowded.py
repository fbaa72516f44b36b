"""Crowded: 200 clients sign, confirm and withdraw while an organiser invalidates and restores, all at random.

Meanwhile the count is audited each second, the ledger is folded, and the data keys are rotated.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from sqlalchemy import select

import config
from app.data_keys.rotate import Unfinished, rotate
from app.db import db
from app.ledger import ledger
from app.ledger.audit import audit
from app.models import Petition, Reason
from app.moderation import bulk
from app.watching.selection import Selection
from bench.stage import SLUG
from faults.crowd import COUNTRIES
from faults.row import Row, answers
from faults.site import Site, site_on
from faults.stage import KINDS, Stage
from faults.verdict import judge

CLIENTS, CLIENTS_IN_SHORT = 200, 50
SECONDS, SECONDS_IN_SHORT = 60, 3
WEIGHTS = (5, 4, 2)
PATIENCE_SECONDS = 30


class Desk:
    """What organiser and operator do beside the crowd, each in a thread of its own; `done` tells how often."""

    def __init__(self, site: Site, chance: Random) -> None:
        self._site, self._chance = site, chance
        self.audits = self.moderated = self.rotations = 0
        self.faults: list[str] = []
        with site.app.app_context():
            self._petition_id = db.session.scalars(select(Petition.id).where(Petition.slug == SLUG)).one()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Do all of it, again and again."""
        stop = threading.Event()
        acts = ((self._audit, 1.0), (self._moderate, 0.3), (ledger.fold_all, 0.5), (self._rotate, 2.0))
        threads = [threading.Thread(target=self._repeat, args=[act, pause, stop], daemon=True) for act, pause in acts]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def undone(self) -> list[str]:
        """Return what was never done: without it nothing would be known of what people meet meanwhile."""
        done = {"audited": self.audits, "moderated": self.moderated, "rotated the keys": self.rotations}
        return [f"nobody ever {words}" for words, number in done.items() if not number]

    def _repeat(self, act: Callable[[], object], pause: float, stop: threading.Event) -> None:
        while not stop.wait(pause):
            with self._site.app.app_context():
                try:
                    act()
                except Exception as error:  # noqa: BLE001 - whatever it is, it is found wanting in the verdict
                    self.faults.append(f"{getattr(act, '__name__', act)}: {type(error).__name__}: {error}")
                finally:
                    db.session.remove()

    def _audit(self) -> None:
        found = audit(db.session.get_one(Petition, self._petition_id))
        self.audits += 1
        if not found.sound:
            self.faults.append(f"in the middle: {found.in_words()}")

    def _moderate(self) -> None:
        """Invalidate all signatures from one country, or restore those that were."""
        selection = Selection(country=self._chance.choice(COUNTRIES))
        if self._chance.random() < 0.5:
            fingerprint = bulk.preview(self._petition_id, bulk.invalidatable(selection)).fingerprint
            self.moderated += bulk.invalidate(self._petition_id, selection, fingerprint, None, Reason.MADE_UP)
        else:
            fingerprint = bulk.preview(self._petition_id, bulk.restorable(selection)).fingerprint
            self.moderated += bulk.restore(self._petition_id, selection, fingerprint, None)

    def _rotate(self) -> None:
        """Put a new key in front, as an operator may at any time, and reseal everything with it."""
        file = self._site.app.config["DATA_KEYS_FILE"]
        file.replace([config.new_data_key(), *file.keys()])
        try:
            rotate(lambda words: None)
        except Unfinished:
            return  # it says what to do: to run it again, as the next turn does
        self.rotations += 1


def run(stage: Stage) -> Iterator[Row]:
    """Let all of them loose on each database."""
    clients, seconds = (CLIENTS_IN_SHORT, SECONDS_IN_SHORT) if stage.is_short else (CLIENTS, SECONDS)
    for kind in KINDS:
        site = site_on(stage, kind)
        site.was_moderated = True
        before = site.crowd.statuses.copy()
        desk = Desk(site, stage.chance(f"crowded {kind}"))
        with site.crowd.busy(clients, pause=0.5, weights=WEIGHTS), desk.busy():
            time.sleep(seconds)
            deadline = time.monotonic() + PATIENCE_SECONDS  # machines are busy
            while desk.undone() and time.monotonic() < deadline:
                time.sleep(0.1)
        verdict = judge(site, faults=[*desk.faults, *desk.undone()])
        done = f"{desk.audits} audits, {desk.moderated} invalidated or restored, {desk.rotations} rotations"
        done += f"; {answers(site.crowd.statuses - before)}"
        yield Row(f"crowded: {clients} clients", kind, done, verdict)
        stage.let_go(kind)  # on a new site the verdict can tell again who was invalidated by nobody, or never thanked
