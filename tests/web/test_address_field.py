"""The e-mail address field: every form accepts and refuses the same addresses."""

import inspect
import sys

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from wtforms import EmailField
from wtforms.fields.core import UnboundField

from app.auth.forms import SignInForm
from app.organisers.forms import InvitationForm
from app.organisers.forms import OrganiserAddressForm as OrganisersAddressForm
from app.signing.forms import AddressForm
from app.watching.views import FindForm
from app.web.address_field import AddressField
from tests.html_page import HtmlPage

FORMS = (AddressForm, OrganisersAddressForm, InvitationForm, FindForm, SignInForm)


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
        ("info2@maßanfertigung.de", "info2@xn--maanfertigung-cdb.de"),
        ("\u200bann\u200b@example.org\u200b", "ann@example.org"),
        ("\u2068ann@example.org\u2069", "ann@example.org"),
        ("o\u2019brien@example.org", "o'brien@example.org"),
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


def test_no_form_lets_the_browser_make_another_domain_of_the_one_typed() -> None:
    """Browsers send `massanfertigung.de` from a field of the type `email` into which `maßanfertigung.de` was typed."""
    forms = [
        found
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "app"
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, FlaskForm) and found.__module__ == name
    ]
    fields = {
        f"{form.__name__}.{field}": unbound.field_class
        for form in forms
        for field, unbound in inspect.getmembers(form, lambda one: isinstance(one, UnboundField))
    }
    assert {kind for name, kind in fields.items() if name.endswith(".email")} == {AddressField}
    assert not [name for name, kind in fields.items() if issubclass(kind, EmailField)]
    assert {"SignInForm.email", "AddressForm.email", "FindForm.email"} <= fields.keys()


def test_address_fields_of_pages_are_text_with_the_keyboard_for_addresses(client: FlaskClient, petition: str) -> None:
    for path in ("/organise/login", "/organise/reset", f"/petitions/{petition}", f"/petitions/{petition}/my-signature"):
        (field,) = [one for one in HtmlPage(client.get(path).text).all("input") if one.get("name") == "email"]
        assert (field.get("type"), field.get("inputmode")) == ("text", "email"), path
