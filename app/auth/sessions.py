"""Server-side sessions: each cookie names a row, so that signing out also ends copies of the cookie."""

import secrets
from datetime import datetime

from flask import session as cookie
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app import clock
from app.crypto import tokens
from app.db import db, in_batches, transaction
from app.models import Organiser, SignIn
from app.web.session import LIFETIME

NAME = "sign_in"


def begin_session(session: Session, organiser: Organiser) -> None:
    """Begin a session of 12 hours for the organiser, and put its name into the cookie; the caller commits."""
    cookie[NAME] = secrets.token_urlsafe(32)
    row = {"key": _key(cookie[NAME]), "organiser_id": organiser.id, "until": clock.now() + LIFETIME}
    session.execute(insert(SignIn).values(row))


def is_open(organiser: Organiser) -> bool:
    """Return whether the cookie names an unexpired session of the organiser."""
    named = (SignIn.key == _key(cookie.get(NAME, ""))) & (SignIn.organiser_id == organiser.id)
    return db.session.scalar(select(SignIn.until).where(named, SignIn.until > clock.now())) is not None


def end_session() -> None:
    """End the session that the cookie names, if any."""
    if name := cookie.pop(NAME, None):
        with transaction() as session:
            session.execute(delete(SignIn).where(SignIn.key == _key(name)))


def forget_ended(now: datetime | None = None) -> int:
    """Delete expired sessions; return how many."""
    ended = select(SignIn.key).where(SignIn.until <= (now or clock.now())).order_by(SignIn.until)
    return in_batches(ended, lambda session, keys: session.execute(delete(SignIn).where(SignIn.key.in_(keys))))


def _key(name: str) -> bytes:
    return tokens.keyed_hash("sign-in", name)
