"""Apply: what came back changes what is known of one e-mail and its mailbox, once, in one transaction; never the count.

Only mail servers that had the e-mail in hand, and whoever got it, know its token. So with another's bounce, one that is
made up, or one of an e-mail whose row is gone, nothing happens.
"""

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import StrEnum

from sqlalchemy import select

from app import clock
from app.bounces.recognise import recognise
from app.bounces.token_search import possible_tokens
from app.bounces.verdict import Kind, Verdict
from app.crypto.tokens import BadToken
from app.db import transaction
from app.email.return_path import read_return_token
from app.models import OutboxRow, Returned
from app.outbox.returned import record_returned

log = logging.getLogger(__name__)
RECORDED = {
    Kind.HARD: Returned.HARD,
    Kind.FULL: Returned.FULL,
    Kind.BLOCKED: Returned.BLOCKED,
    Kind.SOFT: Returned.SOFT,
    Kind.DELAYED: Returned.DELAYED,
    Kind.COMPLAINT: Returned.COMPLAINT,
}
NOT_OURS = Verdict(Kind.NOTHING, None, [])


class Outcome(StrEnum):
    """What became of a message that came back, where nothing was recorded of its kind."""

    FOREIGN = "not of an e-mail of this site"
    GONE = "of an e-mail that is gone"
    KNOWN = "nothing new"


def take(raw: bytes, recipients: Sequence[str] = ()) -> Kind | Outcome:
    """Recognise any bytes that came to a return path, and apply what they say; return what became of it.

    What has no token that was made here is neither parsed nor judged, as anybody can send it. Raises SQLAlchemyError if
    the database is away.
    """
    is_ours = bool(_ids(possible_tokens(raw, recipients)))
    verdict = recognise(raw, recipients) if is_ours else NOT_OURS
    outcome = apply(verdict)
    # The code is digits alone; nothing else of the message may be written.
    log.info("a message came to a return path: %s, %s", outcome, verdict.status or "no status")
    return outcome


def apply(verdict: Verdict) -> Kind | Outcome:
    """Record a verdict on an e-mail; return its kind if that is new or says nothing, else why nothing was recorded."""
    ids = _ids(verdict.tokens)
    if len(ids) != 1:
        return Outcome.FOREIGN
    kind = RECORDED.get(verdict.kind)
    if kind is None:
        return verdict.kind
    with transaction() as session:
        row = session.scalars(select(OutboxRow).where(OutboxRow.public_id == ids.pop()).with_for_update()).one_or_none()
        if row is None:
            return Outcome.GONE
        return verdict.kind if record_returned(session, row, kind, clock.now()) else Outcome.KNOWN


def _ids(tokens: Iterable[str]) -> set[bytes]:
    """Return the ids in those tokens that were made here."""
    ids = set()
    for token in tokens:
        with suppress(BadToken):
            ids.add(read_return_token(token))
    return ids
