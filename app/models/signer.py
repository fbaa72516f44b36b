"""The signer, as sealed in the row of a draft or signature, and the organiser's sealed note on a signature."""

from collections.abc import Callable
from dataclasses import dataclass

from app.crypto import sealing
from app.db import db
from app.models.draft import Draft, FormCopy
from app.models.petition import Petition
from app.models.signature import Signature, Visibility

PURPOSE = "signature"
COPY_PURPOSE = "form-copy"
NOTE_PURPOSE = "invalidation-note"
Opened = tuple[bytes, list[str]]


class AlteredRow(sealing.CannotOpen):
    """What is sealed in a row was not sealed for it, or its other columns say something else: somebody altered it.

    Or the key that it was sealed with is missing: of every key that the site knows of, the check at the start sees to
    that (app/data_keys/check.py), so a row with another one was altered too.
    """

    def __init__(self, public_id: bytes) -> None:
        super().__init__(f"the row with the id {public_id.hex()} was altered in the database, or its key is missing")
        self.public_id = public_id


@dataclass(frozen=True, slots=True)
class Signer:
    """All that a signer says, with their address. It is sealed before it reaches the database.

    Country, visibility and consent to updates stand in columns of their own as well, for lists and filters. Those are
    checked against what is sealed wherever it is opened.
    """

    name: str
    affiliation: str
    comment: str
    email: str
    country: str
    visibility: Visibility
    updates: bool

    def sealed_copy(self, public_id: bytes, key: bytes) -> bytes:
        """Return this signer sealed for the copy of a form with that public id, under that copy's own key."""
        return sealing.seal(COPY_PURPOSE, public_id, self._fields(), key=key)

    def sealed_for(self, public_id: bytes, petition_public_id: bytes, salt: bytes | None = None) -> bytes:
        """Return this signer sealed for that row of that petition; `salt` is given to keep an earlier one."""
        return sealing.seal(PURPOSE, public_id + petition_public_id, self._fields(), salt)

    def _fields(self) -> tuple[str, ...]:
        said = (self.name, self.affiliation, self.comment, self.email)
        return (*said, self.country, self.visibility.value, "1" if self.updates else "")


def salt_and_signer(row: Draft | Signature) -> tuple[bytes, Signer]:
    """Return the salt and the signer sealed in a draft or signature, whose data must not have been erased.

    Raises AlteredRow if the row was altered.
    """
    if row.sealed is None:
        raise ValueError("this row's data was erased")
    open_row = opener(db.session.get_one(Petition, row.petition_id))
    salt, fields = open_row(row.public_id, row.sealed, row.country, row.visibility.value, row.updates)
    name, affiliation, comment, email = fields[:4]
    return salt, Signer(name, affiliation, comment, email, row.country, row.visibility, row.updates)


def signer_of_copy(copy: FormCopy, key: bytes) -> Signer:
    """Return the signer in the copy of a form, whose own key this is; raise CannotOpen if that was altered."""
    name, affiliation, comment, email, country, visibility, updates = sealing.unseal(
        COPY_PURPOSE, copy.public_id, copy.sealed, key
    ).fields
    return Signer(name, affiliation, comment, email, country, Visibility(visibility), bool(updates))


def signer_of(row: Draft | Signature) -> Signer:
    """Return the signer sealed in a draft or signature, whose data must not have been erased; raise AlteredRow."""
    return salt_and_signer(row)[1]


def opener(petition: Petition) -> Callable[[bytes, bytes, str, str, bool], Opened]:
    """Return a fast function that unseals signers of a petition, for many rows.

    It takes a row's public id, sealed value, country, visibility and consent, and gives the salt and the sealed fields
    as a plain list (name, affiliation, comment, email, and those three again): a million objects would take too long.
    It raises AlteredRow, for every row of a petition that was altered itself.
    """
    unseal = sealing.opener(PURPOSE)
    petition_public_id, is_genuine = petition.public_id, petition.is_genuine

    def open_row(public_id: bytes, sealed: bytes, country: str, visibility: str, updates: bool) -> Opened:
        if not is_genuine:
            raise AlteredRow(public_id)
        try:
            salt, fields = unseal(public_id + petition_public_id, sealed)
        except sealing.CannotOpen as error:
            raise AlteredRow(public_id) from error
        if fields[4:] != [country, visibility, "1" if updates else ""]:
            raise AlteredRow(public_id)
        return salt, fields

    return open_row


def sealed_note(note: str, public_id: bytes) -> bytes | None:
    """Return an organiser's note sealed for the signature with that public id; None if it is empty."""
    return sealing.seal(NOTE_PURPOSE, public_id, [note]) if note else None


def note_of(signature: Signature) -> str:
    """Return the organiser's note sealed with `signature`; empty if there is none, or if it was altered."""
    if signature.note_sealed is None:
        return ""
    try:
        return sealing.unseal(NOTE_PURPOSE, signature.public_id, signature.note_sealed).fields[0]
    except sealing.CannotOpen:
        return ""
