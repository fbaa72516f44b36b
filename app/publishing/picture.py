"""Save a petition's header image, or remove it."""

from sqlalchemy import delete

from app.audit.log import record
from app.db import transaction
from app.models import Act, Picture
from app.petition_files.saving import lock_petition_by_slug
from app.petitions.image import ImageSize, image_digest


def keep_picture(slug: str, sizes: list[ImageSize], alt: str, organiser_id: int) -> None:
    """Save the petition's image in these sizes, with `alt` as its text alternative.

    Without sizes the image stays, and only `alt` changes.
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
        record(session, Act.EDITED, petition.id, organiser_id, what="image")


def remove_picture(slug: str, organiser_id: int) -> None:
    """Remove the petition's image."""
    with transaction() as session:
        petition = lock_petition_by_slug(session, slug)
        assert petition is not None
        session.execute(delete(Picture).where(Picture.petition_id == petition.id))
        if petition.image_alt:
            petition.image_alt = ""
            record(session, Act.EDITED, petition.id, organiser_id, what="image")
