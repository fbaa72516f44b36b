"""Addresses that organisers type or paste when they sign in are taken as they look."""

from flask import Flask

from tests.auth.test_signing_in import RESET, is_in, sign_in
from tests.organisers.people import PASSWORD, browser, letters_to_organisers, make_organiser

OBRIEN = "o'brien@xn--maanfertigung-cdb.example"
AS_PASTED = "\u2068\u200bO\u2019Brien@maßanfertigung.example\u2069 "


def test_an_address_signs_in_and_gets_a_new_password_as_it_looks(app: Flask) -> None:
    make_organiser(app, OBRIEN, password=PASSWORD)
    client = browser(app)
    assert sign_in(client, AS_PASTED).location == "/organise"
    assert is_in(client)
    assert browser(app).post(RESET, data={"email": AS_PASTED}).status_code == 303
    assert [f"To: {OBRIEN}" in letter for letter in letters_to_organisers(app)] == [True]


def test_a_refused_address_stays_in_the_form_as_it_was_typed(app: Flask) -> None:
    page = sign_in(browser(app), "ann@maßanfertigung.example", "a wrong password").text
    assert 'value="ann@maßanfertigung.example"' in page


def test_however_an_address_is_pasted_its_tries_are_counted_together(app: Flask) -> None:
    make_organiser(app, OBRIEN, password=PASSWORD)
    for number in range(10):
        assert sign_in(browser(app), AS_PASTED if number % 2 else OBRIEN, "a wrong password").status_code == 200
    assert sign_in(browser(app), AS_PASTED).status_code == 429


def test_an_invitation_by_command_goes_where_its_address_looks_to_go(app: Flask) -> None:
    answer = app.test_cli_runner().invoke(args=["organiser", "invite", AS_PASTED])
    assert answer.exit_code == 0, answer.output
    assert [letter.partition("\n")[0].lower() for letter in letters_to_organisers(app)] == [f"to: {OBRIEN}"]
