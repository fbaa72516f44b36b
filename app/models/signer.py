"""Who signed, as it lies sealed in a signature's row."""

from collections.abc import Callable
from dataclasses import dataclass

from app.crypto import sealing
from app.models.signature import Signature

PURPOSE = "signature"
NOTE_PURPOSE = "invalidation-note"


@dataclass(frozen=True, slots=True)
class Signer:
    """The part of a signature that says who it is. It is sealed before it reaches the database."""

    name: str
    affiliation: str
    comment: str
    email: str

    def sealed_for(self, public_id: bytes, salt: bytes | None = None) -> bytes:
        """Return this signer sealed for the signature with that public id; `salt` keeps an earlier one."""
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
    """Return an organiser's note sealed for the signature with that public id; None where there is nothing to keep."""
    return sealing.seal(NOTE_PURPOSE, public_id, [note]) if note else None


def note_of(signature: Signature) -> str:
    """Return the organiser's note sealed with `signature`, or nothing."""
    if signature.note_sealed is None:
        return ""
    return sealing.unseal(NOTE_PURPOSE, signature.public_id, signature.note_sealed).fields[0]


def opener() -> Callable[[bytes, bytes], tuple[bytes, list[str]]]:
    """Return what opens many signers fast: it takes public id and sealed bytes, gives the salt and the signer's fields.

    Name, affiliation, comment, email, as a plain list: a million of them are too many to be made objects.
    """
    return sealing.opener(PURPOSE)
