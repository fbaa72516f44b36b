"""The e-mail address field: every form accepts and refuses the same addresses."""

import pytest
from flask import Flask
from flask_wtf import FlaskForm

from app.organisers.forms import InvitationForm
from app.organisers.forms import OrganiserAddressForm as OrganisersAddressForm
from app.signing.forms import AddressForm
from app.watching.views import FindForm
from app.web.address_field import AddressField

FORMS = (AddressForm, OrganisersAddressForm, InvitationForm, FindForm)


def filled_in(app: Flask, form_class: type[FlaskForm], email: str) -> tuple[FlaskForm, list[str]]:
    with app.test_request_context("/", method="POST", data={"email": email, "role": "editor"}):
        form = form_class(meta={"csrf": False})
        form.validate()
        return form, [str(error) for error in form.email.errors]


@pytest.mark.parametrize("form_class", FORMS)
@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ann@example.org", "ann@example.org"),
        (" Ann@Example.org\t", "Ann@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_normalised_for_mail_servers(
    app: Flask, form_class: type[FlaskForm], typed: str, address: str
) -> None:
    form, errors = filled_in(app, form_class, typed)
    assert errors == []
    assert form.email.address() == address


@pytest.mark.parametrize("form_class", FORMS)
@pytest.mark.parametrize("typed", ["", " ", "ann", "ann@localhost", "a@example.org, b@example.org", "ä@example.org"])
def test_an_address_that_no_mail_can_be_sent_to_is_refused(app: Flask, form_class: type[FlaskForm], typed: str) -> None:
    form, errors = filled_in(app, form_class, typed)
    assert isinstance(form.email, AddressField)
    assert errors


@pytest.mark.parametrize("form_class", FORMS)
def test_the_browser_is_told_how_long_an_address_may_be(app: Flask, form_class: type[FlaskForm]) -> None:
    form, errors = filled_in(app, form_class, "a" * 250 + "@example.org")
    assert 'maxlength="254"' in form.email()
    assert errors
