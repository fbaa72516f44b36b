"""Public pages have their language in the path; private ones take it from `?language=` or the browser."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask, make_response
from flask.testing import FlaskClient

from app.web import headers
from app.web.language import INTERFACE_LANGUAGES
from tests.factories import SLUG, make_petition, make_signature, sign
from tests.html_page import HtmlPage
from tests.mail_server import MailServer, link_in
from tests.organisers.people import signed_in

GERMAN = {"Accept-Language": "de-AT, fr;q=0.5"}
SWEDISH = '[[translations]]\nlanguage = "sv"\ntitle = "Rädda biblioteket"\nstatement = "Vi ber."\n'


def language_of(html: str) -> str | None:
    (root,) = HtmlPage(html).all("html")
    return root.get("lang")


def links(html: str) -> dict[str | None, str | None]:
    """Return the links to the page in other languages, by language."""
    return {link.get("hreflang"): link.get("href") for link in HtmlPage(html).all("a") if link.get("hreflang")}


@pytest.mark.parametrize("path", ["/", f"/petitions/{SLUG}", f"/petitions/{SLUG}/sign", f"/petitions/{SLUG}/changes"])
def test_a_public_page_ignores_the_browsers_language(client: FlaskClient, petition: str, path: str) -> None:
    assert language_of(client.get(path, headers=GERMAN).text) == "en"
    assert client.get(path, headers=GERMAN).data == client.get(path).data


def test_a_cacheable_page_without_a_set_language_is_an_error(own_app: Flask) -> None:
    @own_app.get("/untold")
    def untold() -> object:
        return headers.cacheable(make_response("<p>Hello"))

    assert own_app.test_client().get("/untold").status_code == 500


def test_a_private_page_is_in_the_browsers_language(client: FlaskClient) -> None:
    for path in ("/nowhere", "/confirm/cut-off", "/signature/cut-off", "/organise/login"):
        assert language_of(client.get(path, headers=GERMAN).text) == "de", path
        assert language_of(client.get(path, headers={"Accept-Language": "tlh"}).text) == "en", path


@pytest.mark.parametrize(
    "odd", ["endpoint=x", "_scheme=javascript&_external=1", "_method=POST", "values=1", "q=%C3%A5"]
)
@pytest.mark.parametrize(("path", "there"), [("", "/sv"), ("/my-signature", "/my-signature?{}&language=sv")])
def test_links_to_other_languages_keep_the_query_where_the_page_reads_it(
    client: FlaskClient, petition: str, path: str, there: str, odd: str
) -> None:
    answer = client.get(f"/petitions/{SLUG}{path}?{odd}")
    assert answer.status_code == 200
    assert links(answer.text)["sv"] == f"/petitions/{SLUG}{there.format(odd)}"


@pytest.mark.parametrize("language", sorted(INTERFACE_LANGUAGES))
def test_each_page_links_to_itself_in_every_language(client: FlaskClient, petition: str, language: str) -> None:
    here = f"/petitions/{SLUG}"
    for path in (here, f"{here}/changes", f"{here}/my-signature"):
        there = links(client.get(path).text)[language]
        assert there
        page = client.get(there)
        assert (page.status_code, language_of(page.text)) == (200, language)
        assert links(page.text)["en"] in {path, f"{path}?language=en"}


def test_a_form_keeps_the_language_of_the_query(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    waiting = sign(client).location
    work()
    for path in (waiting, link_in(mail_server.letters[0])):
        page = HtmlPage(client.get(f"{path}?language=ar").text)
        (root,) = page.all("html")
        assert (root.get("lang"), root.get("dir")) == ("ar", "rtl")
        action = page.all("form")[0].get("action")
        assert action
        assert action.endswith("?language=ar")
        refused = client.post(action, data={"code": "no", "name": ""})
        assert refused.status_code == 422
        assert language_of(refused.text) == "ar"
        assert links(refused.text) == {}  # what was typed would be lost


def test_an_unknown_language_changes_nothing(client: FlaskClient, petition: str) -> None:
    for strange in ("xx", "EN", "", "en%00", "../sv"):
        assert language_of(client.get(f"/petitions/{SLUG}/my-signature?language={strange}").text) == "en"
    assert language_of(client.get(f"/petitions/{SLUG}?language=sv").text) == "en"


def test_canonical_and_alternate_links_name_only_translated_pages(app: Flask, client: FlaskClient) -> None:
    make_petition(app, tables=SWEDISH)
    base = f"http://localhost:8000/petitions/{SLUG}"
    for path, canonical in (("", base), ("/sv", f"{base}/sv"), ("/de", base)):
        page = HtmlPage(client.get(f"/petitions/{SLUG}{path}").text)
        by_rel = [(link.get("rel"), link.get("hreflang"), link.get("href")) for link in page.all("link")]
        assert ("canonical", None, canonical) in by_rel
        alternates = {(language, address) for rel, language, address in by_rel if rel == "alternate" and language}
        assert alternates == {("en", base), ("sv", f"{base}/sv"), ("x-default", base)}


def test_pages_after_signing_link_to_the_petition_in_the_signers_language(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    answer = sign(client, language="sv")
    assert f'href="/petitions/{SLUG}/sv#sign"' in client.get(answer.location).text
    signature = make_signature(app, email="other@example.org")
    assert signature
    work()
    letter = mail_server.letters[0]
    client.post(link_in(letter, "not-me"))
    gone = client.get(link_in(letter))
    assert gone.status_code == 403
    assert f'href="/petitions/{SLUG}/sv"' in gone.text


def test_the_unsubscribe_page_can_be_read_in_another_language(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    sign(client)
    work()
    link = urlsplit(mail_server.letters[0]["List-Unsubscribe"].strip("<>")).path
    assert language_of(client.get(link, headers=GERMAN).text) == "de"
    assert language_of(client.get(f"{link}?language=fi", headers=GERMAN).text) == "fi"


def test_organisers_choose_a_language_on_the_login_page_and_later_in_their_account(app: Flask, petition: str) -> None:
    assert set(links(app.test_client().get("/organise/login").text)) == set(INTERFACE_LANGUAGES)
    assert links(signed_in(app).get("/organise").text) == {}
