"""Which e-mail domains may sign: not disposable ones, unless the organisers have a rule for them.

The answer depends on the domain alone, so it tells nothing about any mailbox.
"""

from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy import bindparam, select
from wtforms.validators import ValidationError

from app.db import db
from app.email.address import NotAnAddress
from app.email.domain import domain_of, is_disposable, unicode_domain, with_parents
from app.models import DomainRule, Verdict
from app.petitions.page import Edition
from app.web.address_field import AddressField
from app.web.form import Form

RULES = select(DomainRule.domain, DomainRule.verdict).where(
    DomainRule.petition_id == bindparam("petition_id"), DomainRule.domain.in_(bindparam("names", expanding=True))
)


def is_refused(petition_id: int, domain: str) -> bool:
    """Tell whether addresses at a domain (in ASCII) may not sign the petition.

    The organisers' rule for it decides, else their rule for its nearest parent, else the list of disposable domains.
    """
    names = list(with_parents(domain))
    rows = db.session.execute(RULES, {"petition_id": petition_id, "names": names})
    verdicts = {row.domain: row.verdict for row in rows}
    nearest = next((verdicts[name] for name in names if name in verdicts), None)
    return is_disposable(domain) if nearest is None else nearest == Verdict.BLOCK


def address_allowed(edition: Edition) -> Callable[[Form, AddressField], None]:
    """Return a validator of an e-mail field that refuses addresses whose domain may not sign this petition."""

    def check(form: Form, field: AddressField) -> None:
        try:
            domain = domain_of(field.address())
        except NotAnAddress:
            return  # the field reports it itself
        # Nearly no petition has rules: to look for them all the same would take a tenth of a form's time.
        if is_refused(edition.petition.id, domain) if edition.has_domain_rules else is_disposable(domain):
            name = unicode_domain(domain)
            raise ValidationError(
                _("Addresses at %(domain)s are refused here. Please use another one of yours.", domain=name)
            )

    return check
