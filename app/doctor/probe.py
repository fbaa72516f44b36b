"""A request that the site sends itself by its public address, to learn what stands between: proxies, another site.

The address bears a token that is valid for a minute, and only whoever has the site's keys can make it or answer it.
"""

import hmac
import struct
from dataclasses import asdict, dataclass

from flask import Request

from app import clock
from app.crypto import tokens
from app.crypto.tokens import BadToken

VALID_SECONDS = 60
_PURPOSE = "probe"
# What a visitor could write to pass for somebody else: an address for documentation (RFC 5737).
INVENTED_ADDRESS = "203.0.113.99"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the web process saw of the request: how many addresses proxies added, whether they kept an invented one."""

    added: int
    kept_invented: bool
    host: str
    proof: str

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)


def make_token() -> str:
    """Return a token for the address of a probe."""
    return tokens.conceal(_PURPOSE, b"", struct.pack(">q", int(clock.now().timestamp())))


def is_valid(token: str) -> bool:
    """Tell whether a token was made with this site's keys within the last minute; clocks may differ by as much."""
    try:
        (made_at,) = struct.unpack(">q", tokens.reveal(_PURPOSE, b"", token))
    except (BadToken, struct.error):
        return False
    return abs(clock.now().timestamp() - int(made_at)) <= VALID_SECONDS


def proof_for(token: str) -> str:
    """Return what shows that the answer comes from this site."""
    return tokens.keyed_hash("probe answer", token).hex()


def is_proof(proof: object, token: str) -> bool:
    """Tell whether an answer to the probe with this token comes from this site."""
    return isinstance(proof, str) and hmac.compare_digest(proof.encode(), proof_for(token).encode())


def look_at(request: Request, token: str) -> Seen:
    """Return what is seen of a request; no address is in it."""
    forwarded = [part.strip() for part in ",".join(request.headers.getlist("X-Forwarded-For")).split(",")]
    addresses = [part for part in forwarded if part]
    kept = addresses[:1] == [INVENTED_ADDRESS]
    return Seen(len(addresses) - kept, kept, request.host, proof_for(token))
