"""Markdown of organisers as sanitised HTML, which runs no script and loads nothing."""

import re
from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape

from app.petitions.bare_addresses import bare_address
from app.petitions.line_breaks import keep_own_breaks
from app.petitions.tabbed_tables import tabbed_table

TOP_HEADING = 3  # below the page's heading "Why this petition matters"
TAGS = {
    "p",
    "br",
    "hr",
    "strong",
    "em",
    "s",
    "blockquote",
    "ul",
    "ol",
    "li",
    "code",
    "pre",
    "a",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SIDES = {"text-align:center": "is-centred", "text-align:right": "is-right"}  # a column's, as our styles name them

# A wide table is moved by itself, with keys too, so that the page keeps its width on a phone.
WIDE, END_OF_WIDE = '<div class="is-wide" tabindex="0">', "</div>"

_LINK = re.compile(r'<a href="([^"]*)"')
_HAS_SCHEME = re.compile("[a-z][a-z0-9+.-]*:", re.IGNORECASE)

# What to_html works on: line breaks, the signs at which it stops reading plain text, and the numbers of lists (which
# nest on one line), each for up to 50 us; so for each cell of a table. An address as it is takes 100 us, and two signs
# cost more the more there are: each definition of a link ([name]: address) is looked for in the rest of its paragraph,
# and each quotation in the rest of the text.
MARK = re.compile(r"[\n!#$%&*+\-:<=>@\[\\\]^_`{}~]|[0-9][.)](?=\s)")
WEIGHTS = {">": 15, "]:": 50, "://": 1, "\t": 1}
BLANK_LINE = re.compile(r"\n[ \t]*\n")
MAX_WORK = 4_000
MAX_WORD = 10_000  # characters without a space where there is an address: encoding a long one takes quadratic time
MAX_REPEATED = 200_000  # characters: of addresses that are read for each link, or written out for each use

_parser = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable(["strikethrough", "table"])
_parser.inline.ruler.after("text", "bare_address", bare_address)
_parser.block.ruler.before("lheading", "tabbed_table", tabbed_table, {"alt": ["paragraph", "reference"]})


def is_too_complex(source: str) -> bool:
    """Return whether `source` has more markup than to_html does in a moment, whatever it is and however it nests.

    A text of up to 100,000 characters that is not too complex takes less than 0.3 s.
    """
    signs = sum(source.count(sign) * weight for sign, weight in WEIGHTS.items())
    if len(MARK.findall(source)) + signs + _most_cells(source) > MAX_WORK:
        return True
    longest_word = max(map(len, source.split()), default=0)  # an address, or what is taken for one
    addresses = sum(source.count(sign) for sign in ("](", "]:", "<"))
    if longest_word * addresses > MAX_REPEATED or (addresses and longest_word > MAX_WORD):
        return True
    found: dict[str, Any] = {}
    if "]:" in source:
        _parser.parse(source, found)
    definitions = found.get("references", {}).values()
    longest = max((len(one["href"]) + len(one["title"]) for one in definitions), default=0)
    return longest * source.count("[") > MAX_REPEATED


def _most_cells(source: str) -> int:
    """Return how many cells tables drawn with `|` may have: short rows are filled up to the width of the first."""
    blocks = (block.split("\n") for block in BLANK_LINE.split(source) if "|" in block)
    return sum(max(line.count("|") + 1 for line in lines) * len(lines) for lines in blocks)


@lru_cache(maxsize=256)
def to_html(source: str, top_heading: int = TOP_HEADING) -> Markup:
    """Return Markdown `source` as sanitised HTML. Images become links with their alternative text; raw HTML is text.

    CommonMark, and what people paste: tables drawn with `|` or tabs, addresses as they are, line breaks of their own.
    Its highest headings become level `top_heading` of the page.
    """
    tokens = _parser.parse(source)
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + top_heading)}"
    for token in tokens:
        _mark_pictures_in_links(token.children or ())
        if token.type == "inline":
            keep_own_breaks(token)
        elif side := SIDES.get(str(token.attrs.pop("style", ""))):
            token.attrs["class"] = side
    html = _parser.renderer.render(tokens, _parser.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes={cell: set(SIDES.values()) for cell in ("th", "td")},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    clean = clean.replace("<table>", f"{WIDE}<table>").replace("</table>", f"</table>{END_OF_WIDE}")
    return Markup(clean)  # noqa: S704 - sanitised by nh3


def with_whole_addresses(html: Markup, base_url: str) -> Markup:
    """Return what to_html made with links that lead to the same from outside the site: in e-mails and in feeds.

    Links without a scheme lead to this site, and those that name a host to that by HTTPS.
    """
    base = escape(base_url)

    def whole(found: re.Match[str]) -> str:
        address = found[1]
        if _HAS_SCHEME.match(address):
            return found[0]
        return f'<a href="https:{address}"' if address.startswith("//") else f'<a href="{base}/{address.lstrip("/")}"'

    return Markup(_LINK.sub(whole, html))  # noqa: S704 - as sanitised as it was


def _mark_pictures_in_links(tokens: Sequence[Token]) -> None:
    depth = 0
    for token in tokens:
        if token.type.startswith("link_"):
            depth += token.nesting
        elif token.type == "image":
            token.meta["is_in_link"] = depth > 0


def _render_image_as_link(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    picture = tokens[at]
    words = escapeHtml(renderer.renderInlineAsText(picture.children, options, env))
    address = escapeHtml(str(picture.attrs["src"]))
    return words if picture.meta.get("is_in_link") else f'<a href="{address}">{words or address}</a>'


_parser.add_render_rule("image", _render_image_as_link)
