"""The data of the printed list's pages for the template `delivery.typ`: values and fixed words."""

import re
import unicodedata
from base64 import b64encode
from datetime import date, datetime
from functools import lru_cache

from flask_babel import format_date, format_datetime, format_decimal, ngettext
from flask_babel import gettext as _

from app.export.pdf_content import CoverPicture, PdfContent, PdfRow, SignedText
from app.typesetting import fonts, serif
from app.web import countries
from app.web.language import current_locale, display_name

MAX_WORD_LENGTH = 20  # characters that fit into the column of names even if all are as wide as W
MAX_UNBROKEN_LINES = 12
MAX_NAMED = 20  # characters that a row says it lacks; those of the name are named first


class PageRenderer:
    """Prepares values for the typesetter, counts the characters that no font has, and gathers the fonts it needs."""

    def __init__(self) -> None:
        self.missing = 0
        self.others: set[str] = set()

    def write(self, text: str, max_word_length: int = MAX_WORD_LENGTH) -> str:
        """Return `text` as it can be drawn, with break opportunities in each word longer than `max_word_length`."""
        drawable = fonts.replace_undrawable(text)
        drawn = drawable.text
        self.missing += len(drawable.missing)
        self.others |= drawable.others
        if len(drawn) > max_word_length and max(map(len, drawn.split()), default=0) > max_word_length:
            return "".join(fonts.break_word(part, max_word_length) for part in re.split(r"(\s+)", drawn))
        return drawn

    def row(self, row: PdfRow) -> list[object]:
        """Return one line: number, name, affiliation, country, day, comment, whether it may break, Han shapes, lack."""
        comment = re.sub(r"\s*\n\s*", "\n", row.comment)
        missing_before = self.missing
        return [
            format_decimal(row.number),
            self.write(row.name),
            self.write(row.affiliation),
            _country(row.country, str(current_locale())),
            _day(row.verified_at.date(), str(current_locale())) if isinstance(row.verified_at, datetime) else "",
            self.write(comment),
            comment.count("\n") >= MAX_UNBROKEN_LINES,
            fonts.han_shapes(row.language),
            _lacking(row.name + row.affiliation + comment) if self.missing > missing_before else "",
        ]

    def fonts_for(self, language: str) -> dict[str, object]:
        """Return the fonts of the pages. Call this last: it knows what all that was written needs."""
        shapes = (shapes for shapes in fonts.HAN_SHAPES if shapes != "SC")
        return {
            "families": fonts.families(language, self.others),
            "serif": serif.headings(fonts.families(language, self.others)),
            "han": {one: fonts.families_with(one, self.others) for one in shapes},
        }

    def cover(self, delivery: PdfContent, volume: str, numbers: str) -> dict[str, object]:
        """Return the title page. Call this once all else is written: it says how many characters could not be drawn."""
        facts = [
            [_("Started by"), self.write(delivery.started_by)],
            [_("Addressed to"), self.write(delivery.addressed_to)],
            [_("Contact"), self.write(delivery.contact)],
            [_("Verified signatures"), format_decimal(delivery.count)],
            [_("As of"), _moment(delivery.made_at)],
            [_("This volume"), f"{volume}\n{numbers}" if numbers else volume],
        ]
        return {
            "kind": _("Petition, with the list of those who signed it"),
            "picture": _picture(delivery.picture) if delivery.picture else None,
            "facts": [fact for fact in facts if fact[1]],
            "signed": _("The texts that were signed, and the SHA-256 of each"),
            "texts": [[language_and_version(text), text.sha256()] for text in delivery.texts],
            "warning": "" if delivery.for_addressee else _for_organisers(),
            "note": _confirmed(for_addressee=delivery.for_addressee),
            "received": [_("Received by"), _("Date and signature")] if delivery.for_addressee else [],
            "missing": self.missing
            and ngettext(
                "%(num)s character in this volume could not be drawn and is shown as %(sign)s.",
                "%(num)s characters in this volume could not be drawn and are shown as %(sign)s.",
                self.missing,
                sign=fonts.REPLACEMENT,
            ),
        }


def frame(delivery: PdfContent, pen: PageRenderer, volume: str) -> dict[str, object]:
    """Return what all pages have: header, footer, column names."""
    return {
        "title": pen.write(delivery.title),
        "volume": volume,
        "page_of": _("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
        "list_name": _("Signatures"),
        "columns": [_("No."), _("Name"), _("Country"), _("Date")],
        "withheld": _("name withheld"),
        "appendix_name": _("Appendix: the texts as they were written"),
        "as_written": _(
            "The text stands here as it was written, with its Markdown signs: its SHA-256 is made of these."
        ),
        "rtl": current_locale().text_direction == "rtl",
        **typst_language(str(current_locale()).replace("_", "-")),
    }


def totals(delivery: PdfContent) -> dict[str, object] | None:
    """Return the signatures by country, most first; None where the form asks for no country.

    Those whose names are withheld are counted apart: with their countries, the only one of a country could be told.
    """
    places = [(code, number) for code, number in delivery.countries.items() if number]
    if not any(code for code, _number in places):
        return None
    named = sorted(places, key=lambda place: (-place[1], place[0]))
    lines = [(countries.country_name(code) or _("No country given"), number) for code, number in named]
    if delivery.withheld:
        lines.append((_("Names withheld"), delivery.withheld))
    return {"heading": _("Signatures by country"), "lines": [[name, format_decimal(number)] for name, number in lines]}


def _picture(picture: CoverPicture) -> dict[str, object]:
    """Return the header image inside an SVG image, as that is text and goes to the typesetter with all the rest."""
    size = f'width="{picture.width}" height="{picture.height}"'
    data = b64encode(picture.data).decode()
    link = f'<image {size} href="data:image/jpeg;base64,{data}"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{link}</svg>'
    return {"svg": svg, "alt": picture.alt, "ratio": picture.width / picture.height}


def _lacking(written: str) -> str:
    """Say which characters of a row could not be drawn, so that readers can look them up."""
    different = list(dict.fromkeys(fonts.replace_undrawable(written).missing))
    named = [f"U+{ord(one):04X} {unicodedata.name(one, '')}".rstrip() for one in different[:MAX_NAMED]]
    more = ["…"] if len(different) > MAX_NAMED else []
    return str(_("Shown as %(sign)s: %(characters)s", sign=fonts.REPLACEMENT, characters=", ".join([*named, *more])))


def _for_organisers() -> str:
    return str(
        _(
            "This list is for the organisers, and is not to be handed over: it also names signers who asked to be seen "
            "by the organisers alone."
        )
    )


def _confirmed(*, for_addressee: bool) -> str:
    words = _("Each signature was confirmed by its signer from an e-mail address of their own.")
    unnamed = _("“Name withheld” stands for a signer who asked not to be named.")
    return f"{words} {unnamed}" if for_addressee else str(words)


def language_and_version(text: SignedText) -> str:
    """Return a text's language and version in words."""
    return str(_("%(language)s, version %(version)s", language=display_name(text.language), version=text.version))


def typst_language(language: str) -> dict[str, str | None]:
    """Return language and region as Typst expects them; for a template's data."""
    first, *rest = language.split("-")
    return {"lang": first.lower(), "region": next((part.upper() for part in rest if len(part) == 2), None)}


def _moment(moment: datetime) -> str:
    return f"{format_date(moment, 'long')}, {format_datetime(moment, 'HH:mm', rebase=False)} UTC"


@lru_cache(maxsize=4096)
def _day(day: date, locale: str) -> str:
    return str(format_date(day, "medium"))


@lru_cache(maxsize=4096)
def _country(code: str, locale: str) -> str:
    return countries.country_name(code)
