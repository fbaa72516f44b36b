"""Proof of work: a computation that takes a browser a second, so that floods of forms cost something (ALTCHA v1)."""

import base64
import json
from datetime import timedelta

from altcha.v1 import SHA256, ChallengeOptions, Payload, create_challenge, verify_solution

from app import clock
from app.crypto import tokens
from app.models import Petition, SpentProof
from app.new_rows import NewRow

LIFETIME = timedelta(minutes=20)
MAX_NUMBER = 50_000  # takes a browser about one second, at most two; an old phone a little longer
MAX_ANSWER_LENGTH = 600  # a real one has about 400 characters
PARTS = {"algorithm": str, "challenge": str, "number": int, "salt": str, "signature": str}


def challenge(petition: Petition) -> dict[str, object]:
    """Return a new challenge in the format of ALTCHA's clients; valid for this petition, once, for 20 minutes."""
    options = ChallengeOptions(
        algorithm=SHA256,
        max_number=MAX_NUMBER,
        hmac_key=_key(petition),
        expires=clock.now() + LIFETIME,
    )
    created = create_challenge(options)
    return {
        "algorithm": created.algorithm,
        "challenge": created.challenge,
        "maxnumber": created.max_number,
        "salt": created.salt,
        "signature": created.signature,
    }


def check(petition: Petition, answer: str) -> NewRow | None:
    """Return the row that uses a proof up; None if `answer` (base64 of JSON) solves no challenge for this petition.

    Whether it is used for the first time shows when the row is inserted, with those of its form (see `sign`).
    """
    payload = _read(answer)
    if payload is None or not verify_solution(payload, _key(petition))[0]:
        return None
    return NewRow(SpentProof, {"key": bytes.fromhex(payload.challenge), "until": clock.now() + LIFETIME})


def _read(answer: str) -> Payload | None:
    """Return the answer's parts; None unless all are there and of the right type."""
    if not 0 < len(answer) <= MAX_ANSWER_LENGTH:
        return None
    try:
        found = json.loads(base64.b64decode(answer, validate=True))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or any(type(found.get(name)) is not type_ for name, type_ in PARTS.items()):
        return None
    if found["algorithm"] != SHA256 or not all(found[name].isascii() for name, type_ in PARTS.items() if type_ is str):
        return None
    return Payload(**{name: found[name] for name in PARTS})


def _key(petition: Petition) -> bytes:
    return tokens.keyed_hash("proof of work", petition.public_id.hex())
