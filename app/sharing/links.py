"""Where a petition can be passed on, and by which address: plain links, and nothing is loaded from anybody."""

from dataclasses import dataclass
from urllib.parse import quote

from babel import Locale
from babel.core import get_global
from flask import current_app
from flask_babel import gettext as _

from app.petitions.page import Edition
from app.web.absolute_url import absolute_url
from app.web.template_filters import petition_address


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A link by which a petition is passed on, and the name of where it leads."""

    name: str
    href: str


def may_be_shared(edition: Edition) -> bool:
    """Tell whether anything of the petition is offered for sharing: nothing of a discreet one or of a draft is."""
    return edition.petition.opened_at is not None and not edition.petition.discreet


def edition_url(edition: Edition, endpoint: str = "pages.petition") -> str:
    """Return the full address of the petition's page, or another one of it, in the language that is being read."""
    base_url: str = current_app.config["BASE_URL"]
    return base_url + petition_address(edition.petition, edition.language, endpoint)


def oembed_url(edition: Edition) -> str:
    """Return the full address at which programs ask how to embed the petition."""
    return absolute_url("sharing.oembed", url=edition_url(edition), format="json")


def share_text(edition: Edition) -> str:
    """Return what is said with the link; once signing has ended it asks nobody to sign."""
    title = edition.text.title
    return str(_("Please read and sign: %(title)s", title=title)) if edition.is_open() else title


def open_graph_locale(tag: str) -> str:
    """Return a language as Open Graph writes it: with the territory where most of its speakers are, as in `sv_SE`."""
    locale = Locale.parse(tag, sep="-")
    likely = Locale.parse(get_global("likely_subtags").get(str(locale), str(locale)))
    territory = locale.territory or likely.territory
    return f"{locale.language}_{territory}" if territory else locale.language


def share_links(edition: Edition) -> list[ShareLink]:
    """Return the links by which the petition is passed on, in the language in use.

    - E-mail: RFC 6068.
    - Mastodon: the project's own page, on which people choose their server. It has all after `#`, which browsers send
      to nobody; https://<server>/share would need us to ask for the server, and others' pages read along.
    - Signal has no link of its own: its apps open none that carries a text (signalRoutes.ts lists what they open), and
      `sgnl://send` leads to an error. The page says to paste the address there.
    """
    address, text = edition_url(edition), share_text(edition)
    both, letter = _quoted(f"{text}\n{address}"), _quoted(f"{text}\r\n\r\n{address}\r\n")
    return [
        ShareLink(_("E-mail"), f"mailto:?subject={_quoted(edition.text.title)}&body={letter}"),
        ShareLink("Mastodon", f"https://share.joinmastodon.org/#text={both}"),
        ShareLink("Bluesky", f"https://bsky.app/intent/compose?text={both}"),
        ShareLink("WhatsApp", f"https://wa.me/?text={both}"),
        ShareLink("Telegram", f"https://t.me/share/url?url={_quoted(address)}&text={_quoted(text)}"),
    ]


def _quoted(text: str) -> str:
    return quote(text, safe="")
