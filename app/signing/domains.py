"""Whose addresses may sign: not those at domains that give them away for a few minutes, unless an organiser says so.

The answer goes by the domain alone, so it tells nothing of any mailbox.
"""

from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy import select
from wtforms import Field
from wtforms.validators import ValidationError

from app.db import db
from app.email.address import NotAnAddress, deliverable
from app.email.domain import domain_of, in_own_letters, is_disposable, upwards
from app.models import DomainRule, Verdict
from app.web.form import Form


def is_refused(petition_id: int, domain: str) -> bool:
    """Tell whether addresses at a domain in ASCII may not sign the petition.

    The organisers' rule for it holds, or else that for the nearest domain above it; without one the list does.
    """
    names = list(upwards(domain))
    mine = DomainRule.petition_id == petition_id
    rules = select(DomainRule.domain, DomainRule.verdict).where(mine, DomainRule.domain.in_(names))
    said = {row.domain: row.verdict for row in db.session.execute(rules)}
    nearest = next((said[name] for name in names if name in said), None)
    return is_disposable(domain) if nearest is None else nearest == Verdict.BLOCK


def welcome(petition_id: int) -> Callable[[Form, Field], None]:
    """Return what refuses, in a form's e-mail field, addresses that may not sign this petition."""

    def check(form: Form, field: Field) -> None:
        try:
            domain = domain_of(deliverable(field.data or ""))
        except NotAnAddress:
            return  # which the form has its own words for
        if is_refused(petition_id, domain):
            named = in_own_letters(domain)
            raise ValidationError(
                _("Addresses at %(domain)s are refused here. Please use another one of yours.", domain=named)
            )

    return check
