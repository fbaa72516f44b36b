"""What somebody who writes in the database but has no keys can do to organisers' accounts: shut them, not open one."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app import clock
from app.db import db, transaction
from app.models import AlteredAccount, Membership, Organiser, Passkey, Petition, Role
from tests.auth.authenticator import Authenticator
from tests.auth.test_second_factor import add, set_up_codes, use
from tests.auth.test_signing_in import is_in, sign_in
from tests.factories import make_petition
from tests.organisers.people import PASSWORD, browser, letters_to_organisers, make_organiser, organiser, signed_in
from tests.organisers.test_joining import WITH_PASSWORD
from tests.watching.organiser import BASE

pytestmark = pytest.mark.both_databases

MALLORY = "mallory@example.com"
NEW = "ein ganz neues Kennwort"
HOME = "/organise"


def alter(app: Flask, email: str, **columns: Any) -> None:
    of = Organiser.id == organiser(app, email).id
    with app.app_context(), transaction() as session:
        session.execute(update(Organiser).where(of).values(columns))


def invitation(app: Flask) -> str:
    """Return the path of the newest invitation's link."""
    return re.findall(r"https?://[^/\s]+(/organise/invitation/\S+)", "\n".join(letters_to_organisers(app)))[-1]


def is_genuine(app: Flask, email: str) -> bool:
    with app.app_context():
        return organiser(app, email).is_genuine


@pytest.mark.parametrize(
    "columns",
    [{"is_administrator": True}, {"may_open": True}, {"tf_primary_method": None}, {"sealed_totp": None}],
    ids=lambda columns: next(iter(columns)),
)
def test_an_account_that_was_given_more_in_the_database_opens_nothing(
    app: Flask, columns: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    client = signed_in(app, MALLORY)
    make_organiser(app, MALLORY, password=PASSWORD)
    set_up_codes(client)
    assert is_in(client)
    alter(app, MALLORY, **columns)
    assert not is_in(client)
    again = browser(app)
    assert sign_in(again, MALLORY).status_code != 302
    assert not is_in(again)
    assert organiser(app, MALLORY).public_id.hex() in caplog.text
    assert "example.com" not in caplog.text


def test_a_password_that_was_put_into_the_database_signs_nobody_in(app: Flask) -> None:
    make_organiser(app, "ann@example.org", administrator=True, password="something else entirely")
    make_organiser(app, MALLORY, password=PASSWORD)
    alter(app, "ann@example.org", password=organiser(app, MALLORY).password)
    client = browser(app)
    sign_in(client, "ann@example.org")
    assert not is_in(client)
    sign_in(client, MALLORY)
    assert is_in(client)


def test_a_session_does_not_become_another_accounts(app: Flask) -> None:
    make_organiser(app, "ann@example.org", administrator=True)
    client = signed_in(app, MALLORY)
    mine = organiser(app, MALLORY).fs_uniquifier
    alter(app, MALLORY, fs_uniquifier="moved away")
    alter(app, "ann@example.org", fs_uniquifier=mine)
    assert not is_in(client)


def test_a_role_that_was_written_into_the_database_is_none(app: Flask, petition: str) -> None:
    signed_in(app, "ann@example.org", Role.OWNER)
    client = signed_in(app, MALLORY, Role.VIEWER)
    assert client.get(BASE).status_code == 200
    with app.app_context(), transaction() as session:
        session.execute(update(Membership).values(role=Role.OWNER))
    assert client.get(BASE).status_code == 404
    assert "Save the test library" not in client.get(HOME).text


@pytest.mark.parametrize("stolen", ["of another organiser", "of another petition"])
def test_a_role_that_was_copied_to_another_row_is_none(app: Flask, petition: str, stolen: str) -> None:
    mine = make_petition(app, slug='"mine"')
    signed_in(app, "ann@example.org", Role.OWNER)
    client = signed_in(app, MALLORY, Role.OWNER, mine)
    me = organiser(app, MALLORY).id
    with app.app_context(), transaction() as session:
        target = session.scalars(select(Petition.id).where(Petition.slug == petition)).one()
        others = (Membership.organiser_id == me) == (stolen == "of another petition")
        sealed = session.scalars(select(Membership.sealed_role).where(others)).one()
        row = {"petition_id": target, "organiser_id": me, "role": Role.OWNER, "sealed_role": sealed}
        session.execute(insert(Membership).values(row))
    assert client.get(BASE).status_code == 404


def test_an_invitation_that_was_written_into_the_database_cannot_be_accepted(app: Flask, petition: str) -> None:
    client = signed_in(app, MALLORY)
    me = organiser(app, MALLORY)
    with app.app_context(), transaction() as session:
        petition_id = session.scalars(select(Petition.id)).one()
        offer = {
            "role": Role.OWNER,
            "invited_until": clock.now() + timedelta(days=1),
            "sealed_address": me.sealed_email,
        }
        row = {"petition_id": petition_id, "organiser_id": me.id, "sealed_role": me.sealed_rights, **offer}
        session.execute(insert(Membership).values(row))
    assert "Save the test library" not in client.get(HOME).text
    assert client.post(f"{BASE}/accept").status_code == 404


@pytest.mark.parametrize("how", ["its key exchanged", "given to another account"])
def test_a_passkey_that_was_altered_in_the_database_signs_nobody_in(app: Flask, how: str) -> None:
    anns, mallorys = (Authenticator(app.config["BASE_URL"]) for _ in range(2))
    add(signed_in(app, "ann@example.org", administrator=True), anns)
    add(signed_in(app, MALLORY), mallorys)
    with app.app_context(), transaction() as session:
        keys = {key.credential_id: key for key in session.scalars(select(Passkey))}
        mine, hers = keys[mallorys.id], keys[anns.id]
        mallorys.user = anns.user
        if how == "its key exchanged":
            changed = {"public_key": mine.public_key}
            anns.key = mallorys.key
        else:
            changed = {"user_id": hers.user_id}
        altered = hers if how == "its key exchanged" else mine
        session.execute(update(Passkey).where(Passkey.id == altered.id).values(changed))
    client = browser(app)
    use(client, anns if how == "its key exchanged" else mallorys)
    assert not is_in(client)


def test_no_change_makes_an_altered_account_genuine(app: Flask) -> None:
    administrator = signed_in(app, "ann@example.org", administrator=True)
    make_organiser(app, MALLORY, password=PASSWORD)
    alter(app, MALLORY, is_administrator=True)
    page = f"/organise/people/{organiser(app, MALLORY).public_id.hex()}"
    assert "Altered in the database" in administrator.get("/organise/people").text
    assert "Altered in the database" in administrator.get(page).text
    assert administrator.post(f"{page}/entitle").status_code == 409
    with app.app_context(), pytest.raises(AlteredAccount), transaction() as session:
        session.get_one(Organiser, organiser(app, MALLORY).id).password = "another"
    assert not is_genuine(app, MALLORY)
    assert administrator.post(f"{page}/end").status_code == 303, "but it can be ended"


def test_a_command_has_an_altered_account_joined_anew(app: Flask, petition: str, runner: FlaskCliRunner) -> None:
    signed_in(app, "ann@example.org", Role.EDITOR, administrator=True)
    alter(app, "ann@example.org", password="x")
    runner.invoke(args=["organiser", "invite", "ann@example.org"])
    client = browser(app)
    client.post(invitation(app), data=WITH_PASSWORD)
    assert is_genuine(app, "ann@example.org")
    assert not organiser(app, "ann@example.org").is_administrator
    assert client.get(BASE).status_code == 200, "her role was not altered"


def test_of_two_changes_at_once_one_is_refused_and_the_account_stays_genuine(app: Flask) -> None:
    make_organiser(app, MALLORY, password=PASSWORD)
    of = organiser(app, MALLORY).id
    with app.app_context(), Session(db.engine, expire_on_commit=False) as late:
        seen_before = late.get_one(Organiser, of)
        late.commit()
        with transaction() as session:
            session.get_one(Organiser, of).may_open = True
        seen_before.password = "another"
        with pytest.raises(StaleDataError):
            late.commit()
    assert is_genuine(app, MALLORY)
    assert organiser(app, MALLORY).may_open


def test_a_row_without_a_seal_is_refused_by_the_database(app: Flask) -> None:
    make_organiser(app, MALLORY)
    with app.app_context(), pytest.raises(DBAPIError), transaction() as session:
        session.execute(update(Organiser).values(sealed_rights=None))


@pytest.mark.parametrize("given", [{"is_administrator": True}, {"is_administrator": True, "may_open": True}], ids=str)
@pytest.mark.parametrize("act", ["entitle", "disentitle", "dismiss", "appoint"])
def test_no_honest_click_seals_what_was_given_to_an_account_that_has_not_joined(
    app: Flask, given: dict[str, Any], act: str
) -> None:
    administrator = signed_in(app, "ann@example.org", administrator=True)
    administrator.post("/organise/people", data={"email": MALLORY})
    link = invitation(app)
    alter(app, MALLORY, **given)
    page = f"/organise/people/{organiser(app, MALLORY).public_id.hex()}"
    administrator.post(f"{page}/{act}")
    assert not is_genuine(app, MALLORY)
    client = browser(app)
    assert client.post(link, data=WITH_PASSWORD).status_code == 410
    assert not is_in(client)


def test_a_session_gets_nothing_from_an_account_that_was_emptied_in_the_database(app: Flask) -> None:
    administrator = signed_in(app, "ann@example.org", administrator=True)
    client = signed_in(app, MALLORY)
    alter(app, MALLORY, is_administrator=True, joined_at=None, password=None)
    page = f"/organise/people/{organiser(app, MALLORY).public_id.hex()}"
    assert administrator.post(f"{page}/entitle").status_code == 409
    assert client.get("/organise/people").status_code == 302


@pytest.mark.parametrize("by", ["an owner", "a command"])
def test_an_invitation_does_not_reach_an_account_that_was_given_somebodys_mailbox(
    app: Flask, petition: str, runner: FlaskCliRunner, by: str
) -> None:
    owner = signed_in(app, "ann@example.org", Role.OWNER)
    make_organiser(app, "bob@example.org", password=PASSWORD)
    client = signed_in(app, MALLORY)
    bobs, mallorys = organiser(app, "bob@example.org"), organiser(app, MALLORY)
    with app.app_context(), transaction() as session:
        session.execute(update(Organiser).where(Organiser.id == bobs.id).values(email_key=bytes(32)))
        session.execute(update(Organiser).where(Organiser.id == mallorys.id).values(email_key=bobs.email_key))
    if by == "an owner":
        owner.post(f"{BASE}/members", data={"email": "bob@example.org", "role": "owner"})
    else:
        told = runner.invoke(args=["organiser", "invite", "bob@example.org", "--administrator"])
        assert told.exit_code == 1
        assert f"End it at /organise/people/{mallorys.public_id.hex()} first" in told.output
    assert letters_to_organisers(app) == []
    with app.app_context(), transaction() as session:  # and back
        session.execute(update(Organiser).where(Organiser.id == mallorys.id).values(email_key=mallorys.email_key))
        session.execute(update(Organiser).where(Organiser.id == bobs.id).values(email_key=bobs.email_key))
    assert is_genuine(app, MALLORY) and is_genuine(app, "bob@example.org")
    client.post(f"{BASE}/accept")
    assert client.get(f"{BASE}/members").status_code == 404
    assert client.get("/organise/people").status_code == 404


@pytest.mark.parametrize("rubbish", [b"", b"rubbish" * 8], ids=["empty", "of an unknown key"])
def test_a_seal_that_is_rubbish_fails_no_page_and_can_be_mended(app: Flask, petition: str, rubbish: bytes) -> None:
    administrator = signed_in(app, "ann@example.org", Role.OWNER, administrator=True)
    passkey = Authenticator(app.config["BASE_URL"])
    add(signed_in(app, MALLORY, Role.VIEWER), passkey)
    make_organiser(app, MALLORY, password=PASSWORD)
    with app.app_context(), transaction() as session:
        session.execute(update(Passkey).values(sealed_name=rubbish))
    client = browser(app)
    use(client, passkey)
    assert not is_in(client)
    alter(app, MALLORY, sealed_rights=rubbish)
    of_mallory = Membership.organiser_id == organiser(app, MALLORY).id
    with app.app_context(), transaction() as session:
        session.execute(update(Membership).where(of_mallory).values(sealed_role=rubbish))
    assert sign_in(client, MALLORY).status_code == 200
    assert not is_in(client)
    page = f"/organise/people/{organiser(app, MALLORY).public_id.hex()}"
    members = administrator.get(f"{BASE}/members")
    assert "Altered in the database" in members.text
    assert MALLORY not in members.text, "whoever is put there as a member shows no address"
    assert {administrator.get(path).status_code for path in (HOME, "/organise/people", page)} == {200}
    role = administrator.post(f"{BASE}/members/{page.rpartition('/')[2]}/role", data={"role": "viewer"})
    assert role.status_code == 409, "no role for an altered account"
    assert administrator.post(f"{page}/end").status_code == 303


def test_a_role_is_mended_by_giving_it_again(app: Flask, petition: str) -> None:
    owner = signed_in(app, "ann@example.org", Role.OWNER)
    client = signed_in(app, MALLORY, Role.EDITOR)
    of_mallory = Membership.organiser_id == organiser(app, MALLORY).id
    with app.app_context(), transaction() as session:
        session.execute(update(Membership).where(of_mallory).values(sealed_role=b"x"))
    assert client.get(BASE).status_code == 404
    reference = organiser(app, MALLORY).public_id.hex()
    owner.post(f"{BASE}/members/{reference}/role", data={"role": "editor"})
    assert client.get(BASE).status_code == 200


def test_an_owner_or_administrator_made_in_the_database_does_not_count_as_one(app: Flask, petition: str) -> None:
    ann = signed_in(app, "ann@example.org", Role.OWNER, administrator=True)
    make_organiser(app, MALLORY, Role.VIEWER)
    of_mallory = Membership.organiser_id == organiser(app, MALLORY).id
    with app.app_context(), transaction() as session:
        session.execute(update(Membership).where(of_mallory).values(role=Role.OWNER))
    alter(app, MALLORY, is_administrator=True)
    assert ann.post(f"{BASE}/leave").location != HOME
    reference = organiser(app, "ann@example.org").public_id.hex()
    assert ann.post(f"/organise/people/{reference}/dismiss").status_code == 409


def test_an_account_that_was_shut_in_the_database_is_joined_anew_by_a_command(
    app: Flask, runner: FlaskCliRunner
) -> None:
    signed_in(app, "ann@example.org")
    alter(app, "ann@example.org", active=False)
    runner.invoke(args=["organiser", "invite", "ann@example.org"])
    client = browser(app)
    client.post(invitation(app), data=WITH_PASSWORD)
    assert is_in(client)
