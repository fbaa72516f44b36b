"""The data of a petition's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import ClassVar

from sqlalchemy import Select, bindparam, exists, func, select, true

from app import clock
from app.db import db
from app.ledger import ledger
from app.ledger.ledger import Count
from app.models import AlteredPetition, DomainRule, Petition, PetitionText, Picture, PrivacyNotice
from app.petitions.goals import FEW, next_goal, percent
from app.web.language import INTERFACE_LANGUAGES

DONATIONS_MARKED_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Edition:
    """A petition as it is shown and signed now: its newest text in the reader's language, and its newest notice.

    `language` is the page's; the text's differs if there is no translation. With `has_domain_rules` its organisers have
    rules for e-mail domains.
    """

    petition: Petition
    text: PetitionText
    notice: PrivacyNotice
    language: str
    has_domain_rules: bool

    def is_open(self) -> bool:
        """Tell whether it can be signed now."""
        return self.petition.is_open(clock.now())

    def text_changed(self) -> bool:
        """Tell whether this version replaced another one after a signature was verified."""
        return self.text.version > 1 and self.text.after_signatures > 0

    def donations_changed_on(self) -> date | None:
        """Return the day of the donations' last change, for as long as visitors must be told; else None."""
        at = self.petition.donations_changed_at
        return at.date() if at and clock.now() - at < DONATIONS_MARKED_FOR else None

    def is_translated(self) -> bool:
        """Tell whether the text is in the page's language."""
        return self.text.language == self.language


@dataclass(frozen=True, slots=True)
class GoalProgress:
    """The verified count on its way to the next goal. While there are fewer than `few`, no goal is shown."""

    few: ClassVar[int] = FEW
    verified: int
    goal: int
    percent: int
    as_of: datetime


def find_edition(slug: str, language: str | None = None, *, drafts: bool = False) -> Edition | None:
    """Return the petition's current edition in `language` (default: its own); None for an unknown slug or language.

    `drafts` also finds drafts, for their organisers. Raises AlteredPetition for one that was altered: who signs there
    would sign for somebody else's eyes.
    """
    if language and "\0" in language:  # PostgreSQL refuses NUL even in a comparison
        return None
    wanted = {"slug": slug, "language": language}
    found = db.session.execute(_newest(drafts=drafts, own=False), wanted).first() if language else None
    found = found or db.session.execute(_newest(drafts=drafts, own=True), wanted).first()
    if found is None:
        return None
    petition, text, notice, has_domain_rules = found
    if not petition.is_genuine:
        raise AlteredPetition(petition.public_id)
    language = language or petition.language
    if language not in {*INTERFACE_LANGUAGES, text.language}:
        return None
    return Edition(petition, text, notice, language, has_domain_rules)


@cache
def _newest(*, drafts: bool, own: bool) -> Select[Petition, PetitionText, PrivacyNotice, bool]:
    """Return the statement for the newest edition in its own or the wanted language: made once, every form needs it."""
    language = Petition.language if own else bindparam("language")
    return (
        select(Petition, PetitionText, PrivacyNotice, exists().where(DomainRule.petition_id == Petition.id))
        .join(PetitionText, PetitionText.petition_id == Petition.id)
        .join(PrivacyNotice, PrivacyNotice.petition_id == Petition.id)
        .where(Petition.slug == bindparam("slug"), true() if drafts else Petition.opened_at.is_not(None))
        .where(PetitionText.language == language)
        .order_by(PetitionText.version.desc(), PrivacyNotice.version.desc())
        .limit(1)
    )


def newest_title(petition: Petition) -> str:
    """Return the petition's newest title in its own language."""
    return newest_titles([petition])[petition.id]


def newest_titles(petitions: Sequence[Petition]) -> dict[int, str]:
    """Return these petitions' newest titles, each in its own language, by petition id, in one statement."""
    ids = [petition.id for petition in petitions]
    titles = (
        select(PetitionText.petition_id, PetitionText.title)
        .join(Petition, (Petition.id == PetitionText.petition_id) & (Petition.language == PetitionText.language))
        .where(Petition.id.in_(ids))
        .order_by(PetitionText.version)
    )
    # The last row of a petition wins, which is its newest version.
    return dict.fromkeys(ids, "") | {row.petition_id: row.title for row in db.session.execute(titles)}


def original_changed_on(edition: Edition) -> date | None:
    """Return the day of the original's last change, if the edition is an older translation; else None."""
    petition, text = edition.petition, edition.text
    if text.language == petition.language:
        return None
    original = (PetitionText.petition_id == petition.id) & (PetitionText.language == petition.language)
    newer = select(func.max(PetitionText.made_at)).where(original, PetitionText.made_at > text.made_at)
    at = db.session.scalars(newer).one()
    return at.date() if at else None


def progress(petition: Petition) -> GoalProgress:
    """Return the petition's present count and next goal."""
    return _goal_progress(petition, ledger.read_count(petition.id))


def progress_of(petitions: Sequence[Petition]) -> dict[int, GoalProgress]:
    """Return present count and next goal of these petitions, by petition id."""
    counts = ledger.read_counts([petition.id for petition in petitions])
    return {petition.id: _goal_progress(petition, counts[petition.id]) for petition in petitions}


def other_languages(edition: Edition) -> list[str]:
    """Return the languages that the petition is written in, without this edition's."""
    written = db.session.scalars(_LANGUAGES, {"petition": edition.petition.id})
    return sorted(tag for tag in written if tag != edition.text.language)


_LANGUAGES = select(PetitionText.language).where(PetitionText.petition_id == bindparam("petition")).distinct()


def languages_of(petition: Petition) -> list[str]:
    """Return the languages that the petition is written in, its own first."""
    written = db.session.scalars(_LANGUAGES, {"petition": petition.id})
    return sorted(written, key=lambda tag: (tag != petition.language, tag))


def header_image(petition: Petition) -> list[tuple[str, int, int]]:
    """Return digest, width and height of the petition's header image in each width, narrowest first."""
    if not petition.image_alt:  # every image has a text alternative
        return []
    sizes = select(Picture.digest, Picture.width, Picture.height).where(Picture.petition_id == petition.id)
    return [(row.digest, row.width, row.height) for row in db.session.execute(sizes.order_by(Picture.width))]


def image_data(slug: str, digest: str, width: int, *, drafts: bool = False) -> bytes | None:
    """Return a header image in this width; None if there is none, or, without `drafts`, for a draft."""
    named = (Petition.slug == slug) & (Picture.digest == digest) & (Picture.width == width)
    visible = true() if drafts else Petition.opened_at.is_not(None)
    found = select(Picture.data).join(Petition, Petition.id == Picture.petition_id).where(named, visible)
    return db.session.scalars(found).one_or_none()


def _goal_progress(petition: Petition, now: Count) -> GoalProgress:
    goal = next_goal(now.verified, petition.goal)
    return GoalProgress(now.verified, goal, percent(now.verified, goal), now.as_of)
