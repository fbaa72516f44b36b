"""Writes the delivery: the list of a petition as PDF volumes."""

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import islice
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _

from app.export.pdf_content import PdfContent, PdfRow
from app.export.pdf_pages import PageRenderer, frame, totals
from app.export.pdf_text import raw_text, set_text
from app.typesetting import fonts, serif
from app.typesetting.typeset import typeset
from app.web.language import current_locale

ROWS_PER_VOLUME = 50_000
ROWS_PER_PART = 2_000  # laid out at once by the typesetter, in about 250 MB
MAX_CHARACTERS_BESIDE_ROWS = 200_000  # of texts; longer ones are laid out without rows, so that memory stays as it is
EMPTY_PART: dict[str, Any] = {
    "cover": None,
    "texts": [],
    "totals": None,
    "begins": False,
    "rows": [],
    "appendix": [],
}


def write_volume(
    delivery: PdfContent, rows: Iterator[PdfRow], volume: int, volumes: int, progress: Callable[[int], None]
) -> bytes:
    """Return volume `volume` of `volumes` as a PDF in the language in use.

    The first one has the signed texts, as people read them before the list, and raw in an appendix after it.

    Takes at most ROWS_PER_VOLUME from `rows` and leaves the rest to the next call. Calls `progress` every few seconds
    with the number of rows done in this volume; whatever it raises stops the typesetter. Raises NotTypeset.
    """
    pen = PageRenderer()
    lines = [pen.row(row) for row in islice(rows, ROWS_PER_VOLUME)]
    name = _("Volume %(volume)s of %(volumes)s", volume=format_decimal(volume), volumes=format_decimal(volumes))
    numbers = _("Numbers %(first)s to %(last)s", first=lines[0][0], last=lines[-1][0]) if lines else ""
    shared = frame(delivery, pen, name)
    pieces = _pieces(delivery, pen, lines, is_first=volume == 1)
    pieces[0]["cover"] = pen.cover(delivery, name, numbers)
    shared |= pen.fonts_for(delivery.language)
    folders = [*fonts.font_folders(others=bool(pen.others)), serif.FOLDER]
    parts = [{**shared, **EMPTY_PART, **piece} for piece in pieces]
    if len(parts) > 1:
        return _join_parts(delivery, parts, folders, progress)
    pdf = typeset(
        {**parts[0], "first_page": 1, "pages": None},
        folders,
        delivery.made_at,
        tagged=True,
        on_heartbeat=lambda: progress(0),
    )
    progress(len(lines))
    return pdf


def _pieces(
    delivery: PdfContent, pen: PageRenderer, lines: list[list[object]], *, is_first: bool
) -> list[dict[str, Any]]:
    """Return what stands on the pages of a volume, in pieces that are laid out one by one; the first has the texts."""
    pieces: list[dict[str, Any]] = [
        {"rows": lines[at : at + ROWS_PER_PART]} for at in range(0, len(lines) or 1, ROWS_PER_PART)
    ]
    if not is_first:
        return pieces
    pieces[0] |= {"totals": totals(delivery), "begins": True}
    if sum(len(text.body) for text in delivery.texts) > MAX_CHARACTERS_BESIDE_ROWS:
        pieces = [{}, *pieces, {}]
    pieces[0]["texts"] = [set_text(text, pen) for text in delivery.texts]
    pieces[-1]["appendix"] = [raw_text(text, pen) for text in delivery.texts]
    return pieces


def _join_parts(
    delivery: PdfContent, parts: list[dict[str, Any]], folders: list[str], progress: Callable[[int], None]
) -> bytes:
    """Return the parts as one document. Each page shows the number of pages, so all parts are laid out twice.

    Parts are not tagged for screen readers: joining would lose the tags.
    """
    from pypdf import PdfReader, PdfWriter  # for long lists alone: it takes every process a tenth of its start
    from pypdf.generic import NameObject, TextStringObject

    passes = 2 * len(parts)
    rows = sum(len(part["rows"]) for part in parts)
    done = 0

    def on_heartbeat() -> None:
        progress(rows * done // passes)

    def lay_out(part: dict[str, Any], first_page: int, pages: int) -> bytes:
        data = {**part, "first_page": first_page, "pages": pages}
        return typeset(data, folders, delivery.made_at, tagged=False, on_heartbeat=on_heartbeat)

    first_pages, pages = [], 0
    for part in parts:
        first_pages.append(pages + 1)
        pages += len(PdfReader(BytesIO(lay_out(part, first_pages[-1], first_pages[-1]))).pages)
        done += 1
        on_heartbeat()
    document = PdfWriter()
    for part, first_page in zip(parts, first_pages, strict=True):
        document.append(BytesIO(lay_out(part, first_page, pages)), import_outline=False)
        done += 1
        on_heartbeat()
    document.metadata = {"/Title": delivery.title, "/CreationDate": f"D:{delivery.made_at:%Y%m%d%H%M%S}Z"}
    document.root_object[NameObject("/Lang")] = TextStringObject(current_locale().language)
    written = BytesIO()
    document.write(written)
    return written.getvalue()
