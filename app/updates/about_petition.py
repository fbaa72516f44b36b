"""What the e-mail of news says of its petition, beside the news: kept when an owner asks to send it.

Editors may change all of it meanwhile, and what goes out is what the owners saw.
"""

from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models import NewsText, Petition
from app.petition_files.stored import newest_notice
from app.petitions.answers import answers_to
from app.petitions.page import newest_title
from app.petitions.wording import said


class AboutPetition(NamedTuple):
    """The words in the e-mail, who started the petition with the language of that, and where answers go.

    Of a discreet petition the e-mail says none of it.
    """

    is_discreet: bool
    title: str
    contact: str
    started_by: str
    language_of_started_by: str
    controller: str
    reply_to: str | None


def about_now(session: Session, petition: Petition, language: str) -> AboutPetition:
    """Return what the e-mail of news in a language says of its petition as that is now."""
    notice = newest_notice(session, petition.id)
    who = said(petition, language, petition.started_by)
    return AboutPetition(
        petition.discreet,
        newest_title(petition),
        petition.contact,
        who.text,
        who.language,
        notice.controller_name,
        answers_to(petition, notice),
    )


def keep(session: Session, petition: Petition, text: NewsText) -> None:
    """Keep with the text of news what its e-mail says of the petition."""
    text.about_petition = about_now(session, petition, text.language)._asdict()


def kept(session: Session, petition: Petition, text: NewsText) -> AboutPetition:
    """Return what was kept with the text, or how it is now if none was; a petition that has become discreet is that."""
    if text.about_petition is None or petition.discreet:
        return about_now(session, petition, text.language)
    return AboutPetition(**text.about_petition)
