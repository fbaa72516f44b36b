"""The petition's page: initiators, latest names, signatures from elsewhere, and a closed petition."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock
from app.db import transaction
from app.models import Petition, State, Visibility
from app.petitions.names import LATEST_NAMES
from tests.factories import SLUG, make_petition, make_signature, verified
from tests.html_page import Element, HtmlPage
from tests.petitions.conftest import Import
from tests.petitions.stored import NOON, public_signer

SHAPES = [
    ("Ann Example", "Readers' Union", "SE"),
    ("Анна Примерова", "Союз читателей, член правления", "UA"),
    ("Åse Ødegård-Łukasiewicz", "Centre d’études imaginaires – Plateforme d’exemples", "NO"),
    ("דנה דוגמה", "איגוד הקוראים", "IL"),
    ("Bo Example", "", "FI"),
    ("Chika Example", "", ""),
    ("Dr. Elif Örnek, Ph.D.", 'Professor of Examples; Senior Fellow, Institute of Tests ("Tests & Trials")', ""),
    ("例 示", "読者会", "JP"),
    ("Example Society of Friends of Examples", "Member of " + "the Council of Examples, " * 19 + "Testville", "ZA"),
    ("Jean-Exemple d'Étranger", "Secrétaire Général, ET – Exemples & Tests", "BE"),
]  # fmt: skip


def page_of(client: FlaskClient, slug: str = SLUG) -> HtmlPage:
    answer = client.get(f"/petitions/{slug}")
    assert answer.status_code == 200
    return HtmlPage(answer.text)


def entries(page: HtmlPage, name: str) -> list[Element]:
    """Return the list items of the section whose heading has this id."""
    sections = page.all("section", **{"aria-labelledby": name})
    return [one for one in page.all("li") if any(each is section for section in sections for each in one.inside)]


def isolated(page: HtmlPage, entry: Element) -> list[str]:
    """Return the texts of an item's <bdi> elements."""
    return [one.text for one in page.all("bdi") if any(each is entry for each in one.inside)]


def test_all_43_initiators_are_shown_in_their_order(client: FlaskClient, bring: Import) -> None:
    initiators = [SHAPES[number % len(SHAPES)] for number in range(43)]
    tables = ""
    for number, (name, affiliation, country) in enumerate(initiators, 1):
        tables += f"[[initiators]]\nname = \"{name} {number}\"\naffiliation = '''{affiliation}'''\n"
        tables += f'country = "{country}"\n' if country else ""
    bring(tables=tables)
    page = page_of(client)
    countries = {
        "SE": "Sweden", "UA": "Ukraine", "NO": "Norway", "IL": "Israel", "FI": "Finland", "JP": "Japan", "": "",
        "ZA": "South Africa", "BE": "Belgium",
    }  # fmt: skip
    shown = entries(page, "initiators")
    assert len(shown) == 43
    for number, (entry, (name, affiliation, country)) in enumerate(zip(shown, initiators, strict=True), 1):
        assert isolated(page, entry) == [f"{name} {number}", *([affiliation] if affiliation else [])]
        assert entry.words().endswith(countries[country])
        assert "None" not in entry.words()


def test_the_latest_names_are_the_newest_twelve_newest_first(app: Flask, client: FlaskClient, petition: str) -> None:
    in_no_order = [(number * 5) % 14 for number in range(14)]
    for number in in_no_order:
        public_signer(app, f"Signer number {number}", NOON + timedelta(hours=number))
    page = page_of(client)
    shown = [isolated(page, entry)[0] for entry in entries(page, "names")]
    assert LATEST_NAMES == 12
    assert shown == [f"Signer number {number}" for number in range(13, 1, -1)]


def test_only_verified_public_signers_are_named(app: Flask, client: FlaskClient, petition: str) -> None:
    for state in State:
        for visibility in Visibility:
            name = f"{state} {visibility}"
            make_signature(
                app, state=state, visibility=visibility, name=name, email=f"{state}.{visibility}@example.org"
            )
    answer = client.get(f"/petitions/{petition}")
    page = HtmlPage(answer.text)
    assert [isolated(page, entry)[0] for entry in entries(page, "names")] == ["verified public"]
    for state in State:
        for visibility in Visibility:
            assert (f"{state} {visibility}" in answer.text) == ((state, visibility) == ("verified", "public"))
    assert ".public@example.org" not in answer.text
    assert verified(client) == 3


def test_without_names_there_is_no_heading_for_them(app: Flask, client: FlaskClient, petition: str) -> None:
    make_signature(app, visibility=Visibility.DELIVERY)
    assert "Latest signatures" not in client.get(f"/petitions/{petition}").text
    make_signature(app, email="eve@example.org")
    assert "Latest signatures" in client.get(f"/petitions/{petition}").text


def test_a_name_has_comment_and_day_but_not_the_time(app: Flask, client: FlaskClient, petition: str) -> None:
    public_signer(app, "דנה דוגמה", affiliation="Союз читателей", comment="First line\nsecond line\n\nNext paragraph")
    page = page_of(client)
    (entry,) = entries(page, "names")
    assert isolated(page, entry) == ["דנה דוגמה", "Союз читателей"]
    (day,) = [one for one in page.all("time") if any(each is entry for each in one.inside)]
    assert (day.get("datetime"), day.words()) == ("2026-11-20", "November 20, 2026")
    assert "12:00" not in entry.words()
    (comment,) = page.all("div", **{"class": "comment"})
    assert comment.get("dir") == "auto"
    assert [one.text for one in page.all("p") if one.inside and one.inside[-1] is comment] == [
        "First linesecond line",
        "Next paragraph",
    ]
    assert len([one for one in page.all("br") if any(each is comment for each in one.inside)]) == 1


@pytest.mark.parametrize("url", ["", "https://paper.example/list"])
def test_signatures_from_elsewhere_are_shown_apart_and_never_added(app: Flask, client: FlaskClient, url: str) -> None:
    link = f'url = "{url}"\n' if url else ""
    make_petition(app, tables=f'[elsewhere]\ncount = 21400\nsource = "On paper in Testville"\n{link}')
    make_signature(app)
    page = page_of(client)
    (apart,) = page.all("p", **{"class": "elsewhere"})
    assert apart.words() == "Also 21,400 signatures gathered elsewhere, not counted here: On paper in Testville"
    assert [one.get("href") for one in page.all("a") if one.inside[-1] is apart] == ([url] if url else [])
    assert {one.words() for one in page.all("p", **{"class": "count"})} == {"1 verified signature"}
    assert {(bar.get("value"), bar.get("max")) for bar in page.all("progress")} == {("1", "25")}
    assert verified(client) == 1


def test_without_signatures_from_elsewhere_there_is_no_section(client: FlaskClient, petition: str) -> None:
    assert "elsewhere" not in client.get(f"/petitions/{petition}").text


def test_a_closed_petition_has_no_form_and_says_so(app: Flask, client: FlaskClient, bring: Import) -> None:
    bring()
    make_signature(app)
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(closes_at=clock.now()))
    page = page_of(client)
    assert page.all("form") == page.all("input") == page.all("button") == []
    words = page.all("main")[0].words()
    assert "This petition is closed." in words and "Signing has ended" in words
    assert "Support now" not in words
    assert "1 verified signature" in words and "Ann Example" in words


def test_fields_that_are_off_are_not_in_the_form(app: Flask, client: FlaskClient) -> None:
    make_petition(app, tables='[fields]\naffiliation = "off"\ncountry = "optional"\ncomment = "required"')
    page = page_of(client)
    labels = {label.get("for"): label.words() for label in page.all("label")}
    assert "affiliation" not in labels
    assert labels["country"] == "Country (optional)"
    assert labels["comment"] == "Comment"
    assert page.by_id("comment").get("required") is not None


def test_missing_parts_have_no_heading(client: FlaskClient, petition: str) -> None:
    headings = [one.words() for one in page_of(client).all("h2")]
    assert headings == ["Why this petition matters", "What you sign", "Sign this petition"]


def test_a_translated_petition_links_each_language_to_the_others(app: Flask, client: FlaskClient) -> None:
    swedish = '[[translations]]\nlanguage = "sv"\ntitle = "Rädda biblioteket"\nstatement = "Vi ber."\n'
    arabic = '[[translations]]\nlanguage = "ar"\ntitle = "أنقذوا المكتبة"\nstatement = "نطلب"\n'
    make_petition(app, tables=swedish + arabic)

    def others(path: str) -> dict[str, str]:
        links = HtmlPage(client.get(path).text).all("a")
        return {one.words(): one.get("href") or "" for one in links if one.inside[-1].get("class") == "languages"}

    assert others(f"/petitions/{SLUG}") == {"svenska": f"/petitions/{SLUG}/sv", "العربية": f"/petitions/{SLUG}/ar"}
    assert others(f"/petitions/{SLUG}/sv") == {"English": f"/petitions/{SLUG}", "العربية": f"/petitions/{SLUG}/ar"}
    page = HtmlPage(client.get(f"/petitions/{SLUG}/ar").text)
    assert page.all("h1")[0].get("dir") == "rtl"


def test_a_petition_without_reasons_has_no_heading_for_them(app: Flask, client: FlaskClient) -> None:
    make_petition(app, "")
    assert "Why this petition matters" not in client.get(f"/petitions/{SLUG}").text


@pytest.mark.parametrize(("signed", "shown"), [(0, ["first"]), (1, ["count", "first"]), (25, ["count", "goal"])])
def test_while_few_have_signed_there_is_neither_a_zero_nor_a_bar(
    app: Flask, client: FlaskClient, petition: str, signed: int, shown: list[str]
) -> None:
    for number in range(signed):
        make_signature(app, email=f"ann{number}@example.org")
    head = next(one for one in page_of(client).all("div") if "is-large" in (one.get("class") or ""))
    parts = [one for one in page_of(client).all("p") if one.get("class") in {"count", "first", "goal"}]
    in_view = [
        one.get("class")
        for one in parts
        if head.attributes in [outer.attributes for outer in one.inside]
        and all(outer.get("hidden") is None for outer in (one, *one.inside))
    ]
    assert in_view == shown
