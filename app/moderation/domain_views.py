"""The page with the rules for e-mail domains: viewers read them, editors change them."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug import Response
from wtforms import Field, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from app.email.domain import DISPOSABLE, IsPublicSuffix, NotADomain, ascii_domain, unicode_domain
from app.models import Verdict
from app.moderation.domains import list_rules, remove_rule, set_rule
from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.forms import OrganiserForm
from app.organisers.pages import petition_page
from app.web.address_field import tidy_address

bp = Blueprint("domains", __name__, url_prefix="/organise/petitions/<slug:slug>/domains")


class DomainForm(OrganiserForm):
    """A domain, and whether addresses at it may sign."""

    domain = StringField(
        lazy("Domain"),
        filters=[lambda text: tidy_address(text).removeprefix("@").strip()],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "required": True},
    )
    verdict = RadioField(
        lazy("Addresses at it"),
        choices=[
            SelectChoice(Verdict.BLOCK.value, lazy("may not sign")),
            SelectChoice(Verdict.ALLOW.value, lazy("may sign, whatever the list says")),
        ],
        default=Verdict.BLOCK.value,
        validate_choice=False,
    )

    def validate_domain(self, field: Field) -> None:
        """Refuse what is not a domain, and public suffixes such as `co.uk`."""
        typed = field.data or ""
        try:
            ascii_domain(typed)
        except IsPublicSuffix:
            words = lazy(
                "Everybody's domains are below this one. Please name a single provider's, such as example.org."
            )
            raise ValidationError(words) from None
        except NotADomain:
            is_longer = "@" in typed or "/" in typed
            raise ValidationError(
                lazy("Please type the domain alone, without an address or a link around it: example.org.")
                if is_longer
                else lazy("This is not a domain. It looks like example.org: what stands after the @ of an address.")
            ) from None

    def validate_verdict(self, field: Field) -> None:
        """Refuse a choice that was not offered."""
        if field.data not in set(Verdict):
            raise ValidationError(lazy("Please choose whether they may sign."))


@bp.get("")
@open_to(Who.VIEWERS)
def show_domains(slug: str) -> Response:
    """List the petition's rules."""
    return _page(DomainForm(formdata=None))


@bp.post("")
@open_to(Who.EDITORS)
def set_one(slug: str) -> Response:
    """Set the rule for a domain."""
    form = DomainForm()
    if not form.validate():
        return _page(form, 422)
    domain, verdict = ascii_domain(form.domain.data), Verdict(form.verdict.data)
    set_rule(petition_here().id, domain, verdict, me().id)
    named = unicode_domain(domain)
    messages = {
        Verdict.BLOCK: _("Addresses at %(domain)s cannot sign from now on.", domain=named),
        Verdict.ALLOW: _("Addresses at %(domain)s can sign.", domain=named),
    }
    flash(messages[verdict], "success")
    return redirect(url_for(".show_domains", slug=slug), 303)


@bp.post("/remove")
@open_to(Who.EDITORS)
def remove(slug: str) -> Response:
    """Remove the rule for a domain."""
    petition_id, domain = petition_here().id, request.form.get("domain")
    for rule in list_rules(petition_id):
        if rule.domain == domain:
            remove_rule(petition_id, rule.domain, me().id)
    flash(_("The rule is removed."), "success")
    return redirect(url_for(".show_domains", slug=slug), 303)


def _page(form: DomainForm, status: int = 200) -> Response:
    return petition_page(
        "moderation/domains.html",
        "signatures",
        status,
        form=form,
        rules=list_rules(petition_here().id),
        listed=len(DISPOSABLE),
        unicode_domain=unicode_domain,
    )
