"""What a petition's page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, true

from app import clock
from app.db import db
from app.ledger import ledger
from app.ledger.ledger import Count
from app.models import Petition, PetitionText, Picture, PrivacyNotice
from app.petitions.goals import next_goal, percent
from app.web.language import INTERFACE_LANGUAGES

DONATIONS_MARKED_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Edition:
    """A petition as it is shown and signed now: its newest words in the reader's language, its newest notice.

    `language` is the page's; the text's own may differ where nobody has translated it.
    """

    petition: Petition
    text: PetitionText
    notice: PrivacyNotice
    language: str

    def is_open(self) -> bool:
        """Tell whether it can be signed now."""
        return self.petition.is_open(clock.now())

    def text_changed(self) -> bool:
        """Tell whether these words took the place of others after somebody's signature had been counted."""
        return self.text.version > 1 and self.text.after_signatures > 0

    def donations_changed_on(self) -> date | None:
        """Return the day on which the donations were changed, for as long as visitors are to be told."""
        at = self.petition.donations_changed_at
        return at.date() if at and clock.now() - at < DONATIONS_MARKED_FOR else None

    def is_translated(self) -> bool:
        """Tell whether the words are in the language of the page around them."""
        return self.text.language == self.language


@dataclass(frozen=True, slots=True)
class GoalProgress:
    """The verified count on its way to the next goal."""

    verified: int
    goal: int
    percent: int
    as_of: datetime


def find_edition(slug: str, language: str | None = None, *, drafts: bool = False) -> Edition | None:
    """Return the petition's current edition in `language` (default: its own); None for an unknown slug or language.

    Drafts are found only by who asks for them too: their organisers.
    """
    if language and "\0" in language:  # PostgreSQL does not take it even to look for
        return None
    newest = (
        select(Petition, PetitionText, PrivacyNotice)
        .join(PetitionText, PetitionText.petition_id == Petition.id)
        .join(PrivacyNotice, PrivacyNotice.petition_id == Petition.id)
        .where(Petition.slug == slug, true() if drafts else Petition.opened_at.is_not(None))
        .order_by(PetitionText.version.desc(), PrivacyNotice.version.desc())
        .limit(1)
    )
    own = newest.where(PetitionText.language == Petition.language)
    found = db.session.execute(newest.where(PetitionText.language == language)).first() if language else None
    found = found or db.session.execute(own).first()
    if found is None:
        return None
    petition, text, notice = found
    language = language or petition.language
    if language not in {*INTERFACE_LANGUAGES, text.language}:
        return None
    return Edition(petition, text, notice, language)


def newest_title(petition: Petition) -> str:
    """Return the petition's title in its own language, as it reads now."""
    return newest_titles([petition])[petition.id]


def newest_titles(petitions: Sequence[Petition]) -> dict[int, str]:
    """Return these petitions' titles, each in its own language, by the petition's id, in one statement."""
    ids = [petition.id for petition in petitions]
    titles = (
        select(PetitionText.petition_id, PetitionText.title)
        .join(Petition, (Petition.id == PetitionText.petition_id) & (Petition.language == PetitionText.language))
        .where(Petition.id.in_(ids))
        .order_by(PetitionText.version)
    )
    # Of each petition's rows the last one, which is the newest version, stays.
    return dict.fromkeys(ids, "") | {row.petition_id: row.title for row in db.session.execute(titles)}


def original_changed_on(edition: Edition) -> date | None:
    """Return the day on which the original words were changed, where the edition's are an older translation of them."""
    petition, text = edition.petition, edition.text
    if text.language == petition.language:
        return None
    mine = (PetitionText.petition_id == petition.id) & (PetitionText.language == petition.language)
    newer = select(func.max(PetitionText.made_at)).where(mine, PetitionText.made_at > text.made_at)
    at = db.session.scalars(newer).one()
    return at.date() if at else None


def progress(petition: Petition) -> GoalProgress:
    """Return the petition's count and next goal as they are now."""
    return _on_the_way(petition, ledger.read_count(petition.id))


def progress_of(petitions: Sequence[Petition]) -> dict[int, GoalProgress]:
    """Return count and next goal of these petitions as they are now, by the petition's id."""
    counts = ledger.read_counts([petition.id for petition in petitions])
    return {petition.id: _on_the_way(petition, counts[petition.id]) for petition in petitions}


def other_languages(edition: Edition) -> list[str]:
    """Return the languages that the petition's words are in, but for the page's own."""
    written = select(PetitionText.language).where(PetitionText.petition_id == edition.petition.id).distinct()
    return sorted(tag for tag in db.session.scalars(written) if tag != edition.text.language)


def header_image(petition: Petition) -> list[tuple[str, int, int]]:
    """Return digest, width and height of the petition's header image in each of its widths, the narrowest first."""
    if not petition.image_alt:  # every image has one
        return []
    mine = select(Picture.digest, Picture.width, Picture.height).where(Picture.petition_id == petition.id)
    return [(row.digest, row.width, row.height) for row in db.session.execute(mine.order_by(Picture.width))]


def image_data(slug: str, digest: str, width: int, *, drafts: bool = False) -> bytes | None:
    """Return a header image in this width; None for one that is not there, or whose petition was never opened."""
    named = (Petition.slug == slug) & (Picture.digest == digest) & (Picture.width == width)
    visible = true() if drafts else Petition.opened_at.is_not(None)
    found = select(Picture.data).join(Petition, Petition.id == Picture.petition_id).where(named, visible)
    return db.session.scalars(found).one_or_none()


def _on_the_way(petition: Petition, now: Count) -> GoalProgress:
    goal = next_goal(now.verified, petition.goal)
    return GoalProgress(now.verified, goal, percent(now.verified, goal), now.as_of)
