"""Invalid input on the sign form: an error at its field, everything typed stays in the form, nothing is saved."""

import unicodedata

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.models.signer import signer_of
from tests.factories import drafts, make_petition, make_signature, sign, verified, written
from tests.html_page import HtmlPage

pytestmark = pytest.mark.both_databases

TEXTS = ("name", "affiliation", "comment")
UNSEEN_CHARACTERS = ("\0", "\b", "\x1b", "\x7f", "\x9f", "\u200b", "\u202a", "\u202e", "\u2066", "\u2068", "\ufeff")
ADDRESS_UNSEEN = (*UNSEEN_CHARACTERS, "\u200c", "\u200d", "\u200e", "\u200f")
PILED_UP = "There are too many accents on one letter in this. Please leave some out."
NO_ADDRESS = "This is not a complete e-mail address. It looks like name@example.org, without spaces or accents."
PILES = (
    "a" + "\u0301\u0302\u0323\u0330" * 3,
    "a" + "\u0488" * 7,  # an enclosing mark, of no combining class
    "\u0e01" + "\u0e47" * 7,
    "a" + "\u0301\u0302\u200d" * 4,  # with joiners between
    "a" + "\u034f\u0301" * 4,
)
NAMES = (
    "\u05d0\u05e0\u05d4 \u05d3\u05d5\u05d2\u05de\u05d4",  # Hebrew
    "\u0622\u0646\u0627 \u0646\u0645\u0648\u0646\u0647\u200c\u0627\u06cc",  # Persian, with the joiner it needs
    "\u200fAnn (\u05d0\u05e0\u05d4)\u200e",  # direction marks, as keyboards for both ways put them
    "Nguye\u0302\u0303n Thi\u0323 Vi\u0301 Du\u0323",  # Vietnamese, decomposed
    "\u0915\u094d\u0937\u093f\u0924\u093f\u091c \u0909\u0926\u093e\u0939\u0930\u0923",  # Hindi
    "\u0e19\u0e49\u0e33\u0e1d\u0e19 \u0e15\u0e31\u0e27\u0e2d\u0e22\u0e48\u0e32\u0e07",  # Thai
    "Z\u030c\u0323\u0302a Example",
    "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd",  # Hebrew with points
    "O\u2019Brien-\u00d6zt\u00fcrk \U0001f469\u200d\U0001f680",
    "\u5f35\u4f8b",
)
NO_ADDRESSES = (
    "ann",
    "ann@",
    "@example.org",
    "ann@example",
    "ann@localhost",
    "ann@.org",
    "ann@example..org",
    "ann@-example.org",
    "ann@[127.0.0.1]",
    "ann@@example.org",
    "ann example@example.org",
    "Ann <ann@example.org>",
    "ann@example.org, bob@example.org",
    "ann@example.org;bob@example.org",
    "änn@example.org",
    "ann@" + "b" * 64 + ".example.org",
    "mailto:ann@example.org?bcc=bob@example.org",
)


@pytest.fixture
def slug(app: Flask) -> str:
    """A petition that asks and requires every answer."""
    return make_petition(app, tables='[fields]\naffiliation = "required"\ncountry = "required"\ncomment = "required"\n')


def assert_refused(answer: TestResponse, field: str, message: str) -> HtmlPage:
    assert answer.status_code == 422, field
    page = HtmlPage(answer.text)
    assert page.errors() == {field: message}
    assert page.by_id(field).get("aria-invalid") == "true"
    return page


def test_blank_answers_are_refused_where_one_is_required(app: Flask, client: FlaskClient, slug: str) -> None:
    asked = {
        "name": "Please tell us your name.",
        "affiliation": "Please tell us your title or affiliation.",
        "country": "Please choose your country.",
        "email": "Please give your e-mail address. Your signature counts once you confirm it.",
        "comment": "Please write a comment.",
    }
    for nothing in ("", "   ", " \t\u00a0\u2003 ", "\u200b\u200d\ufeff", "\u3164\u2800", "\r\n", "\u0301"):
        for field in asked.keys() - {"country"}:
            assert_refused(sign(client, slug, **{field: nothing}), field, asked[field])
    assert_refused(sign(client, slug, country=""), "country", asked["country"])
    assert written(app) == (0, 0)


def test_an_empty_form_has_an_error_at_every_required_field(app: Flask, client: FlaskClient, slug: str) -> None:
    answer = client.post(f"/petitions/{slug}/sign")
    assert answer.status_code == 422
    assert HtmlPage(answer.text).errors().keys() == {"name", "affiliation", "country", "email", "comment"}
    assert written(app) == (0, 0)


@pytest.mark.parametrize(("field", "most"), [("name", 100), ("affiliation", 200), ("comment", 1000)])
def test_an_answer_that_is_too_long_stays_in_the_form_uncut(
    app: Flask, client: FlaskClient, slug: str, field: str, most: int
) -> None:
    too_long = "é" * (most + 1)
    answer = sign(client, slug, **{field: too_long})
    page = assert_refused(answer, field, f"Please shorten this to {most} characters. It has {most + 1}.")
    assert page.answers()[field] == too_long
    assert page.by_id(field).get("maxlength") == str(most)
    assert written(app) == (0, 0)
    assert sign(client, slug, **{field: too_long[1:]}).status_code == 303


def test_an_address_that_is_too_long_stays_in_the_form_uncut(app: Flask, client: FlaskClient, slug: str) -> None:
    too_long = f"ann@{'library.' * 31}org"
    page = assert_refused(
        sign(client, slug, email=too_long), "email", f"Please shorten this to 254 characters. It has {len(too_long)}."
    )
    assert page.answers()["email"] == too_long
    assert written(app) == (0, 0)


@pytest.mark.parametrize("field", TEXTS)
def test_what_cannot_be_seen_is_taken_out(app: Flask, client: FlaskClient, slug: str, field: str) -> None:
    for number, character in enumerate(UNSEEN_CHARACTERS):
        said = {field: f"Ann {character}Exam{character}ple", "email": f"ann{number}@example.org"}
        assert sign(client, slug, **said).status_code == 303, ascii(character)
    with app.app_context():
        assert {getattr(signer_of(draft), field) for draft in drafts(app)} == {"Ann Example"}


def test_what_ends_a_line_elsewhere_ends_it_in_a_comment_and_is_a_space_in_a_name(
    app: Flask, client: FlaskClient, slug: str
) -> None:
    for number, end in enumerate("\x0b\x0c\x85\u2028\u2029"):
        said = {"name": f"Ann{end}Example", "comment": f"One.{end}Two.", "email": f"ann{number}@example.org"}
        assert sign(client, slug, **said).status_code == 303, ascii(end)
    with app.app_context():
        found = {(signer_of(draft).name, signer_of(draft).comment) for draft in drafts(app)}
    assert found == {("Ann Example", "One.\nTwo.")}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *((f"{unseen}ann@{unseen}example.org{unseen}", "ann@example.org") for unseen in ADDRESS_UNSEEN),
        ("o\u2019brien@example.org", "o'brien@example.org"),
        ("ann\uff20example.org", "ann@example.org"),
    ],
)
def test_an_address_is_taken_as_it_looks(app: Flask, client: FlaskClient, slug: str, typed: str, meant: str) -> None:
    assert sign(client, slug, email=typed).status_code == 303
    with app.app_context():
        assert [signer_of(draft).email for draft in drafts(app)] == [meant]


def test_no_browser_sends_another_domain_than_the_one_that_was_typed(client: FlaskClient, slug: str) -> None:
    field = HtmlPage(client.get(f"/petitions/{slug}").text).by_id("email")
    assert (field.get("type"), field.get("inputmode")) == ("text", "email")


@pytest.mark.parametrize("field", ["country", "visibility", "language", "text_version", "notice_version"])
def test_a_nul_byte_in_a_hidden_or_choice_field_is_harmless(
    app: Flask, client: FlaskClient, slug: str, field: str
) -> None:
    for value in ("\0", "1\0", "en\0"):
        answer = sign(client, slug, **{field: value})
        if field == "language":
            assert answer.status_code == 303, "an unknown language is the petition's own"
        else:
            assert answer.status_code == 422
            assert written(app) == (0, 0)
    for path in ("sign", "signed"):
        assert client.get(f"/petitions/{slug}/{path}?language=%00").status_code == 200


def test_line_breaks_are_refused_in_single_line_fields(app: Flask, client: FlaskClient, slug: str) -> None:
    for line_break in ("\r\n", "\n", "\r"):
        injected = f"ann@example.org{line_break}Bcc: bob@example.org"
        for field in ("name", "affiliation"):
            assert_refused(sign(client, slug, **{field: injected}), field, "Please write this on one line.")
        assert_refused(sign(client, slug, email=injected), "email", NO_ADDRESS)
    assert written(app) == (0, 0)


def test_a_comment_may_have_lines_and_tabs(app: Flask, client: FlaskClient, slug: str) -> None:
    assert sign(client, slug, comment="One\r\ntwo\rthree\n\n\tfour").status_code == 303
    (draft,) = drafts(app)
    with app.app_context():
        assert signer_of(draft).comment == "One\ntwo\nthree\n\n four"


def test_names_in_every_script_are_accepted(app: Flask, client: FlaskClient, slug: str) -> None:
    for name in NAMES:
        assert sign(client, slug, name=name, affiliation=name, comment=name).status_code == 303, name
    with app.app_context():
        for name, signer in zip(NAMES, map(signer_of, drafts(app)), strict=True):
            assert signer.name == signer.affiliation == signer.comment == unicodedata.normalize("NFC", name)


def test_names_in_every_script_come_back_as_typed_in_fields_with_dir_auto(client: FlaskClient, slug: str) -> None:
    for name in NAMES:
        page = HtmlPage(sign(client, slug, name=name, affiliation=name, comment=name, email="").text)
        for field in TEXTS:
            assert page.by_id(field).get("dir") == "auto"
            assert page.answers()[field] == unicodedata.normalize("NFC", name)


def test_public_names_do_not_change_the_text_direction_around_them(app: Flask, client: FlaskClient, slug: str) -> None:

    make_signature(app, slug, name="\u05d0\u05e0\u05d4")
    page = HtmlPage(client.get(f"/petitions/{slug}").text)
    assert verified(client, slug) == 1
    assert "\u05d0\u05e0\u05d4" in [one.text for one in page.all("bdi")]
    assert [one.words() for one in page.all("div", dir="auto")] == ["I read."]


@pytest.mark.parametrize("field", TEXTS)
def test_piles_of_combining_marks_are_refused(app: Flask, client: FlaskClient, slug: str, field: str) -> None:
    for pile in PILES:
        assert_refused(sign(client, slug, **{field: f"Ann {pile}"}), field, PILED_UP)
    assert written(app) == (0, 0)


def test_an_invalid_address_is_refused_and_stays_in_the_form(app: Flask, client: FlaskClient, slug: str) -> None:
    for address in NO_ADDRESSES:
        page = assert_refused(sign(client, slug, email=address), "email", NO_ADDRESS)
        assert page.answers()["email"] == address
    assert written(app) == (0, 0)


def test_only_countries_on_the_list_are_accepted(app: Flask, client: FlaskClient, slug: str) -> None:
    for unknown in ("XX", "ZZ", "EU", "se", "SWE", "Sweden", "001", "S\0"):
        answer = sign(client, slug, country=unknown)
        assert_refused(answer, "country", "Please choose a country from the list.")
    assert written(app) == (0, 0)


def test_only_offered_choices_are_accepted(app: Flask, client: FlaskClient, slug: str) -> None:
    for unknown in ("", "everyone", "PUBLIC", "0", "public\0"):
        page = assert_refused(
            sign(client, slug, visibility=unknown), "visibility", "Please choose who may see your name."
        )
        assert "visibility" not in page.answers(), "nothing is chosen in the signer's place"
    assert written(app) == (0, 0)
