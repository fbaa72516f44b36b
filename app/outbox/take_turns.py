"""Take turns: of the e-mails that a worker has claimed, those leave whose providers and quotas take more now.

The others are put off, by what was typed alone: whether an e-mail is due at all is decided after that, and one that
stays silent takes its turn like any other. Else the pace of others' would tell who has signed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.changed_rows import Columns, change_rows
from app.db import db, transaction
from app.email.traffic_shaping import TrafficShaping
from app.models import OutboxRow
from app.outbox import quota
from app.outbox.callbacks import LetterCallbacks
from app.outbox.claim import Claimed
from app.outbox.find_providers import MAX_SECONDS, Found, find_providers
from app.outbox.pause_provider import end_pauses, was_paused
from app.outbox.provider_paces import HeldRow, ProviderPaces, disconnect
from app.outbox.turn import NOW, Turn

EXTENSION = "countersign_traffic_shaping"


@dataclass
class Turns:
    """What becomes of a batch: the rows that may leave now, in their order, whose departures were counted `at` once.

    `dead` are rows at domains that take no mail, `back` those that wait for a quota. `provider_of` has the key of each
    row's provider, as far as it is known.
    """

    at: datetime
    going: list[int]
    dead: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    provider_of: Mapping[int, bytes] = field(default_factory=dict)
    counted: Collection[bytes] = ()

    def departures(self, row_ids: Collection[int]) -> dict[bytes, int]:
        """Return how many departures of these rows were counted, by provider and for all."""
        numbers = {quota.ALL: len(row_ids)}
        for row_id in row_ids:
            key = self.provider_of.get(row_id)
            if key is not None and key in self.counted:
                numbers[key] = numbers.get(key, 0) + 1
        return numbers


def init_app(app: Flask, table: TrafficShaping) -> None:
    """Have this app's e-mails shaped by this table."""
    app.extensions[EXTENSION] = table


def shaping() -> TrafficShaping:
    """Return the table that this app's e-mails are shaped by."""
    return current_app.extensions[EXTENSION]  # type: ignore[no-any-return]


def take_turns(claimed: Claimed, letters: LetterCallbacks) -> Turns:
    """Return which of these claimed rows may leave now. Those that wait for their providers are put off and let go."""
    table, row_ids = shaping(), [*claimed.occasions]
    if not row_ids or not (table.is_on or quota.quotas()):
        return Turns(clock.now(), row_ids)
    found = _providers(letters, row_ids, table) if table.is_on else {}
    with transaction() as session:
        return _take(session, claimed, found, table)


def end_turns(
    claimed: Claimed,
    turns: Turns,
    tried: Collection[int],
    taken: Collection[int],
    refused: Collection[int],
    paused: Mapping[bytes, datetime],
) -> None:
    """Give back the departures of rows that were not tried, the rows that wait for pauses, and the connections.

    Providers whose servers have `taken` one of these rows' e-mails have ended pauses that were over when it began. So
    have those of rows that stayed silent: else the pace of the next e-mails would tell that somebody gets none.
    """
    if not turns.counted and not (taken and was_paused(db.session(), quota.ALL)):
        return
    not_tried = [row_id for row_id in turns.going if row_id not in tried]
    not_refused = {*tried} - {*refused}
    taking = {turns.provider_of[row_id] for row_id in not_refused if row_id in turns.provider_of} - {*paused}
    taking |= {quota.ALL} if taken and quota.ALL not in paused else set()
    waiting = {
        row_id: Turn(paused[turns.provider_of[row_id]])
        for row_id in not_tried
        if turns.provider_of.get(row_id) in paused
    }
    with transaction() as session:
        if taking:
            end_pauses(session, taking, turns.at)  # first: paces are locked before departures everywhere
        back = {key: number for key, number in turns.departures(not_tried).items() if number}
        quota.give_back(session, back, turns.at)
        _put_off(session, claimed, waiting, turns.provider_of)
        disconnect(session, claimed.claim)


def _providers(letters: LetterCallbacks, row_ids: Collection[int], table: TrafficShaping) -> dict[int, Found | None]:
    """Return who takes each row's e-mail; None where DNS was just asked."""
    domain_of = letters.domains_of(row_ids)
    found = find_providers({*domain_of.values()}, table)
    return {row_id: found.get(domain) for row_id, domain in domain_of.items()}


def _take(session: Session, claimed: Claimed, found: Mapping[int, Found | None], table: TrafficShaping) -> Turns:
    now = clock.now()
    provider_of = {row_id: one.provider_key for row_id, one in found.items() if one}
    dead = {row_id for row_id, one in found.items() if one and one.takes_no_mail}
    asked_about = found.keys() - provider_of.keys()
    keys = {key for row_id, key in provider_of.items() if row_id not in dead}
    if quota.quotas():
        keys.add(quota.ALL)  # locked, so that of two workers the second sees what the first takes
    paces = ProviderPaces(session, keys, table, now)
    used = quota.used(session, now)
    turns = Turns(now, [], provider_of=provider_of)
    leaving: dict[bytes, int] = {}
    put_off: dict[int, Turn] = {}
    for row in _rows(session, claimed):
        key = provider_of.get(row.id)
        if row.id in dead:
            turns.dead.append(row.id)
            continue
        if row.id in asked_about:
            put_off[row.id] = Turn(now + timedelta(seconds=MAX_SECONDS))
            continue
        if any(one.room(row.occasion) <= len(turns.going) for one in used):
            turns.back.append(row.id)
            continue
        turn = paces.turn(key, row, leaving.get(key, 0)) if key else NOW
        if turn.due_at:
            put_off[row.id] = turn
            continue
        turns.going.append(row.id)
        if key:
            leaving[key] = leaving.get(key, 0) + 1
    turns.counted = {quota.ALL, *paces.to_count(leaving)}
    quota.count(session, turns.departures(turns.going), now)
    paces.connect(claimed.claim, leaving, now + timedelta(seconds=current_app.config["OUTBOX_LEASE_SECONDS"]))
    _put_off(session, claimed, put_off, provider_of)
    return turns


def _rows(session: Session, claimed: Claimed) -> list[HeldRow]:
    """Return the rows that are still this worker's, locked, in the order of departure."""
    held = select(OutboxRow.id, OutboxRow.occasion, OutboxRow.leaves_at).where(claimed.holds(claimed.occasions))
    locked = session.execute(held.order_by(OutboxRow.id).with_for_update())
    rows = {row.id: HeldRow(*row) for row in locked}
    return [rows[row_id] for row_id in claimed.occasions if row_id in rows]


def _put_off(session: Session, claimed: Claimed, turns: Mapping[int, Turn], provider_of: Mapping[int, bytes]) -> None:
    """Let these rows go until their turns, in the caller's transaction. Putting off is no attempt."""
    row_ids = [*turns]
    held: Columns = {"id": row_ids, "claim": [claimed.claim] * len(row_ids)}
    to: Columns = {
        "due_at": [turn.due_at for turn in turns.values()],
        "leaves_at": [turn.leaves_at for turn in turns.values()],
        "provider_key": [provider_of.get(row_id) for row_id in row_ids],
        "claim": [None] * len(row_ids),
        "leased_until": [None] * len(row_ids),
    }
    change_rows(session, OutboxRow, held, to)
