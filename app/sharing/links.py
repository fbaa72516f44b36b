"""Links for sharing a petition: plain links, nothing is loaded from other sites."""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from babel import Locale
from babel.core import get_global
from flask import current_app
from flask_babel import gettext as _

from app.petitions.news import ShownNews
from app.petitions.page import Edition
from app.web.absolute_url import absolute_url
from app.web.isolate import isolate
from app.web.template_filters import news_address, petition_address


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A link for sharing a petition, and the name of the service."""

    name: str
    href: str


def may_be_shared(edition: Edition) -> bool:
    """Tell whether the petition may be shared: a discreet one or a draft may not."""
    return edition.petition.opened_at is not None and not edition.petition.discreet


def edition_url(edition: Edition, endpoint: str = "pages.petition") -> str:
    """Return the full address of the petition's page, or of its page `endpoint`, in the edition's language."""
    base_url: str = current_app.config["BASE_URL"]
    return base_url + petition_address(edition.petition, edition.language, endpoint)


def short_address(edition: Edition) -> str:
    """Return the petition's address as people type it: without the scheme."""
    return edition_url(edition).partition("://")[2]


def oembed_url(edition: Edition) -> str:
    """Return the full oEmbed address of the petition, for programs that embed it."""
    return absolute_url("sharing.oembed", url=edition_url(edition), format="json")


def share_text(edition: Edition) -> str:
    """Return the text that goes with the link; once signing has ended it asks nobody to sign."""
    title = edition.text.title
    isolated = isolate(title, edition.text.language)
    return str(_("Please read and sign: %(title)s", title=isolated)) if edition.is_open() else title


@lru_cache(maxsize=256)
def open_graph_locale(tag: str) -> str:
    """Return a language as Open Graph writes it, with its most likely territory (CLDR): `sv_SE` for `sv`."""
    locale = Locale.parse(tag, sep="-")
    likely = Locale.parse(get_global("likely_subtags").get(str(locale), str(locale)))
    territory = locale.territory or likely.territory
    return f"{locale.language}_{territory}" if territory else locale.language


def share_links(edition: Edition, news: ShownNews | None = None) -> list[ShareLink]:
    """Return the links for sharing the petition, or a piece of its news, in the language in use.

    - E-mail: RFC 6068.
    - Mastodon: the project's own page, on which people choose their server. Everything is in the fragment after `#`,
      which browsers do not send. https://<server>/share would need us to ask for the server.
    - Facebook and LinkedIn take no words: they show the page's card.
    - Signal has no such link: its apps open none that carries a text (signalRoutes.ts lists what they open), and
      `sgnl://send` leads to an error. The page says to paste the address there.
    """
    title, address, text = edition.text.title, edition_url(edition), share_text(edition)
    if news:
        path = news_address(edition.petition, edition.language, news.number)
        title, address, text = news.title, current_app.config["BASE_URL"] + path, news.title
    post, body = _quoted(f"{text}\n{address}"), _quoted(f"{text}\r\n\r\n{address}\r\n")
    return [
        ShareLink(_("E-mail"), f"mailto:?subject={_quoted(title)}&body={body}"),
        ShareLink("Mastodon", f"https://share.joinmastodon.org/#text={post}"),
        ShareLink("Bluesky", f"https://bsky.app/intent/compose?text={post}"),
        ShareLink("WhatsApp", f"https://wa.me/?text={post}"),
        ShareLink("Telegram", f"https://t.me/share/url?url={_quoted(address)}&text={_quoted(text)}"),
        ShareLink("Facebook", f"https://www.facebook.com/sharer/sharer.php?u={_quoted(address)}"),
        ShareLink("X", f"https://x.com/intent/post?text={_quoted(text)}&url={_quoted(address)}"),
        ShareLink("LinkedIn", f"https://www.linkedin.com/sharing/share-offsite/?url={_quoted(address)}"),
    ]


def _quoted(text: str) -> str:
    return quote(text, safe="")
