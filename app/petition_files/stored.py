"""A stored petition as a petition file, and back as columns; its newest texts and privacy notice."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Petition, PetitionText, PrivacyNotice, Translation
from app.petition_files.content import NO_LABELS, PetitionFile
from app.petition_files.translations import blank_translation


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
        thanks=(petition.thanks or {}).get(petition.language, ""),
        outcome=(petition.outcome or {}).get(petition.language, ""),
        outcome_on=petition.outcome_on,
        labels=NO_LABELS | (petition.labels or {}).get(petition.language, {}),
        initiators=tuple(petition.initiators),
        donations=tuple(petition.donations),
        links=tuple(petition.links),
        elsewhere=petition.elsewhere,
        translations=tuple(_translation(petition, text, notice) for _language, text in sorted(texts.items())),
    )


def _translation(petition: Petition, text: PetitionText, notice: PrivacyNotice) -> Translation:
    language = text.language
    told = (notice.translations or {}).get(language, {})
    return {
        **blank_translation(language),
        "title": text.title,
        "statement": text.statement,
        "body": text.body,
        "addressed_to": told.get("addressed_to", ""),
        "privacy": told.get("more", ""),
        "thanks": (petition.thanks or {}).get(language, ""),
        "outcome": (petition.outcome or {}).get(language, ""),
        "labels": NO_LABELS | (petition.labels or {}).get(language, {}),
        "words": (petition.words or {}).get(language, {}),
    }


def columns_of(file: PetitionFile) -> dict[str, Any]:
    """Return the columns of a petition that says what the file does, but for its closing time."""
    return {
        "started_by": file.started_by,
        "started_on": file.started_on,
        "goal": file.goal,
        "discreet": file.discreet,
        "default_visibility": file.default_visibility,
        "contact": file.contact,
        "affiliation_field": file.fields["affiliation"],
        "country_field": file.fields["country"],
        "comment_field": file.fields["comment"],
        "initiators": list(file.initiators),
        "donations": list(file.donations),
        "links": list(file.links),
        "elsewhere": file.elsewhere,
        "labels": _by_language(
            {file.language: file.labels} | {one["language"]: one["labels"] for one in file.translations}
        ),
        "words": _by_language({one["language"]: one["words"] for one in file.translations}),
        "thanks": _said({file.language: file.thanks} | {one["language"]: one["thanks"] for one in file.translations}),
        "outcome": _said(
            {file.language: file.outcome} | {one["language"]: one["outcome"] for one in file.translations}
        ),
        "outcome_on": file.outcome_on,
    }


def notice_of(file: PetitionFile) -> dict[str, Any]:
    """Return the columns of the privacy notice that the file gives."""
    translated = {
        one["language"]: {"addressed_to": one["addressed_to"], "more": one["privacy"]} for one in file.translations
    }
    return {
        "controller_name": file.controller["name"],
        "controller_address": file.controller["address"],
        "controller_email": file.controller["email"],
        "addressed_to": file.addressed_to,
        "erase_after_days": file.erase_after_days,
        "more": file.privacy,
        "translations": _by_language(translated),
    }


def _by_language(tables: dict[str, dict[str, str]]) -> dict[str, dict[str, str]] | None:
    return _said({language: _said(table) for language, table in tables.items()})


def _said(said: dict[str, Any]) -> dict[str, Any] | None:
    return {key: words for key, words in said.items() if words} or None


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
