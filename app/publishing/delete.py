"""Delete a draft, or take back a translation: only what nobody can have signed."""

from dataclasses import replace

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError

from app import clock
from app.audit.log import record
from app.models import (
    Act,
    DomainRule,
    Draft,
    FormCopy,
    Membership,
    Petition,
    PetitionText,
    Picture,
    PrivacyNotice,
    Signature,
)
from app.models.petition import seal_mailbox_key
from app.organisers.access import Who
from app.organisers.acting import NotTheirs, acting, role_now
from app.petition_files.saving import save_petition
from app.petition_files.stored import as_file
from app.publishing.who_writes import may_write

SAYING_NOTHING: dict[str, object] = {
    "started_by": "",
    "started_on": None,
    "goal": None,
    "contact": "",
    "initiators": [],
    "donations": [],
    "links": [],
    "elsewhere": None,
    "labels": None,
    "words": None,
    "thanks": None,
    "outcome": None,
    "outcome_on": None,
    "image_alt": "",
}


def delete_draft(petition_id: int, organiser_id: int) -> bool:
    """Delete a draft with all that it says and its members; return False for a petition that was opened.

    Its row stays for the log, whose lines are never changed, and frees its slug.
    """
    with acting(petition_id, organiser_id, Who.OWNERS) as (session, petition):
        if petition.opened_at is not None:
            return False
        for table in (Picture, PetitionText, PrivacyNotice, DomainRule, Membership):
            session.execute(delete(table).where(table.petition_id == petition_id))
        _forget_what_it_says(petition)
        petition.deleted_at = clock.now()
        record(session, Act.DELETED, petition_id, organiser_id)
    return True


def take_back_translation(petition_id: int, language: str, organiser_id: int) -> bool:
    """Delete the text in this language, all its versions, and the other words in it; return False if it was signed.

    The petition's own language stays. Of signing and taking back at the same moment one succeeds, as the foreign key
    decides.
    """
    try:
        with acting(petition_id, organiser_id, Who.EDITORS) as (session, petition):
            if not may_write(petition, role_now(session, petition, organiser_id)):
                raise NotTheirs
            of_language = (PetitionText.petition_id == petition_id) & (PetitionText.language == language)
            ids = select(PetitionText.id).where(of_language)
            signed = [exists().where(table.text_id.in_(ids)) for table in (Signature, Draft)]
            if language == petition.language or any(session.scalar(select(one)) for one in signed):
                return False
            before = as_file(session, petition)
            others = tuple(one for one in before.translations if one["language"] != language)
            session.execute(delete(FormCopy).where(FormCopy.text_id.in_(ids)))
            if not session.execute(delete(PetitionText).where(of_language).returning(PetitionText.id)).first():
                return True
            file = replace(before, translations=others)
            if not save_petition(session, petition, before, file, Act.EDITED, organiser_id, clock.now()):
                record(session, Act.EDITED, petition_id, organiser_id, what="translations")
    except IntegrityError:
        return False
    return True


def _forget_what_it_says(petition: Petition) -> None:
    for column, value in SAYING_NOTHING.items():
        setattr(petition, column, value)
    petition.slug = f"deleted-{petition.public_id.hex()}"
    petition.mailbox_key = seal_mailbox_key(petition.public_id, petition.slug)
