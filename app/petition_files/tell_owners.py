"""Tell the owners of an opened petition what was changed: at once, and what follows within the hour in one more e-mail.

Whoever may edit could otherwise fill their mailboxes, and bury what matters.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import db
from app.email.letter import Letter
from app.email.render import message
from app.models import Act, AuditEntry, Occasion, OutboxProgress, OutboxRow, Petition, PetitionText
from app.organisers import letter
from app.petitions.difference import Snippet, diff_words, snippets
from app.petitions.labels import LABELS
from app.petitions.page import newest_title
from app.web.absolute_url import absolute_url

KIND = "petition changed"
GATHERED_FOR = timedelta(hours=1)
# They say where money goes and who gets the signers' data.
TRUSTED_KEYS = ("donations", "controller", "addressed_to", "contact", "erase_after_days", "privacy")
MAX_PLACES = 20
WORDS = ("title", "statement", "body", "translations")
ABOUT = ("thanks", "outcome", "outcome_on", "started_by", "started_on", "labels", "initiators", "links", "elsewhere")
TOLD = (*TRUSTED_KEYS, *WORDS, *ABOUT, "image")  # all that people read, or see, as the site's word


class ChangedText(NamedTuple):
    """The places in which the text in one language has changed; `more` is how many are left out.

    The text is title, statement and reasons. Of all else that has changed the e-mail says that it has.
    """

    language: str
    places: list[Snippet]
    more: int


def tell_owners(session: Session, petition: Petition, now: datetime) -> None:
    """Queue an e-mail to each owner about what is changed in this transaction since `now`, under the petition's lock.

    An e-mail that waits for the hour to end says that too, as it is rendered when it is sent; one that a worker has in
    hand does not.
    """
    about = (OutboxRow.petition_id == petition.id) & (OutboxRow.occasion == Occasion.ORGANISER)
    is_waiting = (OutboxRow.progress == OutboxProgress.WAITING) & OutboxRow.claim.is_(None)
    waiting = session.scalars(select(OutboxRow).where(about, is_waiting).with_for_update()).all()
    told = {fields[1] for row in waiting if (fields := letter.unseal_fields(row, KIND))}
    last = session.scalar(select(func.max(OutboxRow.due_at)).where(about))
    # One that a mail server refused may be due much later; the others do not wait for it.
    due = min(max(now, last + GATHERED_FOR), now + GATHERED_FOR) if last else now
    for owner in letter.owners_of(session, petition.id):
        if owner.public_id.hex() not in told:
            letter.queue_for_owner(session, KIND, owner, petition.id, now, due)


def render_change(row: OutboxRow) -> Letter | None:
    """Return the e-mail that says what was changed since it was queued; None if the row asks for another one."""
    fields = letter.unseal_fields(row, KIND)
    session = db.session()
    petition = session.get(Petition, row.petition_id) if row.petition_id else None
    if not fields or petition is None:
        return None
    owner = next((one for one in letter.owners_of(session, petition.id) if one.public_id.hex() == fields[1]), None)
    if owner is None:  # not any more
        return None
    # The e-mail must not name a discreet petition, and neither must the address of its link.
    is_secret = petition.discreet
    rendered = letter.render_for(
        owner,
        "petition_changed",
        title=None if is_secret else newest_title(petition),
        kinds=_changed_keys(session, row),
        labels=LABELS,
        texts=[] if is_secret else _changed_texts(session, row),
        link=absolute_url("organisers.home") if is_secret else absolute_url("members.log", slug=petition.slug),
        moment=row.queued_at,
    )
    return message(row.public_id, owner.email, rendered)


def _changed_keys(session: Session, row: OutboxRow) -> list[str]:
    acts = select(AuditEntry.details).where(
        AuditEntry.petition_id == row.petition_id,
        AuditEntry.act.in_([Act.EDITED, Act.IMPORTED]),
        AuditEntry.at >= row.queued_at,
    )
    changed = {key for details in session.scalars(acts) for key in str(details.get("what", "")).split(", ")}
    return [key for key in TOLD if key in changed]


def _changed_texts(session: Session, row: OutboxRow) -> list[ChangedText]:
    of_petition = select(PetitionText).where(PetitionText.petition_id == row.petition_id)
    texts = session.scalars(of_petition.order_by(PetitionText.language, PetitionText.version)).all()
    newest = {text.language: text for text in texts}
    before = {text.language: text for text in texts if text.made_at < row.queued_at}
    changed = []
    for language, text in newest.items():
        old = before.get(language)
        if old is not None and old is not text:
            pairs = ((old.title, text.title), (old.statement, text.statement), (old.body, text.body))
            places = [place for one, other in pairs for place in snippets(diff_words(one, other))]
            changed.append(ChangedText(language, places[:MAX_PLACES], max(0, len(places) - MAX_PLACES)))
    return changed
