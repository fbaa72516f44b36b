"""Reads what a delivery says of its petition: its texts, totals, contact and picture."""

from datetime import datetime

from app.export.pdf_content import CoverPicture, PdfContent, SignedText
from app.export.rows import Choice, count_by_country, texts_signed
from app.models import Petition
from app.petitions.page import find_edition, header_image, image_data

MIN_PICTURE_WIDTH = 960  # pixels on some 17 cm


def read_content(petition: Petition, choice: Choice, row_count: int, at: datetime) -> PdfContent:
    """Return what the delivery of `row_count` rows of `choice`, verified before `at`, says of an opened petition."""
    edition = find_edition(petition.slug)
    assert edition, "a list is only asked for of a petition that was opened"
    shown, withheld = count_by_country(petition.id, choice, before=at)
    return PdfContent(
        title=edition.text.title,
        language=edition.text.language,
        started_by=petition.started_by,
        addressed_to=edition.notice.addressed_to,
        count=row_count,
        made_at=at,
        texts=tuple(
            SignedText(text.language, text.version, text.title, text.statement, text.body)
            for text in texts_signed(petition, choice, before=at)
        ),
        for_addressee=choice.for_addressee,
        contact=petition.contact,
        countries=shown,
        withheld=withheld,
        picture=_cover_picture(petition),
    )


def _cover_picture(petition: Petition) -> CoverPicture | None:
    sizes = header_image(petition)
    if not sizes:
        return None
    digest, width, height = next((size for size in sizes if size[1] >= MIN_PICTURE_WIDTH), sizes[-1])
    data = image_data(petition.slug, digest, width)
    return CoverPicture(width, height, data, petition.image_alt) if data else None
