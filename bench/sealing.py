"""Sealing: microseconds to seal and to open one signer, beside Fernet on the same fields."""

import base64
import os
from collections.abc import Callable, Iterator
from timeit import timeit

from cryptography.fernet import Fernet

from app.crypto import sealing
from bench.figure import Figure, in_turns, middle
from bench.stage import Stage

ROUNDS = 5
TIMES = 3000
FIELDS = ("Ann Example the 12,345th", "Reader of the bench", "I read, so I sign.", "ann.12345@example.org")


def run(stage: Stage) -> Iterator[Figure]:
    """Measure both ways in turns."""
    public_id = os.urandom(16)
    fernet = Fernet(base64.urlsafe_b64encode(os.urandom(32)))
    app = stage.app("postgres")
    plain = "\n".join(FIELDS).encode()
    with app.app_context():
        sealed, other = sealing.seal("bench", public_id, FIELDS), fernet.encrypt(plain)
        rounds = in_turns(
            _microseconds(lambda: sealing.seal("bench", public_id, FIELDS)),
            _microseconds(lambda: sealing.unseal("bench", public_id, sealed)),
            _microseconds(lambda: fernet.encrypt(plain)),
            _microseconds(lambda: fernet.decrypt(other)),
            rounds=ROUNDS,
        )
    seal, unseal = ([one[side] for one in rounds] for side in (0, 1))
    yield Figure("sealing: seal one signer", seal, "us", detail=f"Fernet {middle(rounds, 2)} us; nothing wanted")
    yield Figure("sealing: open one signer", unseal, "us", detail=f"Fernet {middle(rounds, 3)} us; nothing wanted")


def _microseconds(work: Callable[[], object]) -> Callable[[], float]:
    return lambda: timeit(work, number=TIMES) / TIMES * 1e6
