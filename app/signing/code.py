"""The code in a confirmation letter, for people who do not open links. Typed in, it leads to the link's page.

Only a keyed hash of it is stored. One statement checks it and counts the try. The answer to a wrong code is the same
whatever is wrong, so that nobody learns whether a mailbox has signed.
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

# No characters that look alike. Nine of these thirty are 44 bits.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 9
GROUP = 3
MAX_TRIES = 5


def draw_code(signature: Signature) -> str:
    """Replace the code of a pending signature; return the new one as letters show it. The caller commits."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    assert signature.email_key is not None
    signature.code_hash = _hash(signature.email_key, code)
    signature.code_tries = 0
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def redeem_code(petition: Petition, address: str, typed: str) -> str | None:
    """Return the confirmation token for the code that was typed for a deliverable address; None if it is wrong.

    A wrong code uses up a try. The statements are the same whatever the mailbox's state.
    """
    key = email_key(petition, canonical(address))
    is_right = Signature.code_hash == _hash(key, _normalized(typed))
    count_try = (
        update(Signature)
        .where(
            Signature.petition_id == petition.id,
            Signature.email_key == key,
            Signature.state == State.PENDING,
            Signature.code_hash.is_not(None),
            Signature.code_tries < MAX_TRIES,
        )
        .values(code_tries=case((is_right, Signature.code_tries), else_=Signature.code_tries + 1))
        .returning(Signature.public_id, Signature.generation, Signature.expires_at, is_right.label("is_right"))
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        row = session.execute(count_try).first()
    if row is None or not row.is_right or confirmable_until(petition, row.expires_at) <= clock.now():
        return None
    return tokens.make_token(tokens.Purpose.CONFIRM, row.public_id, row.generation)


def _hash(key: bytes, code: str) -> bytes:
    return tokens.keyed_hash("code", f"{key.hex()} {code}")


def _normalized(typed: str) -> str:
    return "".join(character for character in typed.upper() if character in ALPHABET)
