"""Badge and counter for other sites: as HTML to copy, and by oEmbed 1.0 (oembed.com)."""

from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.petitions import page
from app.petitions.page import Edition
from app.petitions.wording import said
from app.sharing import draw
from app.sharing.links import edition_url, may_be_shared
from app.web import language

SIZE = (400, 280)
MIN_WIDTH, MIN_HEIGHT = 200, 120  # a smaller frame scrolls
CACHE_AGE_SECONDS = 3600  # the frame loads the count itself, so the answer may be old

# The other site's policy may forbid these styles; the frame then has a border and a fixed width.
_BADGE = Markup('<a href="{to}"><img src="{image}" alt="{alt}" height="30"></a>')
_FRAME = Markup(
    '<iframe src="{source}" title="{title}" width="{width}" height="{height}"'
    ' loading="lazy" style="border: 0; max-width: 100%"></iframe>'
)


def badge(edition: Edition) -> Markup:
    """Return the badge as HTML: an image that links to the petition."""
    alt = _("Verified signatures: %(title)s", title=edition.text.title)
    return _BADGE.format(to=edition_url(edition), image=edition_url(edition, "sharing.badge"), alt=alt)


def counter(edition: Edition, width: int = SIZE[0], height: int = SIZE[1]) -> Markup:
    """Return the counter as HTML: a frame with title, count and a link to sign."""
    title = _("Verified signatures: %(title)s", title=edition.text.title)
    return _FRAME.format(source=edition_url(edition, "sharing.embed"), title=title, width=width, height=height)


def oembed_answer(url: str, max_width: int | None, max_height: int | None) -> dict[str, object] | None:
    """Return oEmbed's answer for a petition's address, in a frame within these limits; None for other addresses."""
    edition = _edition_at(url)
    if edition is None:
        return None
    language.set_language(edition.language)
    width = max(MIN_WIDTH, min(SIZE[0], max_width or SIZE[0]))
    height = max(MIN_HEIGHT, min(SIZE[1], max_height or SIZE[1]))
    answer: dict[str, object] = {
        "version": "1.0",
        "type": "rich",
        "title": edition.text.title,
        "author_name": said(edition.petition, edition.text.language, edition.petition.started_by).text,
        "provider_name": current_app.config["SITE_NAME"],
        "provider_url": current_app.config["BASE_URL"],
        "cache_age": CACHE_AGE_SECONDS,
        "html": str(counter(edition, width, height)),
        "width": width,
        "height": height,
    }
    wide, high = draw.CARD_SIZE
    if wide <= (max_width or wide) and high <= (max_height or high):
        image = edition_url(edition, "sharing.card")
        answer |= {"thumbnail_url": image, "thumbnail_width": wide, "thumbnail_height": high}
    return answer


def _edition_at(url: str) -> Edition | None:
    try:
        parts = urlsplit(url)
    except ValueError:  # such as an unfinished IPv6 address
        return None
    if f"{parts.scheme}://{parts.netloc.lower()}" != current_app.config["BASE_URL"]:
        return None
    try:
        endpoint, values = current_app.url_map.bind("localhost").match(parts.path, "GET")
    except (HTTPException, RequestRedirect):
        return None
    edition = page.find_edition(values["slug"], values.get("lang")) if endpoint == "pages.petition" else None
    return edition if edition and may_be_shared(edition) else None
