"""Save a petition's header image, or remove it."""

from sqlalchemy import delete

from app.audit.log import record
from app.models import Act, Picture
from app.organisers.access import Who
from app.organisers.acting import acting
from app.petitions.image import ImageSize, image_digest


def keep_picture(petition_id: int, sizes: list[ImageSize], alt: str, organiser_id: int) -> None:
    """Save the petition's image in these sizes, with `alt` as its text alternative.

    Without sizes the image stays, and only `alt` changes.
    """
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, petition):
        petition.image_alt = alt
        if sizes:
            session.execute(delete(Picture).where(Picture.petition_id == petition.id))
            name = image_digest(sizes)
            for size in sizes:
                session.add(
                    Picture(petition_id=petition.id, digest=name, width=size.width, height=size.height, data=size.data)
                )
        record(session, Act.EDITED, petition.id, organiser_id, what="image")


def remove_picture(petition_id: int, organiser_id: int) -> None:
    """Remove the petition's image."""
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, petition):
        session.execute(delete(Picture).where(Picture.petition_id == petition.id))
        if petition.image_alt:
            petition.image_alt = ""
            record(session, Act.EDITED, petition.id, organiser_id, what="image")
