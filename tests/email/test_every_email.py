"""What holds of every e-mail that the site sends: plain text first, nothing fetched, 7-bit lines, an answer's way."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask import Flask

from app.email import mime
from app.email.letter import Letter, make_ready
from app.web.language import text_direction
from tests.email.every_email import ABOUT_DISCREET, KINDS, every_email
from tests.html_page import HtmlPage
from tests.mail_server import text_of

# In ASCII, with accents, in another alphabet, and from right to left.
LANGUAGES = ("en", "hu", "uk", "ar")
ONE_LINE = (b"To: ", b"Message-ID: ", b"List-Unsubscribe: ", b"Reply-To: ")
SEEN_BY_PROGRAMS = ("Date", "Message-ID", "MIME-Version", "Content-Language")
STRUCTURE = {"html", "head", "meta", "title", "style", "body", "div"}
WORDING = {
    "p",
    "br",
    "hr",
    "a",
    "b",
    "bdi",
    "strong",
    "em",
    "del",
    "ins",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
}
TAGS_OF_NEWS = {"h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES_OF_NEWS = {"class", "tabindex"}  # of tables on the petition's page
ATTRIBUTES = {"lang", "dir", "style", "href", "rel", "name", "content", "charset"}
LINK = re.compile(r"https?://[^\s)]+")

Sent = dict[str, tuple[Letter, bytes, EmailMessage]]


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sent(app: Flask, language: str) -> Sent:
    """Every e-mail in a language, as it is written, as it travels, and as it is read."""
    found: Sent = {}
    for name, letter in every_email(app, language):
        with app.app_context():
            raw = make_ready(letter).content
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        found[name] = letter, raw, message
    return found


def test_every_kind_is_looked_at(sent: Sent, language: str) -> None:
    assert {name.split()[0] for name in sent} == KINDS
    assert {f"{kind} quiet-{language}" for kind in ABOUT_DISCREET} <= sent.keys()


def test_plain_text_comes_first_and_has_every_link(sent: Sent) -> None:
    for name, (letter, _, message) in sent.items():
        assert message.get_content_type() == "multipart/alternative", name
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"], name
        assert text_of(message).splitlines() == letter.body.splitlines(), name
        shown = {link.get("href") for link in HtmlPage(text_of(message, "html")).all("a")}
        assert shown <= set(LINK.findall(text_of(message))), name


def test_nothing_is_fetched_to_show_it(sent: Sent) -> None:
    for name, (_, _, message) in sent.items():
        html = text_of(message, "html")
        elements = HtmlPage(html).elements
        tags = {one.tag for one in elements}
        attributes = {attribute for one in elements for attribute in one.attributes}
        is_news = name.startswith("news ")
        assert tags <= STRUCTURE | WORDING | (TAGS_OF_NEWS if is_news else set()), name
        assert attributes <= ATTRIBUTES | (ATTRIBUTES_OF_NEWS if is_news else set()), name
        assert not re.search(r"url\(|@import|@font-face", html), name


def test_it_travels_in_short_lines_of_7_bits(sent: Sent) -> None:
    for name, (letter, raw, message) in sent.items():
        assert raw.isascii(), name
        assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r"), name
        long = [line for line in raw.split(b"\r\n") if len(line) > mime.MAX_LINE]
        assert [line for line in long if len(line) > 998 or not line.startswith(ONE_LINE)] == [], name
        assert not message.defects, name
        assert message["Subject"] == letter.subject, name


def test_its_headers_say_what_it_is(sent: Sent, language: str) -> None:
    for name, (_, _, message) in sent.items():
        assert all(message.get_all(header) and len(message.get_all(header)) == 1 for header in SEEN_BY_PROGRAMS), name
        assert message["Content-Language"] == language, name
        assert message["Auto-Submitted"] == "auto-generated", name
        if name.startswith("news "):
            assert message["List-Id"] and message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", name


def test_answers_go_to_the_petition_s_contact_unless_it_is_discreet(app: Flask, sent: Sent) -> None:
    for name, (_, _, message) in sent.items():
        kind, _, slug = name.partition(" ")
        is_told = kind in ABOUT_DISCREET and slug.startswith("open")
        assert message["Reply-To"] == ("library@example.org" if is_told else None), name
        if is_told:
            assert "Test Library Club" in text_of(message), "who answers for the data is named"


def test_its_html_is_read_in_its_own_direction_by_day_and_by_night(sent: Sent, language: str) -> None:
    for name, (_, _, message) in sent.items():
        page = HtmlPage(text_of(message, "html"))
        (root,), (outer, *_) = page.all("html"), page.all("div")
        assert root.get("lang") == outer.get("lang") == language, name
        assert root.get("dir") == outer.get("dir") == text_direction(language), name
        (scheme,) = page.all("meta", name="color-scheme")
        assert scheme.get("content") == "light dark", name
        for one in page.elements:  # a colour of its own, with none behind it, is unreadable in the dark or the light
            style = one.get("style") or ""
            assert bool(re.search(r"(?<![-a-z])color:", style)) == ("background:" in style), f"{name}: {style}"


@pytest.mark.parametrize("language", ["ar"])
def test_an_english_title_in_arabic_keeps_its_direction(sent: Sent) -> None:
    title = "A petition of your own"
    told = {name: message for name, (_, _, message) in sent.items() if title in text_of(message)}
    assert told
    for name, message in told.items():
        for words in (message["Subject"], text_of(message)):
            assert words.count(title) == words.count(f"\u2066{title}\u2069"), name
        assert [one.get("dir") for one in HtmlPage(text_of(message, "html")).all("p") if one.text == title] == ["auto"]


def test_other_answers_go_where_the_settings_say(app: Flask) -> None:
    app.config["MAIL_REPLY_TO"] = "help@example.org"
    found = {name: letter.headers["Reply-To"] for name, letter in every_email(app, "en")}
    assert found["confirm open-en"] == "library@example.org"
    assert found["confirm quiet-en"] == found["invitation open-en"] == "help@example.org"
