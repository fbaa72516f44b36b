"""What tests of notices can ask for: counts, trouble, and what organisers were told."""

import re
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select, update

from app.db import db, transaction
from app.ledger import ledger
from app.models import HourlyNumbers, Petition, Tally
from app.notices.tell import tell_organisers
from tests.factories import SLUG
from tests.organisers.people import letters_to_organisers

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def petition_id(app: Flask, slug: str = SLUG) -> int:
    with app.app_context():
        return db.session.scalars(select(Petition.id).where(Petition.slug == slug)).one()


def count_is(app: Flask, verified: int, *, goal: int | None = None) -> None:
    """Let the petition's count be this, as if so many had confirmed."""
    with app.app_context():
        ledger.fold_all()
        with transaction() as session:
            session.execute(update(Tally).values(base=verified))
            session.execute(update(Petition).values(goal=goal))


def declined_is(app: Flask, shown: int, at: datetime) -> None:
    """Let viewers see this number of mailboxes that declined."""
    with app.app_context(), transaction() as session:
        numbers = dict.fromkeys(("pending", "sent", "waiting", "failed"), 0)
        about = {"petition_id": petition_id(app), "at": at, "moved_at": {}, "shares": {}}
        session.merge(HourlyNumbers(declined=shown, **about, **numbers))


def tell(app: Flask, now: datetime | None = None) -> int:
    with app.app_context():
        return tell_organisers(now)


def subjects(app: Flask) -> list[str]:
    """Return to whom e-mails wait and what they are about, without what they say of the petition."""
    heads = [re.match(r"To: (\S+)\nSubject: ([^:\n]+)", letter) for letter in letters_to_organisers(app)]
    return [f"{head[1].split('@')[0]}: {head[2]}" for head in heads if head]
