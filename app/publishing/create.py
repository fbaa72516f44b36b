"""Create a petition as a draft, by hand or from a petition file; or change one by a file."""

import re
import secrets
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app import clock
from app.audit.log import record
from app.db import transaction
from app.ledger import ledger
from app.models import Act, Organiser, Role
from app.models.locking import lock_organiser
from app.models.petition import Standing
from app.normal_form import normalized
from app.organisers.access import ENOUGH, Who
from app.organisers.acting import NotTheirs, role_now
from app.organisers.members import give_role
from app.petition_files.content import NEEDED, NEEDED_FOR_DRAFT, PetitionFile
from app.petition_files.file import BadPetitionFile, parse_petition_file
from app.petition_files.saving import (
    create_draft,
    lock_petition_by_slug,
    merge_translations,
    trusted_changes,
    update_from_file,
)
from app.petition_files.stored import as_file
from app.petition_files.values import RESERVED_SLUGS, slug_not_free
from app.publishing.compare import Differences, content_digest, differences
from app.publishing.opening import may_open
from app.publishing.who_writes import changes_text, may_write
from app.web import rate_limits
from app.web.rate_limits import Action

MIN_SLUG_LENGTH = 3
MAX_SUGGESTED_LENGTH = 60


@dataclass
class ChangesNotReviewed(Exception):
    """The organiser must first review the changes of the file; `fingerprint` is the digest of the present content.

    Owners get an e-mail about the keys in `reported`. The petition's page says after how many signatures its text was
    changed, unless there are none.
    """

    slug: str
    fingerprint: str
    now: dict[str, Any]
    then: dict[str, Any]
    reported: list[str]
    after_signatures: int

    @property
    def differences(self) -> Differences:
        """Return what would change, by key. Slow for long texts, so call it after the transaction."""
        return differences(self.now, self.then)


class TooManyDrafts(Exception):
    """The organiser has begun as many drafts as one may in a day."""


def create_petition(file: PetitionFile, organiser_id: int, act: Act = Act.CREATED) -> bool:
    """Create a draft from the file, owned by this organiser; return False if the slug is taken.

    Raises TooManyDrafts.
    """
    with transaction() as session:
        petition = create_draft(session, file, clock.now())
        if petition is None:
            return False
        organiser = lock_organiser(session, organiser_id)
        if not organiser.active:
            raise NotTheirs
        if rate_limits.hit_one(Action.BEGIN_DRAFT, organiser.public_id):
            raise TooManyDrafts
        give_role(session, petition, organiser_id, Role.OWNER)
        record(session, act, petition.id, organiser_id)
        return True


def import_upload(content: bytes, name: str, organiser_id: int, fingerprint: str) -> tuple[str, bool]:
    """Import a petition file that an organiser uploaded; return its slug, and whether it changed anything.

    A new slug makes a draft that they own. A petition of which they are editor or owner is changed, if `fingerprint`
    shows that they reviewed the changes; else it raises ChangesNotReviewed. Raises BadPetitionFile for an invalid file,
    and for other petitions as for a reserved slug; and TooManyDrafts. If it raises, nothing was changed.
    """
    file = parse_petition_file(content, name, NEEDED_FOR_DRAFT)
    if create_petition(file, organiser_id, Act.IMPORTED):
        return file.slug, True
    with transaction() as session:
        petition = lock_petition_by_slug(session, file.slug)
        assert petition is not None
        role = role_now(session, petition, organiser_id)
        if role not in ENOUGH[Who.EDITORS]:
            raise BadPetitionFile(f"{name}: {slug_not_free()}")
        if petition.opened_at is not None:
            file = parse_petition_file(content, name, NEEDED)
            is_closed = petition.standing(clock.now()) == Standing.CLOSED
            may_move = role == Role.OWNER and (not is_closed or may_open(session.get_one(Organiser, organiser_id)))
            if not may_move and file.closes_on != petition.last_day:
                raise BadPetitionFile(f"{name}: {_('closes_on: only owners change when a petition closes.')}")
        before = as_file(session, petition)
        merged = merge_translations(before, file, name)
        now, then = _values(before), _values(merged)
        if not may_write(petition, role) and changes_text({key for key in now if now[key] != then[key]}):
            raise BadPetitionFile(f"{name}: {_('only owners change the text of this petition.')}")
        if now != then and fingerprint != content_digest(now):
            is_public = petition.opened_at is not None
            reported = trusted_changes(before, merged) if is_public else []
            signed = ledger.verified_count(session, petition.id) if is_public and _changes_words(now, then) else 0
            raise ChangesNotReviewed(petition.slug, content_digest(now), now, then, reported, signed)
        return file.slug, bool(update_from_file(session, petition, file, name, organiser_id, clock.now()))


def _values(file: PetitionFile) -> dict[str, Any]:
    return {key: getattr(file, key) for key in PetitionFile.__slots__}


def _changes_words(now: dict[str, Any], then: dict[str, Any]) -> bool:
    """Return whether any existing text changes; a new translation does not count."""

    def text(of: Any) -> tuple[Any, ...]:
        return tuple(of[key] for key in ("language", "title", "statement", "body"))

    texts = [text(then), *map(text, then["translations"])]
    return any(text(one) not in texts for one in (now, *now["translations"]))


def suggest_slug(title: str) -> str:
    """Return a slug of the title's ASCII letters and digits, or a random one if those are too few or reserved."""
    plain = normalized("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall("[a-z0-9]+", plain))
    if len(words) > MAX_SUGGESTED_LENGTH:
        words = words[: MAX_SUGGESTED_LENGTH + 1].rpartition("-")[0] or words[:MAX_SUGGESTED_LENGTH]
    is_free = len(words) >= MIN_SLUG_LENGTH and words not in RESERVED_SLUGS
    return words if is_free else f"petition-{secrets.token_hex(4)}"
