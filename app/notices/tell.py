"""Tell organisers: what has become true since is kept and queued in one transaction, so it is told once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app import clock
from app.db import insert, transaction
from app.models import Membership, Notice, NoticeKind, Organiser, Petition, Role
from app.notices.found import Found
from app.notices.steps import new_steps
from app.notices.trouble import new_trouble
from app.organisers.letter import members_of, queue_rendered_letter
from app.petitions.page import newest_title
from app.web.absolute_url import absolute_url

DEFAULTS = {Role.OWNER: {*NoticeKind}, Role.EDITOR: {NoticeKind.ATTACK, NoticeKind.MAIL, NoticeKind.OBJECTION}}
PAGES = {NoticeKind.ATTACK: "watching.signatures"}


def tell_organisers(now: datetime | None = None) -> int:
    """Tell organisers what is new; return how many e-mails that makes.

    Of several steps of a count that are new at once, each gets the highest that they want to know.
    """
    now = now or clock.now()
    return sum(_tell(found, now) for found in (*new_steps(), *([one] for one in new_trouble(now))))


def wanted(member: Membership) -> set[NoticeKind]:
    """Return which kinds of notice a member of a petition wants: those chosen, or else what their role gets."""
    by_role = DEFAULTS.get(member.role, set())
    return {kind for kind in NoticeKind if by_role and (member.notices or {}).get(kind.value, kind in by_role)}


def _tell(found: Sequence[Found], now: datetime) -> int:
    """Keep what was found about one petition; e-mail to each member the first of it that nobody was told before."""
    rows = [{"petition_id": one.petition_id, "kind": one.kind, "number": one.number, "at": now} for one in found]
    new = insert(Notice).values(rows).on_conflict_do_nothing().returning(Notice.kind, Notice.number)
    with transaction() as session:
        kept = {(kind, number) for kind, number in session.execute(new)}
        fresh = [one for one in found if (one.kind, one.number) in kept]
        if not fresh:
            return 0
        petition = session.get_one(Petition, found[0].petition_id)
        due = [
            (organiser, next((one for one in fresh if one.kind in wanted(member)), None))
            for organiser, member in members_of(session, petition.id, DEFAULTS)
        ]
        return sum(_queue(session, petition, organiser, one, now) for organiser, one in due if one)


def _queue(session: Session, petition: Petition, organiser: Organiser, found: Found, now: datetime) -> int:
    # The e-mail must not name a discreet petition, and neither must the addresses of its links.
    is_secret = petition.discreet
    home = absolute_url("organisers.home")
    queue_rendered_letter(
        session,
        organiser,
        "notice",
        now,
        can_wait=True,
        title=None if is_secret else newest_title(petition),
        kind=found.kind.value,
        link=home if is_secret else absolute_url(PAGES.get(found.kind, "watching.dashboard"), slug=petition.slug),
        choose_link=None if is_secret else absolute_url("notices.choose", slug=petition.slug),
        **found.words,
    )
    return 1
