"""The signer, as sealed in the row of a draft or signature, and the organiser's sealed note on a signature."""

from collections.abc import Callable
from dataclasses import dataclass

from app.crypto import sealing
from app.models.draft import Draft
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
        """Return this signer sealed for the draft or signature with that public id; `salt` keeps an earlier one."""
        fields = (self.name, self.affiliation, self.comment, self.email)
        return sealing.seal(PURPOSE, public_id, fields, salt)


def salt_and_signer(row: Draft | Signature) -> tuple[bytes, Signer]:
    """Return the salt and the signer sealed in a draft or signature, whose data must not have been erased."""
    if row.sealed is None:
        raise ValueError("this row's data was erased")
    opened = sealing.unseal(PURPOSE, row.public_id, row.sealed)
    return opened.salt, Signer(*opened.fields)


def signer_of(row: Draft | Signature) -> Signer:
    """Return the signer sealed in a draft or signature, whose data must not have been erased."""
    return salt_and_signer(row)[1]


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
