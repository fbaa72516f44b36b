"""Two changes of one account at once on PostgreSQL: none is lost, and none is a fault."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from flask import Flask
from flask_security.recoverable import generate_reset_password_token
from sqlalchemy import update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from app.crypto import sealing
from app.db import db
from app.models import Organiser, Petition, Role
from app.organisers import accounts, members
from app.organisers.access import Who
from tests.auth.test_altered_accounts import HOME, MALLORY, NEW, is_genuine
from tests.concurrency.test_races import at_once
from tests.organisers.people import PASSWORD, browser, make_organiser, organiser, signed_in
from tests.watching.organiser import BASE

pytestmark = pytest.mark.postgresql_alone  # SQLite has one writer at a time


@pytest.mark.parametrize("page", ["change", "sign out everywhere", "language", "reset"])
def test_a_change_made_while_the_account_is_sealed_anew_is_no_fault(
    app: Flask, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_organiser(app, MALLORY, password=PASSWORD)
    client, of = signed_in(app, MALLORY), organiser(app, MALLORY).id
    with app.test_request_context(HOME):
        token = generate_reset_password_token(db.session.get_one(Organiser, of))
    new = {"password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    posts: dict[str, tuple[str, dict[str, str]]] = {
        "change": (f"{HOME}/change", new),
        "sign out everywhere": (f"{HOME}/account/sign-out-everywhere", {}),
        "language": (f"{HOME}/account/language", {"language": "sv"}),
        "reset": (f"{HOME}/reset/{token}", {"password": NEW, "password_confirm": NEW}),
    }
    tried: list[bool] = []
    seal_changes = Organiser.seal_changes

    def rotate_first(self: Organiser) -> None:
        if not tried:
            tried.append(True)
            with suppress(NoResultFound), Session(db.engine) as other:  # none: it is locked, as it should be
                row = other.get_one(Organiser, of, with_for_update={"skip_locked": True})
                anew = sealing.resealer("organiser-rights")(row.public_id, row.sealed_rights)
                other.execute(update(Organiser).where(Organiser.id == of).values(sealed_rights=anew))
                other.commit()
        seal_changes(self)

    monkeypatch.setattr(Organiser, "seal_changes", rotate_first)
    where, form = posts[page]
    app.testing = False  # as it runs: a fault is answered with 500
    try:
        answer = (browser(app) if page == "reset" else client).post(where, data=form)
    finally:
        app.testing = True
    assert tried
    assert answer.status_code in {200, 302, 303, 409} - ({409} if page != "reset" else set())
    assert is_genuine(app, MALLORY)


def test_an_administrator_who_leaves_and_one_who_invites_her_do_not_wait_for_each_other(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_organiser(app, "ann@example.org", Role.OWNER, administrator=True)
    make_organiser(app, "other@example.org", Role.OWNER, administrator=True)
    inviter, leaver = signed_in(app, "other@example.org"), signed_in(app, "ann@example.org")
    both_are_there = Barrier(2, timeout=2)
    lock_petition, lock_petition_for = members.lock_petition, accounts.lock_petition_for

    def wait_first(session: Session, petition_id: int) -> None:
        with suppress(BrokenBarrierError):
            both_are_there.wait()
        lock_petition(session, petition_id)

    def wait_afterwards(session: Session, petition_id: int, organiser_id: int | None, who: Who) -> Petition:
        petition = lock_petition_for(session, petition_id, organiser_id, who)
        with suppress(BrokenBarrierError):
            both_are_there.wait()
        return petition

    monkeypatch.setattr(members, "lock_petition", wait_first)
    monkeypatch.setattr(accounts, "lock_petition_for", wait_afterwards)

    def act(which: int) -> int:
        if which:
            invited = {"email": "ann@example.org", "role": "editor"}
            return inviter.post(f"{BASE}/members", data=invited).status_code
        return leaver.post(f"{HOME}/account/end").status_code

    assert set(at_once(2, act)) <= {302, 303, 409}
