"""A stored petition as a petition file, and its newest texts and privacy notice."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Petition, PetitionText, PrivacyNotice
from app.petition_files.file import PetitionFile


def as_file(session: Session, petition: Petition) -> PetitionFile:
    """Return the petition as a petition file, with the newest text in each language."""
    texts = newest_texts(session, petition.id)
    own = texts.pop(petition.language)
    notice = newest_notice(session, petition.id)
    return PetitionFile(
        slug=petition.slug,
        language=petition.language,
        title=own.title,
        started_by=petition.started_by,
        statement=own.statement,
        addressed_to=notice.addressed_to,
        contact=petition.contact,
        erase_after_days=notice.erase_after_days,
        controller={
            "name": notice.controller_name,
            "address": notice.controller_address,
            "email": notice.controller_email,
        },
        body=own.body,
        fields={
            "affiliation": petition.affiliation_field,
            "country": petition.country_field,
            "comment": petition.comment_field,
        },
        started_on=petition.started_on,
        goal=petition.goal,
        closes_on=petition.last_day,
        discreet=petition.discreet,
        default_visibility=petition.default_visibility,
        privacy=notice.more,
        initiators=tuple(petition.initiators),
        donations=tuple(petition.donations),
        links=tuple(petition.links),
        elsewhere=petition.elsewhere,
        translations=tuple(
            {"language": language, "title": text.title, "statement": text.statement, "body": text.body}
            for language, text in sorted(texts.items())
        ),
    )


def newest_texts(session: Session, petition_id: int) -> dict[str, PetitionText]:
    """Return the petition's newest texts, by language."""
    of_petition = PetitionText.petition_id == petition_id
    newest = (
        select(PetitionText.language, func.max(PetitionText.version).label("version"))
        .where(of_petition)
        .group_by(PetitionText.language)
        .subquery()
    )
    is_newest = (PetitionText.language == newest.c.language) & (PetitionText.version == newest.c.version)
    return {
        text.language: text for text in session.scalars(select(PetitionText).join(newest, is_newest).where(of_petition))
    }


def outdated_translations(session: Session, petition: Petition) -> dict[str, datetime]:
    """Return the languages whose translation is older than the original, each with when the original was changed."""
    texts = newest_texts(session, petition.id)
    changed_at = texts[petition.language].made_at
    return {language: changed_at for language, text in sorted(texts.items()) if text.made_at < changed_at}


def newest_notice(session: Session, petition_id: int) -> PrivacyNotice:
    """Return the petition's newest privacy notice."""
    notices = select(PrivacyNotice).where(PrivacyNotice.petition_id == petition_id)
    return session.scalars(notices.order_by(PrivacyNotice.version.desc()).limit(1)).one()


def end_of_day(last: date | None) -> datetime | None:
    """Return when a petition closes whose last day for signing is `last` (UTC): at the end of that day."""
    return datetime.combine(last + timedelta(days=1), time(), UTC) if last else None
