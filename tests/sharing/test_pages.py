"""Share page, poster and counter of a petition; none of them for a discreet one."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock
from app.db import transaction
from app.models import Petition
from tests.factories import SLUG, make_petition, make_signature
from tests.html_page import HtmlPage

PLACES = (
    *("share", "poster", "embed", "card.png", "badge.svg", "qr.svg"),
    *("share/sv", "poster/sv", "embed/sv", "card.sv.png", "badge.sv.svg", "qr.sv.svg"),
)
TITLE = '"Books <b>& \\"more\\"</b>"'


def meta(page: HtmlPage) -> dict[str, str]:
    """Return the `<meta>` properties of a page's head."""
    named = [(one.get("property") or one.get("name") or "", one.get("content") or "") for one in page.all("meta")]
    return {name: content for name, content in named if name.startswith(("og:", "twitter:"))}


def test_a_petitions_head_has_open_graph_properties(app: Flask, client: FlaskClient) -> None:
    make_petition(app, title=TITLE)
    base = app.config["BASE_URL"]
    page = HtmlPage(client.get(f"/petitions/{SLUG}").text)
    assert meta(page) == {
        "og:type": "website",
        "og:site_name": "Countersign",
        "og:title": 'Books <b>& "more"</b>',
        "og:description": "We ask the town to keep the test library open.",
        "og:url": f"{base}/petitions/{SLUG}",
        "og:locale": "en_US",
        "og:image": f"{base}/petitions/{SLUG}/card.png",
        "og:image:type": "image/png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": 'The petition\'s title and its count: Books <b>& "more"</b>',
        "twitter:card": "summary_large_image",
    }
    (oembed,) = page.all("link", type="application/json+oembed")
    answer = client.get((oembed.get("href") or "").removeprefix(base))
    assert answer.json and answer.json["title"] == 'Books <b>& "more"</b>'


def test_another_language_has_its_own_address_and_names_the_others(app: Flask, client: FlaskClient) -> None:
    swedish = '[[translations]]\nlanguage = "sv"\ntitle = "Rädda biblioteket"\nstatement = "Vi ber staden."\n'
    make_petition(app, tables=swedish)
    said = meta(HtmlPage(client.get(f"/petitions/{SLUG}/sv").text))
    assert said["og:title"] == "Rädda biblioteket"
    assert said["og:url"].endswith(f"/petitions/{SLUG}/sv")
    assert said["og:image"].endswith(f"/petitions/{SLUG}/card.sv.png")
    assert (said["og:locale"], said["og:locale:alternate"]) == ("sv_SE", "en_US")


@pytest.mark.parametrize("kind", ["discreet", "draft", "unknown"])
def test_drafts_and_discreet_petitions_cannot_be_shared(app: Flask, client: FlaskClient, kind: str) -> None:
    slug = {"discreet": "quiet", "draft": "draft", "unknown": "unknown"}[kind]
    if kind != "unknown":
        make_petition(app, slug=f'"{slug}"', discreet="true" if kind == "discreet" else "")
    if kind == "draft":
        with app.app_context(), transaction() as session:
            session.execute(update(Petition).where(Petition.slug == slug).values(opened_at=None))
    for path in PLACES:
        answer, nothing = (client.get(f"/petitions/{name}/{path}") for name in (slug, "nothing"))
        assert (answer.status_code, nothing.status_code) == (404, 404), path
        assert answer.text.replace(slug, "nothing") == nothing.text, path
        assert {*answer.headers.keys()} == {*nothing.headers.keys()}
        assert answer.headers["Content-Security-Policy"] == nothing.headers["Content-Security-Policy"]
    address = f"{app.config['BASE_URL']}/petitions"
    asked, nowhere = (client.get("/oembed", query_string={"url": f"{address}/{name}"}) for name in (slug, "nothing"))
    assert (asked.status_code, asked.text.replace(slug, "nothing")) == (404, nowhere.text)


@pytest.mark.parametrize("path", ["", "/sv", "/signed"])
def test_a_discreet_petition_says_nothing_of_sharing(app: Flask, client: FlaskClient, path: str) -> None:
    slug = make_petition(app, slug='"quiet"', discreet="true")
    html = client.get(f"/petitions/{slug}{path}").text
    page = HtmlPage(html)
    assert meta(page) == {}
    assert page.all("link", rel="alternate", type="application/json+oembed") == []
    for word in ("share", "oembed", "card.png", "qr.svg", "badge.svg", "joinmastodon"):
        assert word not in html


def test_only_the_counter_may_be_framed_by_other_sites(client: FlaskClient, petition: str) -> None:
    def ancestors(path: str) -> str:
        return client.get(path).headers["Content-Security-Policy"].rpartition("frame-ancestors ")[2]

    assert ancestors(f"/petitions/{petition}/embed") == ancestors(f"/petitions/{petition}/embed/sv") == "*"
    for path in ("share", "poster", "signed", "sign", "card.png"):
        assert ancestors(f"/petitions/{petition}/{path}") == "'none'"


def test_the_counter_has_title_count_and_a_link_to_sign(app: Flask, client: FlaskClient) -> None:
    make_petition(app, title=TITLE)
    make_signature(app)
    page = HtmlPage(client.get(f"/petitions/{SLUG}/embed").text)
    assert page.all("h1")[0].words() == 'Books <b>& "more"</b>'
    (around,) = [one for one in page.elements if one.get("data-count")]
    assert around.get("data-count") == f"/petitions/{SLUG}/count.json"
    assert "1 verified signature" in around.words()
    (link,) = page.all("a")
    assert link.get("href") == f"{app.config['BASE_URL']}/petitions/{SLUG}#sign"
    assert (link.get("target"), link.get("rel")) == ("_blank", "noopener")
    assert page.all("form") == []


def test_an_ended_petition_shows_its_count_and_no_link_to_sign(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    make_signature(app)
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(closes_at=clock.now() - timedelta(days=1)))
    counter = HtmlPage(client.get(f"/petitions/{SLUG}/embed").text)
    assert [one.words() for one in counter.all("p", **{"class": "count"})] == ["1 verified signature"]
    assert [link.words() for link in counter.all("a")] == ["Read the petition"]
    assert counter.all("progress") == []
    assert "Read and sign" not in client.get(f"/petitions/{SLUG}/poster").text
    assert client.get(f"/petitions/{SLUG}/badge.svg").status_code == 200
    assert HtmlPage(client.get(f"/petitions/{SLUG}/share").text).by_id("counter-code")


def test_the_html_to_copy_works_unchanged(app: Flask, client: FlaskClient) -> None:
    make_petition(app, title=TITLE)
    place = f"{app.config['BASE_URL']}/petitions/{SLUG}"
    page = HtmlPage(client.get(f"/petitions/{SLUG}/share/sv").text)
    badge = HtmlPage(page.by_id("badge-code").text)
    (link,), (image,) = badge.all("a"), badge.all("img")
    assert (link.get("href"), image.get("src")) == (f"{place}/sv", f"{place}/badge.sv.svg")
    assert image.get("alt") and 'Books <b>& "more"</b>' in (image.get("alt") or "")
    (frame,) = HtmlPage(page.by_id("counter-code").text).all("iframe")
    assert frame.get("src") == f"{place}/embed/sv"
    assert 'Books <b>& "more"</b>' in (frame.get("title") or "")
    assert (frame.get("width"), frame.get("height"), frame.get("loading")) == ("400", "280", "lazy")


def test_the_poster_says_all_that_a_passer_by_needs(app: Flask, client: FlaskClient) -> None:
    make_petition(app, title=TITLE)
    html = client.get(f"/petitions/{SLUG}/poster").text
    page = HtmlPage(html)
    short = f"{app.config['BASE_URL']}/petitions/{SLUG}".partition("://")[2]
    assert page.all("h1")[0].words() == 'Books <b>& "more"</b>'
    for words in (
        "We ask the town to keep the test library open.",
        "The Town Council of Testville",
        "Friends of the Test Library",
    ):
        assert words in html
    assert page.all("p", **{"class": "poster-address"})[0].words() == short
    assert "http" not in page.all("main")[0].text
    strips = [one for one in page.all("div") if "strip" in (one.get("class") or "").split()]
    assert len(strips) == 10 and all(one.words() == f'Books <b>& "more"</b> {short}' for one in strips)
    assert all(any(around.get("aria-hidden") for around in one.inside) for one in strips)
    assert page.all("img", src=f"/petitions/{SLUG}/qr.svg")


def test_the_poster_has_the_count_with_its_day_once_there_is_one_to_show(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_petition(app)
    for number in range(24):
        make_signature(app, email=f"number{number}@example.org")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 24, 9, 30, tzinfo=UTC))
    assert "verified" not in client.get(f"/petitions/{SLUG}/poster").text
    make_signature(app)
    (count,) = HtmlPage(client.get(f"/petitions/{SLUG}/poster").text).all("p", **{"class": "poster-count"})
    assert count.words() == "25 verified signatures As of December 24, 2026"


def test_the_poster_of_an_ended_petition_has_its_count_and_no_strips(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    make_signature(app)
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(closes_at=clock.now() - timedelta(days=1)))
    answer = client.get(f"/petitions/{SLUG}/poster")
    page = HtmlPage(answer.text)
    assert "Signing has ended" in answer.text and "Read and sign" not in answer.text
    assert page.all("p", **{"class": "poster-count"})[0].words().startswith("1 verified signature ")
    assert not page.all("div", **{"class": "strips"})
    assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=1" and answer.headers["ETag"]


def test_the_thanks_page_offers_sharing(client: FlaskClient, petition: str) -> None:
    page = HtmlPage(client.get(f"/petitions/{petition}/signed").text)
    leads = {link.get("href") for link in page.all("a")}
    assert {f"/petitions/{petition}/{name}" for name in ("poster", "qr.svg", "share")} <= leads
