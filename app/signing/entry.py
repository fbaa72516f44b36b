"""An entry: a signature with the words that were signed; its digest, and how a correction is written."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app import clock
from app.db import db
from app.models import Draft, Petition, PetitionText, PrivacyNotice, Signature, Visibility
from app.models.signer import Signer, salt_and_signer


@dataclass(frozen=True, slots=True)
class Entry:
    """A signature, its petition, and the text and privacy notice that were signed."""

    signature: Signature
    petition: Petition
    text: PetitionText
    notice: PrivacyNotice

    @property
    def language(self) -> str:
        """The language of the page that was signed on."""
        return self.signature.language


@dataclass(frozen=True, slots=True)
class Correction:
    """The signer's answers as the form has them now, which replace those in a signature or take a draft's place."""

    name: str
    affiliation: str
    country: str
    comment: str
    visibility: Visibility
    updates: bool

    def write(self, signature: Signature, petition: Petition) -> None:
        """Write the answers into the petition's signature; its address and sealed salt stay."""
        for column, value in self.columns(signature, petition).items():
            setattr(signature, column, value)

    def signer(self, email: str) -> Signer:
        """Return the signer with these answers and that address."""
        said = (self.name, self.affiliation, self.comment, email)
        return Signer(*said, self.country, self.visibility, self.updates)

    def columns(self, row: Draft | Signature, petition: Petition) -> dict[str, object]:
        """Return the columns of a signature that has these answers and the address in `row`.

        Where the answers are those in `row`, what is sealed there is not sealed again.
        """
        salt, old = salt_and_signer(row)
        signer = self.signer(old.email)
        unchanged = signer == old
        agreed_at = row.updates_at if isinstance(row, Signature) else None
        return {
            "sealed": row.sealed if unchanged else signer.sealed_for(row.public_id, petition.public_id, salt),
            "country": self.country,
            "visibility": self.visibility,
            "updates": self.updates,
            "updates_at": None if not self.updates else agreed_at if old.updates else clock.now(),
        }


def find_entry(public_id: bytes) -> Entry | None:
    """Return the entry with this random id; None if there is none."""
    row = db.session.execute(_entry(public_id)).first()
    return Entry(*row) if row else None


def lock_entry(session: Session, public_id: bytes) -> Entry | None:
    """Return the entry with this random id, its signature locked until the transaction ends; None if there is none."""
    row = session.execute(_entry(public_id).with_for_update(of=Signature)).first()
    return Entry(*row) if row else None


def entry_digest(entry: Entry) -> str:
    """Return the digest of all that a page shows of the entry: SHA-256 with the sealed salt, in hexadecimal."""
    salt, signer = salt_and_signer(entry.signature)
    shown = (
        signer.name,
        signer.affiliation,
        signer.comment,
        signer.email,
        signer.country,
        signer.visibility.value,
        str(signer.updates),
        str(entry.text.id),
        str(entry.notice.id),
    )
    parts = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in shown))
    return hashlib.sha256(salt + parts).hexdigest()


def _entry(public_id: bytes) -> Select[Signature, Petition, PetitionText, PrivacyNotice]:
    return (
        select(Signature, Petition, PetitionText, PrivacyNotice)
        .join(Petition, Petition.id == Signature.petition_id)
        .join(PetitionText, PetitionText.id == Signature.text_id)
        .join(PrivacyNotice, PrivacyNotice.id == Signature.notice_id)
        .where(Signature.public_id == public_id)
        .execution_options(populate_existing=True)
    )
