"""What tests of news can ask for: signers who agreed, and news that is written and asked to be sent."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app import clock
from app.db import db, transaction
from app.models import Membership, News, NewsState, NoticeKind, Occasion, OutboxRow, Petition, Role
from app.updates import send, write
from app.updates.write import Written
from tests.factories import SLUG, change_signers, make_signature
from tests.organisers.people import OWNER, make_organiser
from tests.publishing.conftest import desk, seat

__all__ = ["desk", "seat"]

OTHER = "other@example.org"
ENGLISH = Written("We were heard", "The council **listened**.\n\nSee https://example.org/minutes for more.")
Make = Callable[..., int]


@pytest.fixture
def make_news(app: Flask, petition: str) -> Make:
    """Return a function that writes news and has it begin to be sent at once; it returns its number."""

    def make(texts: dict[str, Written] | None = None, *, slug: str = SLUG, is_sent: bool = True) -> int:
        owner = make_organiser(app, OWNER, Role.OWNER, slug)
        other = make_organiser(app, OTHER, Role.OWNER, slug)
        want_no_notices(app)
        with app.app_context():
            petition_id = db.session.scalars(select(Petition.id).where(Petition.slug == slug)).one()
            number = write.begin_news(petition_id, owner)
            write.save_news(petition_id, owner, number, 0, texts or {"en": ENGLISH}, is_outcome=False)
            if is_sent:
                assert send.ask_to_send(petition_id, owner, number, 1)
                assert send.consent(petition_id, other, number, 1)
        forget_what_owners_are_told(app)
        return number

    return make


def want_no_notices(app: Flask) -> None:
    """Have organisers be told nothing else, so that only news leaves."""
    with app.app_context(), transaction() as session:
        session.execute(update(Membership).values(notices=dict.fromkeys(NoticeKind, False)))


def forget_what_owners_are_told(app: Flask) -> None:
    """Take off the e-mails to organisers that wait, so that only news leaves."""
    with app.app_context(), transaction() as session:
        session.execute(delete(OutboxRow).where(OutboxRow.occasion == Occasion.ORGANISER))


def agree(app: Flask, *addresses: str, slug: str = SLUG) -> list[bytes]:
    """Add verified signers who agreed to updates; return their public ids."""
    ids = [make_signature(app, slug, email=address) for address in addresses]
    change_signers(app, updates=True)
    return ids


def stored(app: Flask, number: int = 1) -> News:
    with app.app_context():
        return db.session.scalars(select(News).where(News.number == number)).one()


def set_state(app: Flask, state: NewsState, **columns: object) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(News).values(state=state, **columns))


def later(app: Flask, **columns: object) -> None:
    """Let what was asked to be sent be due."""
    with app.app_context(), transaction() as session:
        session.execute(update(News).values(due_at=clock.now(), **columns))
