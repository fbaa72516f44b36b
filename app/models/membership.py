"""Memberships: what an organiser may do with which petition."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.crypto import sealing
from app.db import Base, UtcDateTime
from app.models.organiser import Organiser
from app.models.petition import AlteredPetition, Petition
from app.models.signature import words

PURPOSE = "role"


class Role(StrEnum):
    """An organiser's role in a petition: viewers see its numbers, editors change it, owners decide who else may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


class Membership(Base):
    """An organiser's role in a petition, or an invitation to it that is open until `invited_until`.

    Until they accept, other members see the address as the inviter typed it, and so learn nothing of the account.
    `notices` says of each kind of notice whether they want it; until they chose, their role does. `role_since` is when
    they got or accepted this role; empty if that was before it was kept. `sealed_role` is the role, sealed for this
    organiser and petition: whoever writes in the database gives nobody one.
    """

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("(invited_until IS NULL) = (sealed_address IS NULL)", name="invitation_whole"),
        Index("ix_membership_organiser_id", "organiser_id"),
    )

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True, autoincrement=False)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id"), primary_key=True, autoincrement=False)
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    sealed_role: Mapped[bytes] = mapped_column(LargeBinary)
    role_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    invited_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sealed_address: Mapped[bytes | None] = mapped_column(LargeBinary)
    notices: Mapped[dict[str, bool] | None] = mapped_column(JSON(none_as_null=True))

    def __init__(self, petition: Petition, organiser: Organiser, role: Role) -> None:
        """Seal the role. Raises AlteredPetition."""
        if not petition.is_genuine:
            raise AlteredPetition(petition.public_id)
        self.petition_id, self.organiser_id, self.role = petition.id, organiser.id, role
        self.role_since = clock.now()
        self.sealed_role = sealing.seal_bytes(PURPOSE, organiser.public_id + petition.public_id, self._content())

    def genuine_role(self, petition: Petition, organiser: Organiser) -> Role | None:
        """Return the role in that petition which this site gave to that organiser; None if it was altered."""
        if not petition.is_genuine:
            return None
        try:
            given = sealing.unseal_bytes(PURPOSE, organiser.public_id + petition.public_id, self.sealed_role)
        except sealing.CannotOpen:
            return None
        return self.role if given == self._content() else None

    def was_owner(self, at: datetime) -> bool:
        """Return whether they have been an owner since before that moment, if they are one now."""
        return self.role == Role.OWNER and (self.role_since is None or self.role_since < at)

    def _content(self) -> bytes:
        return f"{self.petition_id} {self.role.value}".encode()

    def invite(self, organiser: Organiser, address: str, until: datetime) -> None:
        """Make this an invitation to the organiser, sent to this address and open until then."""
        self.invited_until = until
        self.sealed_address = sealing.seal("invited-address", organiser.public_id, [address])

    def accept(self) -> None:
        """Accept the invitation, if this is one: the role is theirs from now on."""
        if self.invited_until is not None:
            self.role_since = clock.now()
        self.invited_until = self.sealed_address = None

    def address(self, organiser: Organiser) -> str:
        """Return the organiser's address as the petition's members may see it; empty if it was altered."""
        if self.sealed_address is None:
            return organiser.email
        try:
            return sealing.unseal("invited-address", organiser.public_id, self.sealed_address).fields[0]
        except sealing.CannotOpen:
            return ""
