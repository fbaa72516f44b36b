"""Begin a petition: as a draft of the organiser who makes it or brings in its file."""

import re
import secrets
import unicodedata

from flask_babel import gettext as _

from app import clock
from app.db import transaction
from app.models import Act, Membership, Role
from app.organisers.audit import record
from app.organisers.members import give_role
from app.petitions.file import NEEDED, TO_BEGIN, BadPetitionFile, PetitionFile, parse
from app.petitions.saving import bring, claim, locked

SHORTEST_WORD = 3
LONGEST_SUGGESTED = 60


class SlugTaken(Exception):
    """There is a petition with this slug, on which this organiser does not work."""


def begin(file: PetitionFile, by: int, act: Act = Act.CREATED) -> bool:
    """Make a draft of what the file says, with the organiser `by` as its owner; tell whether the slug was free."""
    with transaction() as session:
        petition_id = claim(session, file, clock.now())
        if petition_id is None:
            return False
        give_role(session, petition_id, by, Role.OWNER)
        record(session, act, petition_id, by)
        return True


def bring_in(content: bytes, name: str, by: int) -> str:
    """Bring in a petition file that an organiser uploaded; return its slug.

    A new slug makes a draft of theirs. Where they are editor or owner it is the petition's next version. Raises
    SlugTaken for anybody else's petition, and BadPetitionFile, changing nothing, if anything in it is wrong.
    """
    file = parse(content, name, TO_BEGIN)
    if begin(file, by, Act.IMPORTED):
        return file.slug
    with transaction() as session:
        petition = locked(session, file.slug)
        assert petition is not None
        member = session.get(Membership, (petition.id, by))
        if member is None or member.invited_until or member.role == Role.VIEWER:
            raise SlugTaken
        if petition.opened_at is not None:
            file = parse(content, name, NEEDED)
            if member.role != Role.OWNER and file.closes_on != petition.last_day:
                raise BadPetitionFile(f"{name}: {_('closes_on: only owners change when a petition closes.')}")
        bring(session, petition, file, name, by, clock.now())
    return file.slug


def suggest_slug(title: str) -> str:
    """Return a slug made of the title's letters that an address can hold, or of chance where there are too few."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall("[a-z0-9]+", plain))
    if len(words) > LONGEST_SUGGESTED:
        words = words[: LONGEST_SUGGESTED + 1].rpartition("-")[0] or words[:LONGEST_SUGGESTED]
    return words if len(words) >= SHORTEST_WORD else f"petition-{secrets.token_hex(4)}"
