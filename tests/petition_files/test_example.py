"""The example petition: it can be imported, its page shows every part, and it asks nobody for real money."""

import hashlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

import config
from app.db import db
from app.petition_files.content import PetitionFile
from app.petition_files.file import read_petition_file
from app.petition_files.importing import Outcome, import_file
from tests.conftest import make_app
from tests.factories import make_signature
from tests.html_page import Element, HtmlPage

EXAMPLE = config.ROOT / "examples" / "free-boris-kagarlitsky.md"
SLUG = "free-boris-kagarlitsky"

# SHA-256 of the two account numbers of the campaign that the example is modelled on, without spaces.
OF_THE_CAMPAIGN = {
    "10545f6f6c946903213e372ff490f65c61d1e2dc369d65b6d76700e70e521868",
    "686f3f0fc3d30444e5c9c019cb9c57fd904a07c02a7df014ac061a381d3210e0",
}
OF_THE_DOCUMENTATION = {"GB82WEST12345698765432", "DE89370400440532013000"}
LENGTHS = range(15, 35)  # of account numbers, by ISO 13616


@pytest.fixture(scope="module")
def example() -> PetitionFile:
    """The example petition's file, parsed."""
    return read_petition_file(EXAMPLE)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> HtmlPage:
    """The example's page as a visitor gets it; made once, for tests that only read it."""
    folder = tmp_path_factory.mktemp("example")
    app = make_app(folder, f"sqlite:///{folder}/test.db")
    with app.app_context():
        upgrade()
        import_file(EXAMPLE)
        db.session.remove()
    answer = app.test_client().get(f"/petitions/{SLUG}")
    with app.app_context():
        db.engine.dispose()
    assert answer.status_code == 200
    return HtmlPage(answer.text)


def section(page: HtmlPage, name: str) -> Element:
    """Return the section whose heading has that id."""
    (found,) = page.all("section", **{"aria-labelledby": name})
    return found


def inside(page: HtmlPage, outer: Element, tag: str) -> list[str]:
    """Return the text of each element with this tag within another."""
    return [one.words() for one in page.all(tag) if any(each is outer for each in one.inside)]


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_example_has_the_expected_values(example: PetitionFile) -> None:
    assert (example.language, example.title) == ("en", "Free Boris Kagarlitsky!")
    assert str(example.started_on) == "2023-07-28"
    assert example.fields == {"affiliation": "optional", "country": "required", "comment": "optional"}
    assert len(example.initiators) > 10 and len(example.donations) == 2 and len(example.links) == 3
    assert len(example.body) > 800


def test_the_page_begins_with_title_start_initiator_and_count(page: HtmlPage, example: PetitionFile) -> None:
    (top,) = page.all("header", **{"class": "petition-head"})
    assert inside(page, top, "h1") == ["Free Boris Kagarlitsky!"]
    assert inside(page, top, "time") == ["July 28, 2023"]
    assert f"Started by {example.started_by}" in top.words()
    assert "Be among the first to sign" in top.words()
    assert page.all("title")[0].words() == "Free Boris Kagarlitsky! · Countersign"


def test_it_is_imported_and_its_count_and_goal_move_with_the_verified_signatures(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        assert import_file(EXAMPLE) == (SLUG, Outcome.OPENED)
        assert import_file(EXAMPLE) == (SLUG, Outcome.UNCHANGED)
    for number in range(30):
        make_signature(app, SLUG, email=f"ann{number}@example.org")
    page = HtmlPage(client.get(f"/petitions/{SLUG}").text)
    bars = page.all("progress")
    assert [(bar.get("value"), bar.get("max"), bar.words()) for bar in bars] == [("30", "1500", "2 %")] * 2
    assert [one.words() for one in page.all("p", **{"class": "count"})] == ["30 verified signatures"] * 2
    assert [one.words() for one in page.all("p", **{"class": "goal"})] == ["Next goal: 1,500"] * 2


def test_links_at_the_top_and_the_bottom_lead_to_the_form(page: HtmlPage) -> None:
    first, second = [link for link in page.all("a") if link.words() == "Support now"]
    assert first.get("href") == second.get("href") == "#sign"
    places = [page.elements.index(one) for one in (first, page.by_id("sign"), second)]
    assert places == sorted(set(places))


def test_the_page_shows_text_statement_and_addressee(page: HtmlPage, example: PetitionFile) -> None:
    why = section(page, "why").words()
    assert why.startswith("Why this petition matters")
    for paragraph in example.body.split("\n\n"):
        assert flat(paragraph).replace("**", "") in why
    assert inside(page, section(page, "why"), "strong") == ["Boris Kagarlitsky"]
    statement = section(page, "statement").words()
    assert flat(example.statement) in statement
    assert f"To: {example.addressed_to}" in statement


def test_every_initiator_is_named_with_affiliation_and_country(page: HtmlPage, example: PetitionFile) -> None:
    countries = {"IT": "Italy", "SE": "Sweden", "ZA": "South Africa", "CZ": "Czechia", "UA": "Ukraine", "NO": "Norway"}
    shown = inside(page, section(page, "initiators"), "li")
    assert len(shown) == len(example.initiators)
    for words, initiator in zip(shown, example.initiators, strict=True):
        assert words.startswith(f"{initiator['name']}")
        assert initiator["affiliation"] in words
        assert words.endswith(countries.get(initiator["country"], ""))


def test_the_form_has_all_fields(page: HtmlPage) -> None:
    (form,) = page.all("form")
    assert (
        form.get("method"),
        form.get(
            "action",
        ).split("#")[0],
    ) == ("post", f"/petitions/{SLUG}/sign")
    labels = {label.get("for"): label.words() for label in page.all("label")}
    for field, label in {
        "name": "Your name",
        "affiliation": "Title or affiliation (optional)",
        "country": "Country of origin",
        "email": "E-mail",
        "comment": "Comment (optional)",
        "updates": "Yes, write to me about this petition now and then",
    }.items():
        assert labels[field] == label
        assert page.by_id(field).get("name") == field
    assert [page.by_id(field).get("required") is not None for field in ("name", "affiliation", "country", "email")] == [
        True, False, True, True,
    ]  # fmt: skip
    choices = [(one.get("value"), one.get("checked") is not None) for one in page.all("input", name="visibility")]
    assert choices == [("public", False), ("delivery", True), ("organisers", False)]
    assert page.by_id("updates").get("checked") is None
    assert {"SE", "RU", "KZ", "XK"} <= {option.get("value") for option in page.all("option")}


def test_the_page_says_what_happens_with_the_data(page: HtmlPage, example: PetitionFile) -> None:
    (privacy,) = page.all("details", **{"class": "privacy"})
    answers = dict(zip(inside(page, privacy, "dt"), inside(page, privacy, "dd"), strict=True))
    who = example.controller
    assert answers["Who answers for it"] == f"{who['name']} {' '.join(who['address'].split())} {who['email']}"
    assert "count your signature" in answers["What for"]
    assert answers["Who gets the list"] == example.addressed_to
    assert answers["How long it is kept"].startswith("Until 365 days after the petition has closed")
    assert "withdraw your signature at any time" in answers["If you change your mind"]
    assert example.contact in answers["If you change your mind"]
    assert flat(example.privacy) in privacy.words()


def test_donations_show_recipient_number_in_groups_of_four_currency_and_bank(
    page: HtmlPage, example: PetitionFile
) -> None:
    donations = section(page, "donations")
    assert inside(page, donations, "dt")[:4] == ["Recipient", "IBAN", "Currency", "Bank"]
    numbers = [one.words() for one in page.all("bdi", **{"class": "iban"})]
    assert numbers == ["GB82 WEST 1234 5698 7654 32", "DE89 3704 0044 0532 0130 00"]
    for donation in example.donations:
        for part in ("recipient", "currency", "bank", "note"):
            assert str(dict(donation)[part]) in donations.words()


def test_links_are_shown_with_their_source(page: HtmlPage, example: PetitionFile) -> None:
    shown = inside(page, section(page, "links"), "li")
    assert len(shown) == len(example.links) == 3
    for words, link in zip(shown, example.links, strict=True):
        assert link["source"] in words and link["title"] in words
    addresses = [link.get("url") for link in example.links]
    assert [one.get("href") for one in page.all("a") if one.get("href") in addresses] == [
        "https://www.themoscowtimes.com/2023/07/26/russian-anti-war-sociologist-charged-with-justifying-terrorism-a81969",
        "https://freeboris.info/",
    ]


@pytest.mark.parametrize("language", ["ru", "sv"])
def test_its_other_languages_say_all_that_it_says(example: PetitionFile, language: str) -> None:
    (other,) = (one for one in example.translations if one["language"] == language)
    translated = {*other["words"]}
    assert translated >= {link["title"] for link in example.links}
    assert translated >= {donation["note"] for donation in example.donations if donation.get("note")}
    choice = {"ru": "организаторы", "sv": "arrangörerna"}[language]
    assert f"bara {choice}" in flat(other["privacy"]) or f"только {choice}" in flat(other["privacy"])


def test_the_accounts_are_documentation_examples(example: PetitionFile) -> None:
    assert {donation["iban"] for donation in example.donations} == OF_THE_DOCUMENTATION


def account_numbers(text: str) -> Iterator[str]:
    """Yield all that could be an account number, however it is spaced."""
    for start in re.finditer(r"(?=[A-Z]{2}[\s.\-]?\d[\s.\-]?\d)", text.upper()):
        compact = re.sub(r"[\s.\-]", "", text[start.start() : start.start() + 80].upper())
        for length in LENGTHS:
            if compact[:length].isascii() and compact[:length].isalnum():
                yield compact[:length]


def forbidden(text: str, hashes: set[str]) -> bool:
    return any(hashlib.sha256(number.encode()).hexdigest() in hashes for number in account_numbers(text))


def tracked() -> list[Path]:
    """Return the files that git tracks, or would once they are added."""
    listing = [
        "git",
        "-c",
        f"safe.directory={config.ROOT}",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    names = subprocess.run(listing, cwd=config.ROOT, capture_output=True, check=True, text=True).stdout
    return [config.ROOT / name for name in names.split("\0") if name]


def test_no_file_contains_a_real_account_number_of_the_campaign() -> None:
    files = [path for path in tracked() if path.is_file()]
    assert EXAMPLE in files and Path(__file__) in files
    found = [path for path in files if forbidden(path.read_bytes().decode("utf-8", "replace"), OF_THE_CAMPAIGN)]
    assert found == []


@pytest.mark.parametrize(
    "text",
    ["GB82WEST12345698765432", "IBAN: GB82 WEST 1234 5698 7654 32.", "iban gb82 west1234-5698-7654-32 and more",
     "AB12 GB82\u00a0WEST\u00a01234\u00a05698\u00a07654\u00a032EUR", "xGB82WEST\n12345698765432x"],
)  # fmt: skip
def test_the_search_for_account_numbers_ignores_spacing(text: str) -> None:
    assert forbidden(text, {hashlib.sha256(b"GB82WEST12345698765432").hexdigest()})


def test_the_search_reads_the_example_file() -> None:
    hashes = {hashlib.sha256(number.encode()).hexdigest() for number in OF_THE_DOCUMENTATION}
    assert forbidden(EXAMPLE.read_text("utf-8"), hashes)
    assert not forbidden(EXAMPLE.read_text("utf-8"), OF_THE_CAMPAIGN)
