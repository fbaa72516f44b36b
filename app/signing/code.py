"""The code in a confirmation letter, for people who do not open links. Typed in, it leads to the link's page.

Only a keyed hash of it is stored. Every try is counted in a row of its mailbox, whatever comes of it and whether or not
the mailbox has signed, so that neither the answer nor the time of writing to the disk tells that.
"""

import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, delete, literal, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from app import clock
from app.crypto import tokens
from app.db import in_batches, insert, transaction
from app.email.address import canonical
from app.models import CodeTries, Draft, Occasion, OutboxRow, Petition
from app.outbox.mailbox_limit import counted_mailbox
from app.signing.draft import may_have_arrived
from app.signing.email_key import email_key
from app.signing.expiry import confirmable_until
from app.web.typed_text import plain_code

# No characters that look alike. Nine of these thirty are 44 bits.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 9
GROUP = 3
# Strangers can type codes for anybody, so there are many tries before codes stop working; 44 bits bear a million.
MAX_TRIES = 100
TRIES_WINDOW = timedelta(hours=24)
NO_DRAFT = bytes(16)
# With what stands around it in the e-mail, such as "code:".
CODE = re.compile(rf"(?<![A-Z0-9])([{ALPHABET}]{{3}})[\W_]*([{ALPHABET}]{{3}})[\W_]*([{ALPHABET}]{{3}})(?![A-Z0-9])")
MAX_CODES = 3  # the codes of the newest drafts work; links of older ones do too


class DrawnCode(NamedTuple):
    """A code as letters show it, and the keyed hash that its draft keeps of it."""

    shown: str
    code_hash: bytes


def draw_code(public_id: bytes, key: bytes) -> DrawnCode:
    """Return a new code for the draft with this random id, whose mailbox has this key."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    shown = "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))
    return DrawnCode(shown, _hash(public_id, key, code))


def redeem_code(petition: Petition, address: str, typed: str) -> str | None:
    """Return the confirmation token for the code that was typed for a deliverable address; None if it is wrong.

    Every try counts. The statements are the same, and write the same, whatever the code and the mailbox's state.
    """
    now = clock.now()
    petition_id, key = petition.id, email_key(petition, canonical(address))
    of_mailbox = (Draft.petition_id == petition_id) & (Draft.email_key == key)
    # Those whose letters went to this spelling come first: forms under others push out none of them.
    typed_as = counted_mailbox(address)
    is_spelt_so = (OutboxRow.mailbox == typed_as.key) & or_(~OutboxRow.is_tagged, literal(typed_as.is_tagged))
    newest = (
        select(Draft.public_id, Draft.code_hash, Draft.expires_at)
        .join(OutboxRow, (OutboxRow.draft_id == Draft.public_id) & (OutboxRow.occasion == Occasion.SIGNED))
        .where(of_mailbox, may_have_arrived(now))
        .order_by(case((is_spelt_so, 0), else_=1), Draft.signed_at.desc(), Draft.public_id)
        .limit(MAX_CODES)
    )
    with transaction() as session:
        tries = session.scalars(_count_try(key, now)).one()
        drafts = session.execute(newest).all()
    # As many hashes are made for every mailbox, or their time would tell how many drafts it has.
    for public_id, code_hash, expires_at in (*drafts, *[(NO_DRAFT, None, None)] * (MAX_CODES - len(drafts))):
        is_right = hmac.compare_digest(code_hash or b"", _hash(public_id, key, read_code(typed) or ""))
        if is_right and tries <= MAX_TRIES and confirmable_until(petition, expires_at) > now:
            return tokens.make_token(tokens.Purpose.CONFIRM, public_id)
    return None


def forget_tries() -> int:
    """Delete the counts of tries whose time is over; return how many."""
    over = select(CodeTries.email_key).where(CodeTries.since <= clock.now() - TRIES_WINDOW)

    def forget(session: Session, keys: Sequence[bytes]) -> None:
        old = delete(CodeTries).where(CodeTries.email_key.in_(keys))
        session.execute(old.execution_options(synchronize_session=False))

    return in_batches(over.order_by(CodeTries.since), forget)


def _count_try(key: bytes, now: datetime) -> ReturningInsert[int]:
    """Return the statement that counts a try for a mailbox in its petition, and returns how many there were."""
    new = insert(CodeTries).values(email_key=key, tries=1, since=now)
    is_over = CodeTries.since <= now - TRIES_WINDOW
    number = case((is_over, 1), (CodeTries.tries > MAX_TRIES, CodeTries.tries), else_=CodeTries.tries + 1)
    since = case((is_over, new.excluded.since), else_=CodeTries.since)
    counted = new.on_conflict_do_update(index_elements=["email_key"], set_={"tries": number, "since": since})
    return counted.returning(CodeTries.tries)


def _hash(public_id: bytes, key: bytes, code: str) -> bytes:
    """Return the keyed hash of a code of this draft and mailbox: it opens no other draft, wherever it is written."""
    return tokens.keyed_hash("code", f"{public_id.hex()} {key.hex()} {code}")


def read_code(typed: str) -> str | None:
    """Return the code in what was typed or pasted, in any script's digits and look-alike letters; None if none is."""
    plain = plain_code(typed)
    in_groups = CODE.findall(plain)
    code = "".join(in_groups[-1]) if in_groups else "".join(one for one in plain if one in ALPHABET)
    return code if len(code) == LENGTH else None
