"""The operator's name, colour, logo and texts, as pages and e-mails show them."""

import os
from email.utils import parseaddr
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web.headers import POLICY
from tests.factories import SLUG, make_petition, sign
from tests.html_page import HtmlPage
from tests.mail_server import MailServer, link_in

PNG = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Path:
    """The operator's folder, empty."""
    folder = tmp_path / "own"
    folder.mkdir()
    app.config["SITE_DIR"] = folder
    return folder


def footer(page: HtmlPage) -> dict[str, str]:
    return {one.words(): one.get("href") or "" for one in page.all("a") if any(e.tag == "footer" for e in one.inside)}


def test_every_page_has_the_sites_name_and_also_in_its_title(app: Flask, client: FlaskClient, petition: str) -> None:
    app.config["SITE_NAME"] = "Petitions & Co"
    for path in ("/", f"/petitions/{SLUG}", "/nothing", "/organise/login"):
        page = HtmlPage(client.get(path).text)
        assert [one.words() for one in page.all("a", **{"class": "site-name"})] == ["Petitions & Co"]
        assert page.all("title")[0].words().endswith(" · Petitions & Co")
        assert "Countersign" not in page.html


def test_without_branding_there_is_no_style_sheet_logo_or_text(client: FlaskClient, petition: str) -> None:
    paths = ("/site.css", "/site/logo.svg", "/site/logo.png", "/imprint", "/privacy", "/imprint/sv", "/privacy/sv")
    assert {client.get(path).status_code for path in paths} == {404}
    page = client.get("/").text
    assert "/site" not in page and "/imprint" not in page and "/privacy" not in page


def test_every_page_links_the_colour_as_its_last_style_sheet(app: Flask, client: FlaskClient) -> None:
    app.config["SITE_COLOUR"] = "#7a1f5c"
    sheets = [one.get("href") for one in HtmlPage(client.get("/").text).all("link", rel="stylesheet")]
    assert sheets[-1] == "/site.css"
    answer = client.get("/site.css")
    assert answer.mimetype == "text/css"
    assert "--accent: #7a1f5c;" in answer.text
    assert answer.headers["Cache-Control"].startswith("public, max-age=600")
    assert client.get("/site.css", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(("kind", "data", "mimetype"), [("svg", b"<svg/>", "image/svg+xml"), ("png", PNG, "image/png")])
def test_the_operators_logo_replaces_ours(
    client: FlaskClient, folder: Path, kind: str, data: bytes, mimetype: str
) -> None:
    assert 'class="mark"' in client.get("/").text
    (folder / f"logo.{kind}").write_bytes(data)
    page = HtmlPage(client.get("/").text)
    (logo,) = page.all("img", **{"class": "site-logo"})
    assert (logo.get("src"), logo.get("alt")) == (f"/site/logo.{kind}", "")
    assert 'class="mark"' not in page.html
    answer = client.get(f"/site/logo.{kind}")
    assert (answer.data, answer.mimetype) == (data, mimetype)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == POLICY


def test_an_unusable_file_is_a_404(client: FlaskClient, folder: Path) -> None:
    (folder / "logo.png").write_bytes(b"<script>no picture</script>")
    (folder / "logo.svg").write_bytes(b"<svg>" + b" " * 33_000)
    (folder / "imprint.md").write_text(" \n")
    (folder / "privacy.md").write_bytes(b"\xff\xfe")
    (folder / "imprint.sv.md").mkdir()
    (folder / "secret.md").write_text("Not for everyone")
    for path in ("/site/logo.png", "/site/logo.svg", "/imprint", "/imprint/sv", "/privacy", "/site/secret.md"):
        assert client.get(path).status_code == 404, path
    assert footer(HtmlPage(client.get("/").text)).keys() == {"For organisers"}


def test_a_text_is_shown_in_the_readers_language_if_translated(client: FlaskClient, folder: Path) -> None:
    assert client.get("/imprint").status_code == 404
    (folder / "imprint.md").write_text("# Who we are\n\nAnn Example <script>x</script>")
    (folder / "imprint.sv.md").write_text("Utgivare: Ann Example")
    (folder / "privacy.md").write_text("We keep nothing.")
    assert footer(HtmlPage(client.get("/").text)) | {"Imprint": "/imprint", "Privacy": "/privacy"} == footer(
        HtmlPage(client.get("/imprint").text)
    )
    page = HtmlPage(client.get("/imprint").text)
    assert [one.words() for one in page.all("h1")] == ["Imprint"]
    assert [one.words() for one in page.all("h2")] == ["Who we are"]
    assert page.all("script") == []
    swedish = HtmlPage(client.get("/imprint/sv").text)
    assert swedish.all("html")[0].get("lang") == swedish.all("div", **{"class": "prose"})[0].get("lang") == "sv"
    assert "Utgivare" in swedish.html
    assert {"/imprint/sv", "/privacy/sv"} <= set(footer(swedish).values())
    untranslated = HtmlPage(client.get("/privacy/sv").text)
    assert untranslated.all("html")[0].get("lang") == "sv"
    assert untranslated.all("div", **{"class": "prose"})[0].get("lang") == "en"
    assert client.get("/imprint/xx").status_code == 404


def test_what_changes_in_the_folder_shows_at_once(client: FlaskClient, folder: Path) -> None:
    text = folder / "imprint.md"
    text.write_text("Before")
    assert "Before" in client.get("/imprint").text
    text.write_text("After!")
    os.utime(text, ns=(1, 1))  # the file system's clock may be too coarse for two writes in a row
    assert "After!" in client.get("/imprint").text
    text.unlink()
    assert client.get("/imprint").status_code == 404


def test_pages_without_a_language_of_their_own_are_in_the_sites(app: Flask, client: FlaskClient) -> None:
    app.config["SITE_LANGUAGE"] = "sv"
    make_petition(app)
    make_petition(app, slug='"faroese"', language='"fo"', title='"Bjargið bókasavnið"')

    def speaks(path: str) -> str | None:
        return HtmlPage(client.get(path).text).all("html")[0].get("lang")

    spoken = {path: speaks(path) for path in ("/", "/nothing", "/petitions/faroese", f"/petitions/{SLUG}")}
    assert spoken == {"/": "sv", "/nothing": "sv", "/petitions/faroese": "sv", f"/petitions/{SLUG}": "en"}


@pytest.mark.parametrize(
    ("discreet", "sender", "name"),
    [
        ("false", "us@example.org", 'Petitions, "free" ones, för alla'),
        ("true", "us@example.org", ""),
        ("false", "Us <us@example.org>", "Us"),
    ],
)
def test_emails_have_the_sites_name_as_sender_but_not_for_discreet_petitions(
    app: Flask, client: FlaskClient, mail_server: MailServer, discreet: str, sender: str, name: str, work: object
) -> None:
    app.config.update(SITE_NAME='Petitions, "free" ones, för alla', MAIL_DEFAULT_SENDER=sender)
    app.extensions["mail"].default_sender = sender
    make_petition(app, discreet=discreet)
    sign(client)
    work()  # type: ignore[operator]
    (letter,) = mail_server.letters
    assert parseaddr(str(letter["From"])) == (name, "us@example.org")
    if discreet == "true":
        assert "Petitions" not in mail_server.raw[0].decode()
        page = client.get(link_in(letter)).text
        assert "Petitions, " not in page and "site-name" not in page


def test_an_unusable_file_is_logged_once(client: FlaskClient, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "imprint.md").write_text(" ")
    for _ in range(3):
        assert client.get("/").status_code == 200
    assert len([one for one in caplog.records if "imprint.md" in one.getMessage()]) == 1


def test_a_text_in_one_language_only_is_linked_from_pages_in_it(client: FlaskClient, folder: Path) -> None:
    (folder / "imprint.sv.md").write_bytes("\ufeff# Vi".encode())
    assert "/imprint" not in client.get("/").text
    assert 'href="/imprint/sv"' in client.get("/sv").text
    assert "<h2>Vi</h2>" in client.get("/imprint/sv").text
