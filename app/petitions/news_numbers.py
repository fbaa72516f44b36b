"""What became of the e-mails of news: counted in the outbox, and kept with the news when its rows are deleted there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session

from app.db import db, is_one_of
from app.models import News, OutboxProgress, OutboxRow, Returned, ReturnedEmail, Signature, State

KEPT = ("sent", "refused", "silent", "unsubscribed")


@dataclass(frozen=True, slots=True)
class NewsNumbers:
    """How many e-mails of news were sent, refused by mail servers, not needed any more, and still wait.

    `unsubscribed` is how many of those who got one have ended their consent since.
    """

    sent: int = 0
    refused: int = 0
    silent: int = 0
    waiting: int = 0
    unsubscribed: int = 0

    def __add__(self, other: "NewsNumbers") -> "NewsNumbers":
        return NewsNumbers(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Trouble:
    """Of the e-mails of news since some moment: how many left, came back for good, and were complained about."""

    left: int
    bounced: int
    complained: int


def numbers_of(news: Iterable[News]) -> dict[int, NewsNumbers]:
    """Return the numbers of some news, by its ids."""
    kept = {one.id: NewsNumbers(**{name: getattr(one, name) for name in KEPT}) for one in news}
    for news_id, counted in _counted(db.session(), is_one_of(OutboxRow.news_id, [*kept])).items():
        kept[news_id] += counted
    return kept


def keep_numbers(session: Session, rows: ColumnElement[bool]) -> None:
    """Add these rows of the outbox to the numbers of their news, in the transaction that deletes them."""
    for news_id, numbers in sorted(_counted(session, rows & OutboxRow.news_id.is_not(None)).items()):
        more = {name: getattr(News, name) + getattr(numbers, name) for name in KEPT}
        change = update(News).where(News.id == news_id).values(more)
        session.execute(change.execution_options(synchronize_session=False))


def numbers_of_all(petition_id: int) -> NewsNumbers | None:
    """Return the sum of the numbers of all news of a petition; None if none was ever sent."""
    news = db.session.scalars(select(News).where(News.petition_id == petition_id, News.began_at.is_not(None))).all()
    return sum(numbers_of(news).values(), NewsNumbers()) if news else None


def trouble_since(news_id: int, since: datetime) -> Trouble:
    """Return what went wrong with the e-mails of news that ended since this moment.

    A mail server that refuses one for good at once counts like one that sends it back.
    """
    ended = (OutboxRow.news_id == news_id) & (OutboxRow.ended_at >= since)
    refused = (OutboxRow.progress == OutboxProgress.FAILED) & OutboxRow.reply.startswith("5")
    bounced = refused | (ReturnedEmail.kind == Returned.HARD)
    complained = ReturnedEmail.kind == Returned.COMPLAINT
    left = OutboxRow.progress.in_((OutboxProgress.SENT, OutboxProgress.FAILED))
    number = func.count(OutboxRow.id)
    counted = select(number.filter(left), number.filter(bounced), number.filter(complained))
    with_return = counted.outerjoin(ReturnedEmail, ReturnedEmail.public_id == OutboxRow.public_id)
    return Trouble(*db.session.execute(with_return.select_from(OutboxRow).where(ended)).one())


def _counted(session: Session, rows: ColumnElement[bool]) -> dict[int, NewsNumbers]:
    was_erased = Signature.id.is_(None) | (Signature.sealed.is_(None) & (Signature.state != State.WITHDRAWN))
    has_ended_consent = case((Signature.updates | was_erased, 0), else_=1)  # erasing, too, takes consent off
    kind = (OutboxRow.news_id, OutboxRow.progress)
    counted = (
        select(*kind, func.count().label("number"), func.sum(has_ended_consent).label("ended"))
        .outerjoin(Signature, Signature.id == OutboxRow.signature_id)
        .where(rows)
        .group_by(*kind)
    )
    found: dict[int, NewsNumbers] = {}
    for row in session.execute(counted):
        numbers = _numbers(row.progress, row.number, row.ended)
        found[row.news_id] = found.get(row.news_id, NewsNumbers()) + numbers
    return found


def _numbers(progress: OutboxProgress, number: int, ended: int) -> NewsNumbers:
    if progress == OutboxProgress.SENT:
        return NewsNumbers(sent=number, unsubscribed=ended)
    if progress == OutboxProgress.FAILED:
        return NewsNumbers(refused=number)
    if progress == OutboxProgress.SILENT:
        return NewsNumbers(silent=number)
    return NewsNumbers(waiting=number)
