"""Keep a petition's header image, or take it away."""

from sqlalchemy import delete

from app.audit.log import record
from app.db import transaction
from app.models import Act, Picture
from app.petition_files.saving import lock_petition_by_slug
from app.petitions.image import ImageSize, image_digest


def keep_picture(slug: str, sizes: list[ImageSize], alt: str, by: int) -> None:
    """Let the petition show this image, in these widths, and say `alt` to who does not see it.

    Without sizes the image stays, and only what is said of it changes.
    """
    with transaction() as session:
        petition = lock_petition_by_slug(session, slug)
        assert petition is not None
        petition.image_alt = alt
        if sizes:
            session.execute(delete(Picture).where(Picture.petition_id == petition.id))
            name = image_digest(sizes)
            for size in sizes:
                session.add(
                    Picture(petition_id=petition.id, digest=name, width=size.width, height=size.height, data=size.data)
                )
        record(session, Act.EDITED, petition.id, by, what="image")


def remove_picture(slug: str, by: int) -> None:
    """Let the petition show no image."""
    with transaction() as session:
        petition = lock_petition_by_slug(session, slug)
        assert petition is not None
        session.execute(delete(Picture).where(Picture.petition_id == petition.id))
        if petition.image_alt:
            petition.image_alt = ""
            record(session, Act.EDITED, petition.id, by, what="image")
