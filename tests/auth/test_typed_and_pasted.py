"""Addresses, codes and names that organisers type or paste when they sign in are taken as they look."""

import pytest
from flask import Flask

from app.auth.typed_codes import read_app_code, read_recovery_code
from tests.auth.authenticator import Authenticator
from tests.auth.test_second_factor import CODE, RECOVERY, add, code, give_password, make_codes, set_up_codes
from tests.auth.test_signing_in import RESET, is_in, sign_in
from tests.organisers.people import PASSWORD, browser, letters_to_organisers, make_organiser, organiser, signed_in

OBRIEN = "o'brien@xn--maanfertigung-cdb.example"
AS_PASTED = "\u2068\u200bO\u2019Brien@maßanfertigung.example\u2069 "
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
FULL_WIDTH = str.maketrans("0123456789abcdef-", "０１２３４５６７８９ａｂｃｄｅｆ－")


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


def test_a_code_of_an_app_may_be_in_any_script_and_in_groups(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    key = set_up_codes(signed_in(app))
    client = give_password(app)
    now = code(key)
    typed = f"\u200b{now[:3]} {now[3:]}\u202c".translate(ARABIC)
    assert client.post(CODE, data={"code": typed}).location == "/organise"
    assert is_in(client)
    assert "pattern=" not in give_password(app).get(CODE).text


def test_a_recovery_code_may_be_pasted_with_what_stands_around_it(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    set_up_codes(signed_in(app))
    codes = make_codes(signed_in(app))
    for one, typed in (
        (codes[0], f"code: {codes[0]}."),
        (codes[1], codes[1].translate(FULL_WIDTH)),
        (codes[2], f"\u2068{codes[2].replace('-', ' ')}\u2069\u200b"),
        (codes[3], codes[3].replace("-", "").upper().translate(ARABIC)),
    ):
        client = give_password(app)
        assert client.post(RECOVERY, data={"code": typed}).location == "/organise", ascii(typed)
        assert one not in organiser_codes(app)


def organiser_codes(app: Flask) -> list[str]:
    row = organiser(app)
    with app.app_context():
        return row.mf_recovery_codes


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("АВСЕ-1234-5678", "abce-1234-5678"),
        ("12-34 56-78 9a-bc", "1234-5678-9abc"),
        ("1234", "1234"),
        ("", ""),
        ("nothing", ""),
        ("1234-5678-9abc and 1111-2222-3333", "1111-2222-3333"),
    ],
)
def test_a_recovery_code_is_read_as_it_was_made(typed: str, read: str) -> None:
    assert read_recovery_code(typed) == read
    assert read_recovery_code(None) == ""


@pytest.mark.parametrize(("typed", "read"), [("123 456", "123456"), ("１２३-456", "123456"), ("", ""), ("x", "")])
def test_of_an_apps_code_the_digits_are_read(typed: str, read: str) -> None:
    assert read_app_code(typed) == read
    assert read_app_code(None) == ""


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("\u200bmy\u202e phone\ufeff", "my phone"),
        ("Ann’s phone.", "Ann’s phone."),
        ("मेरा फ़ोन", "मेरा फ़ोन"),
        ("گوشی\u200cام", "گوشی\u200cام"),
    ],
)
def test_a_passkey_is_called_as_people_call_things(app: Flask, typed: str, name: str) -> None:
    client = signed_in(app)
    assert add(client, Authenticator(app.config["BASE_URL"]), name=typed).status_code == 302
    assert f"<bdi>{name}</bdi>" in client.get("/organise/wan-register").text
