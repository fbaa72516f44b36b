"""The verdict after each scenario: nothing that was answered is lost, no e-mail either, and the count is right.

It is made of what the database holds, what the mail server took, and what the crowd was answered.
"""

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from app.crypto import tokens
from app.db import db
from app.email.render import make_message_id
from app.ledger.audit import audit
from app.models import Draft, OutboxProgress, OutboxRow, Petition, Signature, State
from app.models.signer import signer_of
from app.outbox.status import retry
from bench.stage import SLUG
from faults.crowd import Person
from faults.sink import Mood
from faults.site import Site
from faults.stage import POSTGRESQL

SETTLE_SECONDS = 60  # in which at least one e-mail leaves, if any waits
SHOWN_AFTER_SECONDS = 5
MOST_DEADLOCKS_TOLD, LINES_OF_A_DEADLOCK, LONGEST_LINE = 3, 8, 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found; without problems all is well. `twice` are e-mails that went out again under the same id."""

    signed: int
    confirmed: int
    emails: int
    twice: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds: drafts' addresses, and signatures' states and whether they are erased, by public id."""

    drafts: dict[bytes, str]
    states: dict[bytes, tuple[State, bool]]


def judge(site: Site, faults: Sequence[str] = ()) -> Verdict:
    """Let what is under way come to its end, then compare; `faults` are what the scenario itself found wanting."""
    was_moderated = site.was_moderated
    problems = [*faults, *_wait_for_emails(site), *_once_each(site)]
    with site.app.app_context():
        kept = _read()
        purpose = tokens.Purpose.CONFIRM
        for person in site.crowd.people:
            link = site.sink.link_for(person.address, "confirm")
            public_id = tokens.read_token(purpose, link.rpartition("/")[2])[0] if link else None
            problems += _about(person, public_id, kept, was_moderated=was_moderated)
        problems += [f"no thanks for {one.address}" for one in _unthanked(site, was_moderated=was_moderated)]
        problems += _count_is_right(site)
        db.session.remove()
    problems += [*_deadlocks(site), *site.crowd.surprises]
    people, ids = site.crowd.people, site.sink.ids()
    return Verdict(
        signed=sum(one.signed is True for one in people),
        confirmed=sum(one.confirmed is True for one in people),
        emails=len(set(ids)),
        twice=len(ids) - len(set(ids)),
        problems=tuple(problems),
    )


def _wait_for_emails(site: Site) -> Iterator[str]:
    """Wait until every e-mail has gone out; those that failed or wait long are tried now, as an operator would."""
    site.sink.mood = Mood.TAKES
    # Who was sent it before the connection broke may have confirmed since: then there is nothing left to be said.
    is_about = or_(*(one.is_not(None) for one in (OutboxRow.signature_id, OutboxRow.draft_id, OutboxRow.sealed)))
    unsent = OutboxRow.progress.in_((OutboxProgress.WAITING, OutboxProgress.FAILED))
    waiting = select(func.count()).where(unsent, is_about)
    least, deadline = math.inf, time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        with site.app.app_context():
            if not (left := db.session.scalars(waiting).one()):
                break
            retry()
            db.session.remove()
        if left < least:  # a busy machine takes its time
            least, deadline = left, time.monotonic() + SETTLE_SECONDS
        time.sleep(0.5)
    else:
        yield f"{left} e-mails still wait"
    with site.app.app_context():
        sent = select(OutboxRow.public_id).where(OutboxRow.progress == OutboxProgress.SENT)
        expected = {make_message_id(public_id)[1:-1] for public_id in db.session.scalars(sent)}
    for _ in expected - set(site.sink.ids()):
        yield "an e-mail is marked as sent and never came"


def _once_each(site: Site) -> Iterator[str]:
    """Yield each e-mail under two Message-IDs, and each Message-ID of two e-mails."""
    recipients: dict[str, set[tuple[str, str]]] = {}
    for one in list(site.sink.taken):
        recipients.setdefault(one.message_id, set()).add((one.recipient, one.kind))
    for message_id, found in recipients.items():
        if len(found) > 1:
            yield f"two e-mails under {message_id}"
    for recipient, kind in list(site.sink.by_recipient):
        if len(site.sink.message_ids_for(recipient, kind)) > 1:
            yield f"one {kind} e-mail under two Message-IDs"


def _read() -> Kept:
    drafts = db.session.scalars(select(Draft).where(Draft.sealed.is_not(None)))
    rows = db.session.execute(select(Signature.public_id, Signature.state, Signature.sealed.is_(None)))
    return Kept(
        drafts={draft.public_id: signer_of(draft).email for draft in drafts},
        states={public_id: (state, is_erased) for public_id, state, is_erased in rows},
    )


def _about(person: Person, public_id: bytes | None, kept: Kept, *, was_moderated: bool) -> Iterator[str]:
    """Yield what is wrong about one signer, whose e-mail led to the row with this id."""
    if public_id is None:
        if person.signed:
            yield f"signed with 303, no e-mail: {person.address}"
        return
    state, is_erased = kept.states.get(public_id, (None, False))
    if state is None and kept.drafts.get(public_id) != person.address:
        yield f"signed, and the draft is lost: {person.address}"
    if person.confirmed and state is None:
        yield f"confirmed with 303, and not counted: {person.address}"
    if person.confirmed is None and state is not None:
        yield f"counted, and never confirmed: {person.address}"
    if state == State.WITHDRAWN and person.withdrawn is None:
        yield f"withdrawn by nobody: {person.address}"
    if state == State.INVALIDATED and not was_moderated:
        yield f"invalidated by nobody: {person.address}"
    if person.withdrawn and not (is_erased and state in {State.WITHDRAWN, State.INVALIDATED}):
        yield f"withdrawn, and still there: {person.address}"


def _unthanked(site: Site, *, was_moderated: bool) -> Iterator[Person]:
    for person in site.crowd.people:
        thanked = site.sink.link_for(person.address, "signature")
        if person.confirmed and person.withdrawn is None and not was_moderated and not thanked:
            yield person


def _count_is_right(site: Site) -> Iterator[str]:
    """Yield differences between rows, ledger and tally, and what each web server shows for good."""
    found = audit(db.session.scalars(select(Petition).where(Petition.slug == SLUG)).one())
    if not found.sound:
        yield f"the count differs: {found.in_words()}"
    for web in site.web:
        deadline = time.monotonic() + SHOWN_AFTER_SECONDS
        while (shown := _shown(web.get(f"/petitions/{SLUG}/count.json")[1])) != found.verified_rows:
            if time.monotonic() > deadline:
                yield f"{web.name} shows {shown} where {found.verified_rows} are verified"
                break
            time.sleep(0.2)


def _deadlocks(site: Site) -> Iterator[str]:
    """Yield the deadlocks that PostgreSQL has resolved since it last started: whoever lost one was answered 503."""
    if site.kind != POSTGRESQL:
        return
    with site.stage.connect(site.database) as connection:
        asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        [(number,)] = connection.execute(asked).fetchall()
    if number:
        yield f"{number} deadlocks\n{''.join(_about_deadlocks((site.stage.postgres.pgdata / 'log').read_text()))}"


def _about_deadlocks(log: str) -> Iterator[str]:
    """Yield what PostgreSQL's log says of the last deadlocks: who waited for whom, in which statements."""
    for after in log.split("deadlock detected")[1:][-MOST_DEADLOCKS_TOLD:]:
        yield from (f"      {line[:LONGEST_LINE]}\n" for line in after.splitlines()[1:LINES_OF_A_DEADLOCK])


def _shown(answer: bytes) -> int | None:
    try:
        return int(json.loads(answer)["verified"])
    except (ValueError, KeyError):
        return None
