"""When the last backup was made, for whoever looks whether there are any."""

from app import clock
from app.db import insert, transaction
from app.models import BACKED_UP, JobSuccess


def note_backup() -> None:
    """Note that a backup is whole, now."""
    new = insert(JobSuccess).values(name=BACKED_UP, at=clock.now())
    with transaction() as session:
        session.execute(new.on_conflict_do_update(index_elements=["name"], set_={"at": new.excluded.at}))
