"""The start page: search in any script, order, pages, and the reader's language."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from app import clock
from app.db import db, transaction
from app.models import Petition
from app.petitions.listing import PAGE_SIZE
from app.petitions.search import fold_text
from app.web.language import INTERFACE_LANGUAGES
from tests.factories import make_petition, make_signature, sign
from tests.html_page import HtmlPage

pytestmark = pytest.mark.both_databases


def read(client: FlaskClient, path: str = "/") -> HtmlPage:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return HtmlPage(answer.text)


def titles(page: HtmlPage) -> list[str]:
    return [one.words() for one in page.all("h2") if one.inside[-1].get("class") == "card"]


def closed(page: HtmlPage) -> list[str]:
    return [one.words() for one in page.all("li") if one.inside[-1].get("class") == "closed-list"]


def link(page: HtmlPage, words: str) -> str | None:
    return next((one.get("href") for one in page.all("a") if one.words() == words), None)


def add(app: Flask, slug: str, title: str, tables: str = "", **front: str) -> None:
    make_petition(app, tables=tables, slug=f'"{slug}"', title=f'"{title}"', **front)


def in_days(days: int) -> str:
    return (clock.now().date() + timedelta(days=days)).isoformat()


def close(app: Flask, slug: str, days_ago: int) -> None:
    with app.app_context(), transaction() as session:
        at = clock.now() - timedelta(days=days_ago)
        session.execute(update(Petition).where(Petition.slug == slug).values(closes_at=at))


@pytest.mark.parametrize(
    "search",
    [
        "Åse",
        "åse",
        "ÅSE",
        "ase",
        "straße",
        "STRASSE",
        "ŁÓDŹ",
        "lodz",
        "  åse   łódź ",
        "ødegård",
        "odegard",
        "iSTANBUL",
        "İstanbul",
    ],
)
def test_search_ignores_case_and_accents(app: Flask, client: FlaskClient, search: str) -> None:
    add(app, "found", "Für die Straße von Åse Ødegård in Łódź und İstanbul")
    add(app, "another", "Save the test library")
    page = read(client, f"/?q={search}")
    assert titles(page) == ["Für die Straße von Åse Ødegård in Łódź und İstanbul"]
    assert page.by_id("q").get("value") == " ".join(search.split())


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ЖИВОЙ", ["Живой лес"]),
        ("лес тишина", ["Живой лес"]),
        ("лес ruhe", []),
        ("wald", ["Живой лес"]),
        ("%", ["Half_of 100% [all] c:\\*"]),
        ("_", ["Half_of 100% [all] c:\\*"]),
        ("\\", ["Half_of 100% [all] c:\\*"]),
        ("/", []),
        ("100%", ["Half_of 100% [all] c:\\*"]),
        ("f_o", ["Half_of 100% [all] c:\\*"]),
        ("h%f", []),
        ("c:\\*", ["Half_of 100% [all] c:\\*"]),
        ("[all]", ["Half_of 100% [all] c:\\*"]),
        ("\0", []),
        ("الكُتُب", ["Forest"]),
        ("forest nothing", []),
        ("أنقذوا", ["Forest"]),
        ("town", ["Forest"]),
    ],
)
def test_search_reads_titles_and_statements_in_every_language(
    app: Flask, client: FlaskClient, search: str, found: list[str]
) -> None:
    german = '[[translations]]\nlanguage = "de"\ntitle = "Lebendiger Wald"\nstatement = "Wir wollen Ruhe."\n'
    arabic = '[[translations]]\nlanguage = "ar"\ntitle = "أنقذوا المكتبة"\nstatement = "نطلب الكتب"\n'
    add(app, "russian", "Живой лес", german, language='"ru"', statement='"Нам нужна тишина."')
    add(app, "english", "Forest", arabic)
    add(app, "signs", "Half_of 100% [all] c:\\\\*", statement='"Nothing."')
    assert titles(read(client, f"/?q={quote(search)}")) == found


def test_search_reads_current_versions_only(app: Flask, client: FlaskClient) -> None:
    add(app, "changed", "Old words")
    add(app, "changed", "New words")
    assert titles(read(client, "/?q=old")) == []
    assert titles(read(client, "/?q=new")) == ["New words"]


def test_a_search_without_results_links_to_all_petitions(app: Flask, client: FlaskClient, petition: str) -> None:
    page = read(client, "/?q=<b>nowhere</b>")
    words = page.all("main")[0].words()
    assert "No open petition has “<b>nowhere</b>” in its title or statement." in words
    assert link(page, "Show all petitions") == "/"
    assert page.by_id("q").get("value") == "<b>nowhere</b>"
    assert [one.get("content") for one in page.all("meta", name="robots")] == ["noindex"]


def test_petitions_can_be_ordered_by_last_day(app: Flask, client: FlaskClient) -> None:
    for slug, closes_on in (("whenever", ""), ("later", in_days(200)), ("soon", in_days(10)), ("sooner", in_days(2))):
        add(app, slug, slug.title(), closes_on=closes_on)
    add(app, "newest", "Newest")
    assert titles(read(client)) == ["Newest", "Sooner", "Soon", "Later", "Whenever"]
    page = read(client, "/?order=closing")
    assert titles(page) == ["Sooner", "Soon", "Later", "Newest", "Whenever"]
    assert len(page.all("p", **{"class": "closes"})) == 2
    last_day = date.fromisoformat(in_days(2))
    assert f"{last_day:%B} {last_day.day}, {last_day.year}" in page.all("p", **{"class": "closes"})[0].words()
    current = [one.words() for one in page.all("a") if one.get("aria-current") == "true"]
    assert current == ["Closing soonest first"]
    assert titles(read(client, "/?order=x")) == titles(read(client))


def test_pages_of_a_long_list_keep_search_and_order(app: Flask, client: FlaskClient) -> None:
    for number in range(2 * PAGE_SIZE + 3):
        add(app, f"petition-{number}", f"Petition {number}")
    first = read(client, "/sv?q=petition&order=closing")
    older = [one.get("href") for one in first.all("a") if one.get("rel") == "next"]
    assert older == ["/sv?q=petition&order=closing&page=2"]
    second = read(client, older[0] or "")
    third = read(client, "/sv?q=petition&order=closing&page=3")
    shown = [titles(one) for one in (first, second, third)]
    assert [len(one) for one in shown] == [20, 20, 3]
    assert [title for one in shown for title in one] == [f"Petition {number}" for number in range(42, -1, -1)]
    back = [one.get("href") for one in second.all("a") if one.get("rel") == "prev"]
    assert back == ["/sv?q=petition&order=closing"]
    assert not [one for one in third.all("a") if one.get("rel") == "next"]
    for page in ("0", "-1", "x", "4", "²", "9" * 5000, "99999"):
        assert client.get(f"/?page={page}").status_code == 404, page


def test_titles_are_in_the_pages_language_or_marked_with_theirs(app: Flask, client: FlaskClient) -> None:
    swedish = '[[translations]]\nlanguage = "sv"\ntitle = "Rädda biblioteket"\nstatement = "Vi ber."\n'
    add(app, "library", "Save the library", swedish)
    assert not read(client).all("p", **{"class": "in-language is-the-pages"})
    add(app, "tampere", "Pelastakaa kirjasto", language='"fi"')
    page = read(client, "/sv")
    assert page.all("html")[0].get("lang") == "sv"
    assert titles(page) == ["Pelastakaa kirjasto", "Rädda biblioteket"]
    assert [one.words() for one in page.all("p") if (one.get("class") or "").startswith("in-language")] == [
        "finska",
        "svenska",
    ]
    assert [one.words() for one in page.all("p", **{"class": "in-language is-the-pages"})] == ["svenska"]
    links = [one for one in page.all("a") if one.inside[-1].tag == "h2"]
    assert [(one.get("href"), one.get("lang")) for one in links] == [
        ("/petitions/tampere/sv", "fi"),
        ("/petitions/library/sv", "sv"),
    ]


def test_every_language_has_a_start_page_that_links_to_the_others(app: Flask, client: FlaskClient) -> None:
    for site, bare in (("en", "en"), ("sv", "sv")):
        app.config["SITE_LANGUAGE"] = site
        for language in INTERFACE_LANGUAGES:
            page = read(client, "/" if language == bare else f"/{language}")
            assert page.all("html")[0].get("lang") == language
            (canonical,) = page.all("link", rel="canonical")
            assert canonical.get("href") == f"http://localhost:8000/{'' if language == bare else language}"
            others = {one.get("hreflang"): one.get("href") for one in page.all("link", rel="alternate")}
            assert others.keys() == {*INTERFACE_LANGUAGES, "x-default"}
            assert others["x-default"] == others[bare] == "http://localhost:8000/"
            assert [one.get("href") for one in page.all("a", **{"class": "site-name"})] == [
                "/" if language == bare else f"/{language}"
            ]
    for path in ("/xx", "/dev", "/english"):
        assert client.get(path).status_code == 404


def test_recently_closed_petitions_are_listed_with_their_count(app: Flask, client: FlaskClient) -> None:
    for number in range(12):
        add(app, f"petition-{number}", f"Petition {number}")
        close(app, f"petition-{number}", days_ago=number + 1)
    make_signature(app, "petition-0")
    page = read(client)
    assert len(closed(page)) == 10
    assert closed(page)[:2] == ["Petition 0 1 verified signature", "Petition 1 0 verified signatures"]
    assert "There is no open petition at the moment" in page.all("main")[0].words()
    assert closed(read(client, "/?q=petition")) == []
    assert titles(read(client, "/?q=petition")) == []


def test_the_number_of_statements_does_not_grow_with_the_list(app: Flask, client: FlaskClient) -> None:
    add(app, "petition-0", "Petition 0")
    with statements(app) as for_one:
        read(client)
    for number in range(1, PAGE_SIZE):
        add(app, f"petition-{number}", f"Petition {number}")
    for number in (3, 3, 7):
        make_signature(app, f"petition-{number}", email=f"{number}.{clock.now().timestamp()}@example.org")
    with statements(app) as for_many:
        page = read(client)
    counts = [one.words().split()[0] for one in page.all("p", **{"class": "count"})]
    assert counts == [{3: "2", 7: "1"}.get(number, "0") for number in range(PAGE_SIZE - 1, -1, -1)]
    assert len(for_many) == len(for_one) <= 6


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Yield a list that collects the executed statements."""
    asked: list[str] = []
    record = lambda c, cur, statement, *rest: asked.append(statement)  # noqa: E731
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", record)
        yield asked
        event.remove(db.engine, "before_cursor_execute", record)


def test_a_search_compares_in_the_database_and_loads_no_texts(app: Flask, client: FlaskClient, petition: str) -> None:
    with statements(app) as asked:
        assert len(titles(read(client, "/?q=library"))) == 1
    columns = " ".join(one.partition("FROM")[0] for one in asked)
    assert "title" in columns
    assert not [name for name in ("statement", "body", "search_text") if f"petition_text.{name}" in columns]


def test_folding_is_idempotent_and_removes_case_and_accents() -> None:
    assert fold_text("ℌaus ﷺ Ⅷ") == fold_text(fold_text("ℌaus ﷺ Ⅷ"))
    assert fold_text("Žižek’s ÅNGSTRÖM, Straße, Ёлка, İstanbul, ﬁn") == "zizek’s angstrom, strasse, елка, istanbul, fin"


def test_a_petition_that_was_opened_is_listed_and_signed_by_a_clock_that_runs_behind(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_hour_ago = clock.now() - timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: an_hour_ago)
    assert titles(read(client)) == ["Save the test library"]
    assert sign(client).status_code == 303
