"""Markdown of organisers as sanitised HTML, which runs no script and loads nothing."""

from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

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
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}

_parser = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("strikethrough")


@lru_cache(maxsize=256)
def to_html(source: str, top_heading: int = TOP_HEADING) -> Markup:
    """Return CommonMark `source` as sanitised HTML. Images become links with their alternative text; raw HTML is text.

    Its highest headings become level `top_heading` of the page.
    """
    tokens = _parser.parse(source)
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + top_heading)}"
    for token in tokens:
        _mark_pictures_in_links(token.children or ())
    html = _parser.renderer.render(tokens, _parser.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # noqa: S704 - sanitised by nh3


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
