"""Proof of work: a sum that costs a browser a second, and a forger of signatures one for each (ALTCHA, version 1)."""

import base64
import json
from datetime import timedelta

from altcha.v1 import SHA256, ChallengeOptions, Payload, create_challenge, verify_solution

from app import clock
from app.crypto import tokens
from app.db import insert, transaction
from app.models import Petition, SpentProof

LIFETIME = timedelta(minutes=20)
MAX_NUMBER = 50_000  # a browser needs about a second for it, at the most two; an old phone some more
MAX_ANSWER_LENGTH = 600  # an honest one has about 400 characters
PARTS = {"algorithm": str, "challenge": str, "number": int, "salt": str, "signature": str}


def challenge(petition: Petition) -> dict[str, object]:
    """Return a new challenge as ALTCHA's clients read it, good for this petition, once, and for 20 minutes."""
    options = ChallengeOptions(
        algorithm=SHA256,
        max_number=MAX_NUMBER,
        hmac_key=_key(petition),
        expires=clock.now() + LIFETIME,
    )
    made = create_challenge(options)
    return {
        "algorithm": made.algorithm,
        "challenge": made.challenge,
        "maxnumber": made.max_number,
        "salt": made.salt,
        "signature": made.signature,
    }


def spend(petition: Petition, answer: str) -> bool:
    """Tell whether `answer` (base64 of JSON) solves a challenge for this petition, and was never used before.

    It is used up by this, in a transaction of its own: a client over its limit must be known as one before anything of
    its form is written.
    """
    payload = _read(answer)
    if payload is None or not verify_solution(payload, _key(petition))[0]:
        return False
    spent = insert(SpentProof).values(key=bytes.fromhex(payload.challenge), until=clock.now() + LIFETIME)
    first = spent.on_conflict_do_nothing(index_elements=["key"]).returning(SpentProof.key)
    with transaction() as session:
        return session.scalar(first) is not None


def _read(answer: str) -> Payload | None:
    """Return the parts of an answer, each of the right kind; None for anything else that may have been sent."""
    if not 0 < len(answer) <= MAX_ANSWER_LENGTH:
        return None
    try:
        found = json.loads(base64.b64decode(answer, validate=True))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or any(type(found.get(name)) is not kind for name, kind in PARTS.items()):
        return None
    if found["algorithm"] != SHA256 or not all(found[name].isascii() for name, kind in PARTS.items() if kind is str):
        return None
    return Payload(**{name: found[name] for name in PARTS})


def _key(petition: Petition) -> bytes:
    return tokens.keyed_hash("proof of work", petition.public_id.hex())
