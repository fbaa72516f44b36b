"""All columns sealed under DATA_KEYS: for which purpose, and bound to which public id.

Copies of forms are not among them: each is sealed under a key of its own (see app/signing/sign.py).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from app.models import (
    DeliveryVolume,
    Draft,
    HandOver,
    Membership,
    Organiser,
    OutboxRow,
    Passkey,
    Petition,
    Signature,
    Site,
)


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values: their purpose, what is bound in, and how many rows are read at once.

    Bound in is a public id, the row's own or that of the row in another table that it refers to; and, one after the
    other, that of its `petition` where a value must not be moved to another one.
    """

    column: InstrumentedAttribute[Any]
    purpose: str
    public_id: InstrumentedAttribute[bytes]
    petition: Any = None
    batch_size: int = 500

    @property
    def bound(self) -> list[InstrumentedAttribute[bytes]]:
        """The columns whose values are bound in, in this order."""
        return [self.public_id] if self.petition is None else [self.public_id, self.petition]


SEALED_COLUMNS = (
    SealedColumn(Site.mailbox_key, "site-mailbox-key", Site.public_id),
    SealedColumn(Site.sealed_token_secret, "site-token-secret", Site.public_id),
    SealedColumn(Petition.mailbox_key, "mailbox-key", Petition.public_id),
    SealedColumn(Organiser.sealed_email, "organiser-email", Organiser.public_id),
    SealedColumn(Organiser.sealed_name, "organiser-name", Organiser.public_id),
    SealedColumn(Organiser.sealed_totp, "organiser-totp", Organiser.public_id),
    SealedColumn(Organiser.sealed_recovery_codes, "organiser-codes", Organiser.public_id),
    SealedColumn(Passkey.sealed_name, "passkey-name", Passkey.public_id),
    SealedColumn(Organiser.sealed_rights, "organiser-rights", Organiser.public_id),
    SealedColumn(Membership.sealed_role, "role", Organiser.public_id, Petition.public_id),
    SealedColumn(Membership.sealed_address, "invited-address", Organiser.public_id),
    SealedColumn(HandOver.sealed_recipient, "hand-over", HandOver.public_id),
    SealedColumn(OutboxRow.sealed, "organiser-letter", OutboxRow.public_id),
    SealedColumn(Draft.sealed, "signature", Draft.public_id, Petition.public_id),
    SealedColumn(Signature.sealed, "signature", Signature.public_id, Petition.public_id),
    SealedColumn(Signature.note_sealed, "invalidation-note", Signature.public_id),
    SealedColumn(DeliveryVolume.sealed, "delivery", DeliveryVolume.public_id, batch_size=1),  # megabytes each
)
# What is sealed first on a site that is used: without any, only the site's own keys are, and can be made anew.
FIRST_SEALED = (Petition.mailbox_key, Organiser.sealed_email)
