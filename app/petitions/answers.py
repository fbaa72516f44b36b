"""Answers: where people's answers to e-mails about a petition go."""

from contextlib import suppress

from app.email.address import NotAnAddress, deliverable
from app.models import Petition, PrivacyNotice


def answers_to(petition: Petition, notice: PrivacyNotice) -> str | None:
    """Return the address that answers to letters about a petition go to; None for the site's.

    So it is for a discreet one: the address can tell what it is about.
    """
    if petition.discreet:
        return None
    for address in (petition.contact, notice.controller_email):
        with suppress(NotAnAddress):
            return deliverable(address)
    return None
