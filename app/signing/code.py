"""The code in a confirmation letter, for people who do not open links: typed, it leads where the link leads.

Only a keyed hash of it is stored, five tries are counted in the statement that looks, and what does not lead on is
answered alike, whatever is wrong: whether that mailbox signed is nobody else's business.
"""

import secrets

from sqlalchemy import case, update

from app import clock
from app.crypto import tokens
from app.db import transaction
from app.email.address import canonical
from app.models import Petition, Signature, State
from app.signing.email_key import email_key
from app.signing.expiry import confirmable_until

# No two that look alike; nine of these thirty are 44 bits.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 9
GROUP = 3
MAX_TRIES = 5


def draw_code(signature: Signature) -> str:
    """Give a pending signature a new code in place of an older one; return it as letters show it. Caller commits."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    assert signature.email_key is not None
    signature.code_hash = _hash(signature.email_key, drawn)
    signature.code_tries = 0
    return "-".join(drawn[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def redeem_code(petition: Petition, address: str, typed: str) -> str | None:
    """Return the token of the confirmation link that the code typed for a deliverable address stands for, if any.

    One that does not fit uses up one of the tries; the statements are the same whatever the mailbox's state.
    """
    key = email_key(petition, canonical(address))
    fits = Signature.code_hash == _hash(key, _bare(typed))
    guessed = (
        update(Signature)
        .where(
            Signature.petition_id == petition.id,
            Signature.email_key == key,
            Signature.state == State.PENDING,
            Signature.code_hash.is_not(None),
            Signature.code_tries < MAX_TRIES,
        )
        .values(code_tries=case((fits, Signature.code_tries), else_=Signature.code_tries + 1))
        .returning(Signature.public_id, Signature.generation, Signature.expires_at, fits.label("fits"))
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        row = session.execute(guessed).first()
    if row is None or not row.fits or confirmable_until(petition, row.expires_at) <= clock.now():
        return None
    return tokens.make_token(tokens.Purpose.CONFIRM, row.public_id, row.generation)


def _hash(key: bytes, code: str) -> bytes:
    return tokens.keyed_hash("code", f"{key.hex()} {code}")


def _bare(typed: str) -> str:
    return "".join(letter for letter in typed.upper() if letter in ALPHABET)
