"""Whatever organisers and signers write, the petition's page runs no script and loads nothing (XSS)."""

import json
import re
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient

from tests.factories import SLUG, make_petition
from tests.html_page import Element, HtmlPage
from tests.petitions.stored import public_signer

LOADING = {"src", "srcset", "poster", "data", "background", "action", "formaction", "ping", "style"}
ACTIVE = {"script", "img", "iframe", "object", "embed", "video", "audio", "style", "base", "picture", "source", "frame"}
OUR_OWN = {f"/static/js/{name}.js" for name in ("proof", "copy-iban", "count")}
TRICKS = [
    "<script>alert(1)</script>",
    "<img src=https://tracker.example/p.png onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "</bdi></li></section><script>alert(1)</script>",
    "{{ config }}{% raw %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "</title><script>alert(1)</script>",
    "<!--",
    "javascript:alert(1)",
]


def is_our_own(**attributes: str) -> bool:
    """Tell whether a script with these attributes is one of ours."""
    return attributes.keys() == {"type", "src"} and attributes["src"].partition("?v=")[0] in OUR_OWN


def is_data(element: Element) -> bool:
    """Tell whether a script is a block of data for search engines, which nothing runs, and which ends where it ends."""
    is_data_block = (element.tag, element.attributes) == ("script", {"type": "application/ld+json"})
    return is_data_block and "<" not in element.text and json.loads(element.text)["@context"] == "https://schema.org"


def assert_harmless(html: str) -> None:
    for element in HtmlPage(html).elements:
        if (element.tag, element.text) == ("script", "") and is_our_own(**element.attributes):
            continue
        if is_data(element):
            continue
        assert element.tag not in ACTIVE
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            assert name not in LOADING or (name == "action" and re.match("/(petitions/|$)", value))
            if name == "href":
                assert urlsplit(value).scheme in {"", "http", "https", "mailto"}
        if element.tag == "link" and element.get("rel") not in {"canonical", "alternate"}:  # which load nothing
            assert (element.get("href") or "").startswith("/static/")


def test_signers_text_is_shown_as_typed(app: Flask, client: FlaskClient, petition: str) -> None:
    for trick in TRICKS:
        public_signer(app, trick, affiliation=trick, comment=trick)
    html = client.get(f"/petitions/{petition}").text
    assert_harmless(html)
    assert_harmless(client.get(f"/petitions/{petition}/signatures").text)
    page = HtmlPage(html)
    (names,) = page.all("section", **{"aria-labelledby": "names"})
    shown = [one.text for one in page.all("bdi") if any(each is names for each in one.inside)]
    assert shown == [trick for trick in reversed(TRICKS) for _ in ("name", "affiliation")]
    assert [one.text for one in page.all("div", **{"class": "comment"})] == TRICKS[::-1]


def test_organisers_text_is_shown_as_typed(app: Flask, client: FlaskClient) -> None:
    for number, trick in enumerate(TRICKS):
        said = f"'''{trick}'''" if not trick.endswith("'") else f'"""{trick}"""'
        tables = "\n".join(
            [
                *("[[initiators]]", f"name = {said}", f"affiliation = {said}"),
                *("[[donations]]", f"recipient = {said}", f"bank = {said}", f"note = {said}"),
                *('iban = "DE89370400440532013000"', "[[links]]", f"title = {said}", f"source = {said}"),
                *("[elsewhere]", "count = 1", f"source = {said}"),
            ]
        )
        front = dict.fromkeys(("title", "started_by", "statement", "addressed_to", "contact", "privacy"), said)
        slug = make_petition(app, trick, tables, slug=f'"trick-{number}"', **front)
        for path in (f"/petitions/{slug}", f"/petitions/{slug}/sign", "/"):
            assert_harmless(client.get(path).text)
        page = HtmlPage(client.get(f"/petitions/{slug}").text)
        assert page.all("h1")[0].text == trick
        assert [one.text for one in page.all("bdi")].count(trick) >= 9


def test_pictures_in_markdown_load_nothing(app: Flask, client: FlaskClient) -> None:
    make_petition(
        app,
        "![A pixel](https://tracker.example/p.png)\n\n<img src='https://tracker.example/q.png'>\n\n[![x](//t.example/r)](/)",
        privacy='"![Another](https://tracker.example/s.png)"',
    )
    answer = client.get(f"/petitions/{SLUG}")
    assert_harmless(answer.text)
    assert "A pixel" in answer.text
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[kind] for kind in ("img-src", "style-src", "script-src", "connect-src")} == {"'self'"}


def test_links_to_other_sites_send_no_referrer(app: Flask, client: FlaskClient) -> None:
    make_petition(
        app,
        "[Read](https://times.example/a)",
        '[[links]]\ntitle = "Read"\nurl = "https://times.example/b"\n'
        '[elsewhere]\ncount = 1\nsource = "Paper"\nurl = "https://times.example/c"',
    )
    page = HtmlPage(client.get(f"/petitions/{SLUG}").text)
    outward = [link for link in page.all("a") if (link.get("href") or "").startswith("https://times.example/")]
    assert sorted(str(link.get("href"))[-1] for link in outward) == ["a", "b", "c"]
    for link in outward:
        assert {"noopener", "noreferrer"} <= set((link.get("rel") or "").split())
