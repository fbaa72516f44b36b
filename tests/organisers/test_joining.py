"""Invitations, by command or by an organiser: a link that works once, for a week, for one account."""

import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from app import clock, jobs
from app.db import db, transaction
from app.models import Membership, Organiser, Role
from app.organisers import accounts
from app.petition_files.content import PetitionFile
from app.publishing.create import create_petition
from tests.auth.test_signing_in import is_in, sign_in
from tests.concurrency.test_races import at_once
from tests.factories import SLUG, make_petition
from tests.mail_server import MailServer, link_in
from tests.organisers.people import (
    OWNER,
    PASSWORD,
    browser,
    letters_to_organisers,
    make_organiser,
    organiser,
    signed_in,
)

pytestmark = pytest.mark.both_databases

NEW = "new@example.org"
PLACE = f"/organise/petitions/{SLUG}"
WITH_PASSWORD = {"way": "password", "password": PASSWORD}


def invite(runner: FlaskCliRunner, *options: str, email: str = NEW) -> str:
    done = runner.invoke(args=["organiser", "invite", email, *options])
    assert done.exit_code == 0, done.output
    return done.output


def newest_link(app: Flask) -> str:
    """Return the path of the link in the newest letter with a link."""
    links = re.findall(r"https?://[^/\s]+(/organise/invitation/\S+)", "\n".join(letters_to_organisers(app)))
    return str(links[-1])


def roles(app: Flask) -> dict[str, Role]:
    with app.app_context():
        rows = db.session.execute(select(Organiser, Membership.role).join(Membership))
        return {person.email: role for person, role in rows}


def test_the_link_shows_a_form_and_its_button_joins(app: Flask, petition: str, runner: FlaskCliRunner) -> None:
    assert "an e-mail is on its way" in invite(runner, "--petition", SLUG, "--role", "editor")
    client = browser(app)
    page = client.get(newest_link(app))
    assert NEW in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert client.post(newest_link(app), data=WITH_PASSWORD).location == "/organise"
    assert "Save the test library" in client.get("/organise").text
    assert roles(app) == {NEW: Role.EDITOR}
    assert sign_in(browser(app), NEW).location == "/organise"


def test_without_a_password_joining_leads_to_making_a_passkey(app: Flask, runner: FlaskCliRunner) -> None:
    invite(runner)
    client = browser(app)
    assert client.post(newest_link(app)).location == "/organise/wan-register"
    assert "Name of the passkey" in client.get("/organise/wan-register").text


@pytest.mark.parametrize("password", ["", "short", "elevenchars", "x" * 129])
def test_after_a_refused_password_the_link_still_works(app: Flask, runner: FlaskCliRunner, password: str) -> None:
    invite(runner)
    answer = browser(app).post(newest_link(app), data={"way": "password", "password": password})
    assert answer.status_code == 422
    assert "<title>Error: Join · " in answer.text
    assert "12 to 128 characters" in answer.text
    assert password == "" or f'value="{password}"' not in answer.text
    assert browser(app).post(newest_link(app), data=WITH_PASSWORD).status_code == 303


def expire(app: Flask, runner: FlaskCliRunner, link: str) -> str:
    with app.app_context(), transaction() as session:
        session.execute(update(Organiser).values(invited_until=clock.now() - timedelta(seconds=1)))
    return link


def use(app: Flask, runner: FlaskCliRunner, link: str) -> str:
    browser(app).post(link, data=WITH_PASSWORD)
    return link


def replace(app: Flask, runner: FlaskCliRunner, link: str) -> str:
    invite(runner)
    assert newest_link(app) != link
    return link


def alter(app: Flask, runner: FlaskCliRunner, link: str) -> str:
    return link[:-1] + ("A" if link[-1] != "A" else "B")


@pytest.mark.parametrize("spoil", [expire, use, replace, alter])
def test_an_unusable_link_shows_a_page_that_says_so(
    app: Flask, runner: FlaskCliRunner, spoil: Callable[[Flask, FlaskCliRunner, str], str]
) -> None:
    invite(runner)
    link = spoil(app, runner, newest_link(app))
    client = browser(app)
    for answer in (client.get(link), client.post(link, data=WITH_PASSWORD)):
        assert answer.status_code == 410
        assert "This invitation is over" in answer.text
    assert not is_in(client)


def test_the_link_of_a_newer_letter_works(app: Flask, runner: FlaskCliRunner) -> None:
    invite(runner)
    invite(runner)
    assert browser(app).post(newest_link(app), data=WITH_PASSWORD).status_code == 303


def test_of_two_joining_with_one_link_at_once_one_succeeds(app: Flask, runner: FlaskCliRunner) -> None:
    invite(runner)
    link = newest_link(app)
    clients = [browser(app) for _ in range(2)]
    statuses = at_once(2, lambda which: clients[which].post(link, data=WITH_PASSWORD).status_code)
    assert sorted(statuses) == [303, 410]
    assert [is_in(client) for client in clients].count(True) == 1


def test_two_invitations_at_once_create_one_account(app: Flask, petition: str) -> None:
    def task(which: int) -> None:
        with app.app_context():
            accounts.invite(NEW)

    at_once(4, task)
    with app.app_context():
        assert db.session.scalars(select(func.count(Organiser.id))).one() == 1
    assert browser(app).post(newest_link(app), data=WITH_PASSWORD).status_code == 303


def test_opening_the_link_changes_nothing(app: Flask, runner: FlaskCliRunner) -> None:
    invite(runner)
    for _ in range(3):
        assert browser(app).get(newest_link(app)).status_code == 200
    assert organiser(app, NEW).joined_at is None
    assert browser(app).post(newest_link(app), data=WITH_PASSWORD).status_code == 303


def test_joining_signs_out_whoever_was_signed_in(app: Flask, runner: FlaskCliRunner) -> None:
    invite(runner)
    client = signed_in(app)
    client.post(newest_link(app), data=WITH_PASSWORD)
    page = client.get("/organise/account").text
    assert NEW in page
    assert OWNER not in page


def test_by_command_an_existing_account_gets_the_role_and_an_email(
    app: Flask, petition: str, runner: FlaskCliRunner
) -> None:
    make_organiser(app, NEW)
    invite(runner, "--petition", SLUG, "--role", "viewer")
    assert roles(app) == {NEW: Role.VIEWER}
    (letter,) = letters_to_organisers(app)
    assert "Your new role: Save the test library" in letter


def ask(app: Flask, email: str = NEW, role: str = "editor") -> FlaskClient:
    """Let the owner invite somebody to the petition; return the owner's browser."""
    owner = signed_in(app, role=Role.OWNER)
    assert owner.post(f"{PLACE}/members", data={"email": email, "role": role}).status_code == 303
    return owner


def test_a_role_must_be_accepted(app: Flask, petition: str) -> None:
    client = signed_in(app, NEW)
    ask(app)
    assert client.get(f"{PLACE}/signatures").status_code == 404
    (letter,) = letters_to_organisers(app)
    assert "Sign in to accept or decline" in letter and "The invitation stands for 7 days." in letter
    home = client.get("/organise").text
    assert "As editor you would work on it." in home
    assert "Save the test library" in home
    assert client.post(f"{PLACE}/accept").location == "/organise"
    assert client.get(f"{PLACE}/signatures").status_code == 200
    assert client.post(f"{PLACE}/accept").status_code == 404


def test_an_invitation_can_be_declined(app: Flask, petition: str) -> None:
    client = signed_in(app, NEW)
    owner = ask(app)
    client.post(f"{PLACE}/decline")
    assert client.post(f"{PLACE}/accept").status_code == 404
    assert NEW not in owner.get(f"{PLACE}/members").text
    assert "declined the invitation" in owner.get(f"{PLACE}/log").text


def test_an_offered_role_expires_after_a_week(app: Flask, petition: str) -> None:
    client = signed_in(app, NEW)
    ask(app)
    with app.app_context(), transaction() as session:
        late = update(Membership).where(Membership.invited_until.is_not(None))
        session.execute(late.values(invited_until=clock.now() - timedelta(seconds=1)))
    assert client.post(f"{PLACE}/accept").status_code == 404
    assert "You are invited" not in client.get("/organise").text
    with app.app_context():
        accounts.forget_expired_invitations(clock.now())
    assert roles(app) == {OWNER: Role.OWNER}
    assert is_in(client)


def test_an_invited_owner_does_not_count_as_owner(app: Flask, petition: str) -> None:
    make_organiser(app, NEW)
    owner = ask(app, role="owner")
    assert "A petition needs an owner" in owner.post(f"{PLACE}/leave", follow_redirects=True).text


@pytest.mark.parametrize("has_account", [False, True])
def test_an_inviter_does_not_learn_whether_there_is_an_account(app: Flask, petition: str, has_account: bool) -> None:
    stored, typed = "new.organiser@gmail.com", "NewOrganiser@googlemail.com"
    if has_account:
        make_organiser(app, stored)
    owner = ask(app, typed)
    members = owner.get(f"{PLACE}/members").text
    assert "NewOrganiser@googlemail.com" in members
    assert "invited until" in members
    for page in (members, owner.get(f"{PLACE}/log").text):
        assert stored not in page
    # Once accepted, it is a member like any other.
    if has_account:
        signed_in(app, stored).post(f"{PLACE}/accept")
        assert stored in owner.get(f"{PLACE}/members").text
        assert f"invited {stored} as editor" in owner.get(f"{PLACE}/log").text


def test_a_role_change_while_declining_makes_no_member(app: Flask, petition: str) -> None:
    client = signed_in(app, NEW)
    owner = ask(app)
    other = signed_in(app, "other@example.org", Role.OWNER)
    person = organiser(app, NEW).public_id.hex()
    presses = (
        lambda: client.post(f"{PLACE}/decline"),
        lambda: owner.post(f"{PLACE}/members/{person}/role", data={"role": "owner"}),
        lambda: other.post(f"{PLACE}/members/{person}/role", data={"role": "viewer"}),
    )
    for _ in range(12):
        at_once(3, lambda which: presses[which]().status_code)
        assert client.get(PLACE).status_code == 404
        ask(app)


def test_a_role_change_while_the_offer_expires_makes_no_member(app: Flask, petition: str) -> None:
    make_organiser(app, NEW)
    owner = ask(app)
    person = organiser(app, NEW).public_id.hex()
    is_deleted = threading.Event()
    expiring: list[int] = []

    def linger(session: Session, _context: object) -> None:
        if threading.get_ident() in expiring:  # the offer is deleted, but not committed yet
            is_deleted.set()
            time.sleep(0.5)

    def press(which: int) -> None:
        if which:
            is_deleted.wait(10)
            owner.post(f"{PLACE}/members/{person}/role", data={"role": "owner"})
            return
        expiring.append(threading.get_ident())
        with app.app_context():
            accounts.forget_expired_invitations(clock.now() + timedelta(days=8))

    event.listen(Session, "after_flush", linger)
    try:
        at_once(2, press)
    finally:
        event.remove(Session, "after_flush", linger)
    assert roles(app) == {OWNER: Role.OWNER}


def test_accepting_many_times_at_once_is_logged_once(app: Flask, petition: str) -> None:
    client = signed_in(app, NEW)
    owner = ask(app)
    cookie = client.get_cookie("organiser")
    assert cookie
    clients = [app.test_client() for _ in range(4)]
    for one in clients:
        one.set_cookie("organiser", cookie.value)
        one.environ_base["HTTP_X_CSRFTOKEN"] = client.environ_base["HTTP_X_CSRFTOKEN"]
    at_once(4, lambda which: clients[which].post(f"{PLACE}/accept").status_code)
    assert owner.get(f"{PLACE}/log").text.count("</strong> joined") == 1


def test_order_and_declining_do_not_reveal_who_has_an_account(app: Flask, petition: str) -> None:
    stored, typed = "mid.dle@gmail.com", "Middle@googlemail.com"
    make_organiser(app, stored)
    for email in ("zoe@example.org", typed, "anna@example.org"):
        owner = ask(app, email)
    page = owner.get(f"{PLACE}/members").text
    shown = [page.index(email) for email in ("anna@example.org", typed, "zoe@example.org")]
    assert shown == sorted(shown)
    signed_in(app, stored).post(f"{PLACE}/decline")
    log = owner.get(f"{PLACE}/log").text
    assert stored not in log
    assert "somebody who was invited</bdi></strong> declined the invitation" in log


def test_joining_accepts_the_offered_roles(app: Flask, petition: str) -> None:
    ask(app)
    client = browser(app)
    client.post(newest_link(app), data=WITH_PASSWORD)
    assert client.get(f"{PLACE}/signatures").status_code == 200


def test_invitations_to_one_mailbox_are_limited(
    app: Flask, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    for _ in range(8):
        ask(app)
    work()
    assert len(mail_server.letters) == 3


def test_the_owner_of_another_petition_ends_no_invitation(
    app: Flask, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    mine = make_petition(app, slug='"mine"')
    signed_in(app, "ann@example.org", Role.OWNER).post(
        f"/organise/petitions/{petition}/members", data={"email": NEW, "role": "editor"}
    )
    work()
    mallory = signed_in(app, "mallory@example.com", Role.OWNER, mine)
    for _ in range(4):
        mallory.post(f"/organise/petitions/{mine}/members", data={"email": NEW, "role": "viewer"})
        work()
    first = link_in(mail_server.letters[0], "organise/invitation")
    assert browser(app).post(first, data=WITH_PASSWORD).status_code == 303
    assert len(mail_server.letters) == 3


def test_another_spelling_of_a_mailbox_is_the_same_account(app: Flask, runner: FlaskCliRunner) -> None:
    invite(runner, email="new.organiser@gmail.com")
    invite(runner, email="NewOrganiser+petitions@googlemail.com")
    with app.app_context():
        assert db.session.scalars(select(func.count(Organiser.id))).one() == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x@example.org", "--petition", "nothing", "--role", "owner"], "there is no petition nothing"),
        (["not an address"], "not an address is not a complete e-mail address"),
        (["x@example.org", "--role", "owner"], "--petition and --role go together"),
        (["x@example.org", "--petition", SLUG], "--petition and --role go together"),
        (["x@example.org", "--petition", SLUG, "--role", "king"], "'king' is not one of"),
    ],
)
def test_the_command_refuses_wrong_options_with_a_message(
    app: Flask, petition: str, runner: FlaskCliRunner, arguments: list[str], said: str
) -> None:
    done = runner.invoke(args=["organiser", "invite", *arguments])
    assert done.exit_code != 0
    assert said in done.output
    assert not letters_to_organisers(app)


def test_the_command_promises_a_link_only_to_who_has_not_joined(
    app: Flask, petition: str, runner: FlaskCliRunner
) -> None:
    assert "link in it works for 7 days" in invite(runner)
    make_organiser(app)
    told = invite(runner, "--petition", SLUG, "--role", "editor", email=OWNER)
    assert "has joined already" in told and "link" not in told


def test_the_command_cannot_demote_the_last_owner(app: Flask, petition: str, runner: FlaskCliRunner) -> None:
    make_organiser(app, role=Role.OWNER)
    done = runner.invoke(args=["organiser", "invite", OWNER, "--petition", SLUG, "--role", "viewer"])
    assert done.exit_code != 0
    assert "last owner" in done.output
    assert roles(app) == {OWNER: Role.OWNER}


def test_an_administrator_is_made_by_command(app: Flask, runner: FlaskCliRunner) -> None:
    invite(runner, "--administrator")
    client = browser(app)
    client.post(newest_link(app), data=WITH_PASSWORD)
    assert client.get("/organise/people").status_code == 200


def test_an_account_that_never_joined_is_erased_when_its_link_expires(
    app: Flask, petition: str, runner: FlaskCliRunner
) -> None:
    make_organiser(app)
    invite(runner, "--petition", SLUG, "--role", "owner")
    with app.app_context():
        assert accounts.forget_expired_invitations(clock.now() + timedelta(days=6)) == 0
        assert accounts.forget_expired_invitations(clock.now() + timedelta(days=8)) == 1
        row = db.session.scalars(select(Organiser).order_by(Organiser.id.desc())).first()
        assert row
        assert (row.email, row.email_key, row.active) == ("", None, False)
    assert roles(app) == {}
    log = signed_in(app, role=Role.OWNER).get(f"/organise/petitions/{SLUG}/log").text
    assert "as the invitation had expired" in log


def test_an_invitation_to_a_discreet_petition_does_not_name_it(app: Flask) -> None:
    make_petition(app, discreet="true")
    client = signed_in(app, role=Role.OWNER)
    answer = client.post(f"/organise/petitions/{SLUG}/members", data={"email": NEW, "role": "viewer"})
    assert answer.status_code == 303
    (letter,) = letters_to_organisers(app)
    assert "library" not in letter
    assert roles(app)[NEW] == Role.VIEWER


@pytest.mark.parametrize("has_account", [True, False])
@pytest.mark.parametrize("by_command", [True, False])
def test_no_letter_names_a_petition_that_was_never_opened(
    app: Flask, runner: FlaskCliRunner, *, has_account: bool, by_command: bool
) -> None:
    make_organiser(app, OWNER)
    with app.app_context():
        create_petition(PetitionFile(SLUG, "en", "You have won!"), organiser(app, OWNER).id)
    if has_account:
        make_organiser(app, NEW)
    if by_command:
        invite(runner, "--petition", SLUG, "--role", "viewer")
    else:
        ask(app)
    (letter,) = letters_to_organisers(app)
    assert f"To: {NEW}" in letter and "won" not in letter and SLUG not in letter


def test_an_invalid_address_shows_an_error(app: Flask, petition: str) -> None:
    client = signed_in(app, role=Role.OWNER)
    answer = client.post(f"/organise/petitions/{SLUG}/members", data={"email": "nobody", "role": "viewer"})
    assert answer.status_code == 422
    assert "not a complete e-mail address" in answer.text


def test_inviting_an_existing_account_to_the_site_sends_nothing(app: Flask) -> None:
    make_organiser(app, NEW)
    client: FlaskClient = signed_in(app, administrator=True)
    client.post("/organise/people", data={"email": NEW})
    assert letters_to_organisers(app) == []


def test_pages_and_emails_are_in_the_chosen_language(app: Flask, petition: str, runner: FlaskCliRunner) -> None:
    client = signed_in(app)
    client.post("/organise/account/language", data={"language": "sv"})
    assert '<html lang="sv"' in client.get("/organise").text
    assert client.post("/organise/account/language", data={"language": "xx"}).status_code == 422
    assert organiser(app).language == "sv"


def test_the_worker_erases_expired_invitations(
    app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(runner)
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    with app.app_context():
        jobs.run_all(jobs.JOBS)
        assert accounts.find_account(db.session(), NEW) is None
