"""The link that ends all e-mails to a mailbox, and what its page says of the e-mail that it came in."""

import re

from app.models import AlteredPetition, Petition
from app.petitions.page import Edition, find_edition
from app.web.absolute_url import absolute_url
from app.web.converters import SLUG
from app.web.language import interface_language


def stop_link(token: str, language: str, petition: Petition | None = None) -> str:
    """Return the link for the reader of an e-mail in this language; it names the petition, unless that is discreet."""
    about = {} if petition is None or petition.discreet else {"petition": petition.slug}
    return absolute_url("refusing.ask_to_stop", token=token, language=interface_language(language), **about)


def named_edition(slug: str, language: str) -> Edition | None:
    """Return the petition that such a link names; None if there is none, or nothing is to be said of it."""
    if not re.fullmatch(SLUG, slug):
        return None
    try:
        edition = find_edition(slug, language) or find_edition(slug)
    except AlteredPetition:  # whoever wants no e-mails is not to wait until that is set right
        return None
    return edition if edition and not edition.petition.discreet else None
