"""The signer, as sealed in a signature's row, and the organiser's sealed note on it."""

from collections.abc import Callable
from dataclasses import dataclass

from app.crypto import sealing
from app.models.signature import Signature

PURPOSE = "signature"
NOTE_PURPOSE = "invalidation-note"


@dataclass(frozen=True, slots=True)
class Signer:
    """A signer's personal data. It is sealed before it reaches the database."""

    name: str
    affiliation: str
    comment: str
    email: str

    def sealed_for(self, public_id: bytes, salt: bytes | None = None) -> bytes:
        """Return this signer sealed for the signature with that public id; `salt` is given to keep an earlier one."""
        fields = (self.name, self.affiliation, self.comment, self.email)
        return sealing.seal(PURPOSE, public_id, fields, salt)


def salt_and_signer(signature: Signature) -> tuple[bytes, Signer]:
    """Return the salt and the signer sealed in `signature`, which must not have been erased."""
    if signature.sealed is None:
        raise ValueError("this signature's data was erased")
    opened = sealing.unseal(PURPOSE, signature.public_id, signature.sealed)
    return opened.salt, Signer(*opened.fields)


def signer_of(signature: Signature) -> Signer:
    """Return the signer sealed in `signature`, which must not have been erased."""
    return salt_and_signer(signature)[1]


def sealed_note(note: str, public_id: bytes) -> bytes | None:
    """Return an organiser's note sealed for the signature with that public id; None if it is empty."""
    return sealing.seal(NOTE_PURPOSE, public_id, [note]) if note else None


def note_of(signature: Signature) -> str:
    """Return the organiser's note sealed with `signature`; empty if there is none."""
    if signature.note_sealed is None:
        return ""
    return sealing.unseal(NOTE_PURPOSE, signature.public_id, signature.note_sealed).fields[0]


def opener() -> Callable[[bytes, bytes], tuple[bytes, list[str]]]:
    """Return a fast function that unseals signers: from a public id and a sealed value to the salt and the fields.

    The fields are a plain list (name, affiliation, comment, email): a million objects would take too long.
    """
    return sealing.opener(PURPOSE)
