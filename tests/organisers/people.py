"""Organisers for tests: accounts and signed-in browsers."""

import time

from flask import Flask
from flask import session as present_session
from flask.testing import FlaskClient
from flask_security.proxies import _datastore, _security
from flask_security.utils import hash_password
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from app import clock
from app.auth import sessions
from app.db import db, transaction
from app.email.address import deliverable
from app.models import Membership, Organiser, OutboxRow, Petition, Role
from app.organisers import accounts
from app.worker import choose_email
from tests.factories import SLUG

OWNER = "owner@example.org"
PASSWORD = "correct horse battery staple"


def make_organiser(
    app: Flask,
    email: str = OWNER,
    role: Role | None = None,
    slug: str = SLUG,
    *,
    administrator: bool = False,
    may_open: bool = False,
    password: str | None = None,
) -> int:
    """Insert an organiser who has joined, or give an existing one a role; return the id."""
    with app.app_context():
        hashed = hash_password(password) if password else None
        with transaction() as session:
            address = deliverable(email)
            organiser = accounts.find_account(session, address)
            if organiser is None:
                organiser = Organiser(address, accounts.organiser_email_key(session, address), "en")
                organiser.joined_at = clock.now()
                session.add(organiser)
            organiser.is_administrator = organiser.is_administrator or administrator
            organiser.may_open = organiser.may_open or may_open
            organiser.password = hashed or organiser.password
            session.flush()
            if role is not None:
                petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
                member = session.get(Membership, (petition.id, organiser.id))
                if member is None or member.role != role:  # else they have had it for longer
                    session.merge(Membership(petition, organiser, role))
            return organiser.id


def browser(app: Flask) -> FlaskClient:
    """Return a client that is not signed in and sends the CSRF token with each post."""
    client = app.test_client()
    with client.session_transaction("/organise") as session, app.test_request_context("/organise"):
        token = generate_csrf()
        session.update(present_session)
    client.environ_base["HTTP_X_CSRFTOKEN"] = token
    return client


def signed_in(
    app: Flask,
    email: str = OWNER,
    role: Role | None = None,
    slug: str = SLUG,
    *,
    administrator: bool = False,
    minutes_ago: float = 0,
    with_token: bool = True,
) -> FlaskClient:
    """Return a client signed in as an organiser, who is made if need be and given the role.

    Its posts carry the token, unless they are to read it off our pages.
    `minutes_ago` is when they signed in: pages that want it fresh ask again after 15.
    """
    organiser_id = make_organiser(app, email, role, slug, administrator=administrator)
    client = browser(app) if with_token else app.test_client()
    with client.session_transaction("/organise") as session, app.test_request_context("/organise"):
        who = db.session.get_one(Organiser, organiser_id)
        sessions.begin_session(db.session(), who)
        db.session.commit()
        session.update(present_session)
        session.update({"_user_id": who.fs_uniquifier, "_fresh": True, "fs_paa": time.time() - minutes_ago * 60})
    return client


def half_signed_in(app: Flask, email: str = OWNER, *, anew: bool = True) -> FlaskClient:
    """Return a client that has given the password and must give a code; `anew` sets up the codes first."""
    organiser_id = make_organiser(app, email)
    client = browser(app)
    with app.app_context(), transaction() as session:
        organiser = session.get_one(Organiser, organiser_id)
        if anew:
            _datastore.tf_set(organiser, "authenticator", new_secret())
        uniquifier = organiser.fs_uniquifier
    with client.session_transaction("/organise") as cookie:
        cookie.update({"tf_user_id": uniquifier, "tf_state": "ready", "tf_select": True})
    return client


def new_secret() -> str:
    """Return a new secret for codes, encrypted as during the set-up."""
    return str(_security.totp_factory.generate_totp_secret())


def organiser(app: Flask, email: str = OWNER) -> Organiser:
    """Return an organiser's row."""
    with app.app_context():
        found = accounts.find_account(db.session(), deliverable(email))
        assert found
        return found


def letters_to_organisers(app: Flask) -> list[str]:
    """Return the texts of waiting letters to organisers, oldest first."""
    with app.app_context():
        rows = db.session.scalars(select(OutboxRow).where(OutboxRow.sealed.is_not(None)).order_by(OutboxRow.id))
        messages = [write() for write in map(choose_email, rows) if write]
    return [f"To: {message.recipient}\nSubject: {message.subject}\n\n{message.body}" for message in messages]
