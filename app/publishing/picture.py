"""Save a petition's header image, or remove it."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app import clock
from app.audit.log import record
from app.models import Act, Petition, Picture
from app.organisers.access import Who
from app.organisers.acting import acting
from app.petition_files.tell_owners import tell_owners
from app.petitions.image import ImageSize, image_digest


def keep_picture(petition_id: int, sizes: list[ImageSize], alt: str, organiser_id: int) -> None:
    """Save the petition's image in these sizes, with `alt` as its text alternative.

    Without sizes the image stays, and only `alt` changes.
    """
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, petition):
        now = clock.now()
        is_other = bool(sizes) or petition.image_alt != alt
        petition.image_alt = alt
        if sizes:
            session.execute(delete(Picture).where(Picture.petition_id == petition.id))
            name = image_digest(sizes)
            for size in sizes:
                session.add(
                    Picture(petition_id=petition.id, digest=name, width=size.width, height=size.height, data=size.data)
                )
        if is_other:
            _record(session, petition, organiser_id, now)


def remove_picture(petition_id: int, organiser_id: int) -> None:
    """Remove the petition's image."""
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, petition):
        session.execute(delete(Picture).where(Picture.petition_id == petition.id))
        if petition.image_alt:
            petition.image_alt = ""
            _record(session, petition, organiser_id, clock.now())


def _record(session: Session, petition: Petition, organiser_id: int, now: datetime) -> None:
    """Record that the image is another one since `now`, or gone, and tell the owners of an opened petition."""
    record(session, Act.EDITED, petition.id, organiser_id, what="image")
    if petition.opened_at is not None:
        tell_owners(session, petition, now)
