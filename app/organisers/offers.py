"""The roles that are offered to somebody, with who offers them."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Act, AuditEntry, Membership, Organiser, Petition, Role
from app.petitions.page import newest_titles


class Offer(NamedTuple):
    """A petition, its title, the role in it, and who offers that: empty for a command or a former organiser."""

    petition: Petition
    title: str
    role: Role
    inviter: str


def offers(session: Session, organiser: Organiser, now: datetime) -> list[Offer]:
    """Return what is offered to an organiser, the newest petition first."""
    is_offered = (Membership.organiser_id == organiser.id) & (Membership.invited_until > now)
    joined = select(Petition, Membership).join(Membership, Membership.petition_id == Petition.id)
    rows = session.execute(joined.where(is_offered).order_by(Petition.id.desc())).all()
    titles = newest_titles([petition for petition, _ in rows])
    inviters = _inviters(session, organiser)
    offered = ((petition, member.genuine_role(petition, organiser)) for petition, member in rows)
    return [
        Offer(petition, titles[petition.id], role, inviters.get(petition.id, "")) for petition, role in offered if role
    ]


def _inviters(session: Session, organiser: Organiser) -> dict[int, str]:
    """Return who invited this organiser last, by petition id."""
    invited = (
        select(AuditEntry.petition_id, Organiser)
        .join(Organiser, Organiser.id == AuditEntry.organiser_id)
        .where(AuditEntry.subject_id == organiser.id, AuditEntry.act == Act.INVITED)
        .where(AuditEntry.petition_id.is_not(None))
        .order_by(AuditEntry.id)
    )
    return {petition_id or 0: inviter.introduced for petition_id, inviter in session.execute(invited)}
