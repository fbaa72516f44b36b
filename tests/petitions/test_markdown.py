"""Markdown: rendered as CommonMark, sanitised (XSS), and without loading anything."""

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.petitions.markdown import to_html
from tests.html_page import HtmlPage

HARMLESS = {
    *("p", "br", "hr", "strong", "em", "s", "blockquote", "ul", "ol", "li", "code", "pre", "a"),
    *("h3", "h4", "h5", "h6"),
    *("div", "table", "thead", "tbody", "tr", "th", "td"),
}
HARMLESS_ATTRIBUTES = {
    "a": {"href", "title", "rel"},
    "ol": {"start"},
    "div": {"class", "tabindex"},
    "th": {"class"},
    "td": {"class"},
}
EVIL = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![pic](https://tracker.example/p.png)",
    "![pic][r]\n\n[r]: https://tracker.example/p.png", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))", "[x](java\tscript:alert(1))", "[x]( javascript:alert(1))", "<javascript:alert(1)>",
    "[x](data:text/html;base64,PHNjcmlwdD4=)", "[x](vbscript:x)", "[x][r]\n\n[r]: javascript:alert(1)",
    '[x](https://example.org "\\" onclick=\\"alert(1)")', '[x](https://example.org/"onmouseover=alert(1))',
    "<a href='javascript:x' onclick='x'>x</a>", "<svg/onload=alert(1)>",
    "<iframe src=//evil.example>", "<style>*{}</style>",
    "```html onload=x\n<script>\n```", "`<script>`", "<!-- --><script>",
    "<details open ontoggle=alert(1)>", "<base href=//e>",
    "[![pic](https://tracker.example/p.png)](https://example.org)",
    "<form action=//evil.example><input>", "<meta http-equiv=x>",
    'https://example.org/"onmouseover=alert(1)', "https://[x](javascript:alert(1))", "http://a'onclick='x",
    "|<script>|\n|-|\n|![p](https://tracker.example/p.png)|", "<img src=x\tonerror=x>\n<b\tc>",
]  # fmt: skip
MARKS = ["# ", "* ", "> ", "1. ", "**", "_", "`", "```", "~~", "[", "](", ")", "<", ">", "&lt;", '"', "'"]
MARKS += ["|", "|a|b|\n|-|-:|\n", "\t", "a\tb\n", "http://", "https://a.example/"]
PIECES = [*EVIL, *MARKS, "\n", "\n\n"]
pieces = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12).map("".join)


def assert_harmless(source: str) -> None:
    for element in HtmlPage(str(to_html(source))).elements:
        assert element.tag in HARMLESS
        assert set(element.attributes) <= HARMLESS_ATTRIBUTES.get(element.tag, set())
        if element.tag == "a":
            # Browsers ignore tabs and line breaks in a URL, so these must not hide a scheme.
            address = "".join((element.get("href") or "").split())
            assert urlsplit(address).scheme in {"", "http", "https", "mailto"}


@settings(max_examples=300)
@given(st.text(max_size=200) | pieces)
@example("")
def test_no_text_makes_a_script_image_or_event_handler(source: str) -> None:
    assert_harmless(source)


@pytest.mark.parametrize("source", EVIL)
def test_known_xss_tricks_are_harmless(source: str) -> None:
    assert_harmless(source)


def test_raw_html_is_shown_as_it_was_typed() -> None:
    assert to_html("<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"


def test_an_image_becomes_a_link() -> None:
    html = to_html("![A full hall](https://pictures.example/hall.jpg)")
    assert "<img" not in html
    assert 'href="https://pictures.example/hall.jpg"' in html and "A full hall" in html
    assert "!" not in html
    assert to_html("![](a)" * 16_000).count("<a ") == 16_000  # as fast as links
    assert str(to_html("[![A hall](https://a.example/hall.jpg)](https://b.example)")).count("<a ") == 1


def test_links_have_noopener_noreferrer_and_nofollow() -> None:
    (link,) = HtmlPage(str(to_html("[Read on](https://example.org/a?b=c&d=e 'A title')"))).all("a")
    assert link.attributes == {
        "href": "https://example.org/a?b=c&d=e",
        "title": "A title",
        "rel": "noopener noreferrer nofollow",
    }
    assert link.text == "Read on"


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("**good**, *cheap*, not ~~dear~~", "<p><strong>good</strong>, <em>cheap</em>, not <s>dear</s></p>"),
        ("# Why\n\n## How\n\n##### When", "<h3>Why</h3>\n<h4>How</h4>\n<h6>When</h6>"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("3. three\n4. four", '<ol start="3">\n<li>three</li>\n<li>four</li>\n</ol>'),
        ("> said\n> so", "<blockquote>\n<p>said<br>\nso</p>\n</blockquote>"),
        ("one  \ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>"),
        ("---", "<hr>"),
        ("    4 < 5", "<pre><code>4 &lt; 5\n</code></pre>"),
        ("Kagarlitsky's \"case\" -- Борис, שלום", "<p>Kagarlitsky's \"case\" -- Борис, שלום</p>"),
        ("5 < 6 & 7 > 6", "<p>5 &lt; 6 &amp; 7 &gt; 6</p>"),
        ("", ""),
    ],
)  # fmt: skip
def test_markdown_is_rendered_as_expected(source: str, html: str) -> None:
    assert to_html(source).strip() == html


def test_deep_nesting_is_not_an_error() -> None:
    assert_harmless("> " * 5_000 + "deep")
    assert_harmless("[" * 5_000 + "deep" + "]" * 5_000)
    assert_harmless("*" * 5_001 + "deep" + "*" * 5_000)


def test_the_highest_heading_gets_the_level_below_the_pages() -> None:
    for source in ("# One\n\n## Two", "## One\n\n### Two", "#### One\n\n##### Two"):
        assert to_html(source) == "<h3>One</h3>\n<h4>Two</h4>\n"
