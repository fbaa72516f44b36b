"""Members: a petition always keeps an owner and the site an administrator, even when several leave at once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.audit.log import record
from app.db import db, transaction
from app.models import Act, AuditEntry, Membership, Organiser, Petition, Role
from app.web import rate_limits
from tests.concurrency.test_races import at_once
from tests.factories import SLUG
from tests.html_page import HtmlPage
from tests.organisers.people import OWNER, letters_to_organisers, make_organiser, organiser, signed_in

pytestmark = pytest.mark.both_databases

OTHER = "other@example.org"
DAY = timedelta(days=1)
PLACE = f"/organise/petitions/{SLUG}"


def reference(app: Flask, email: str) -> str:
    return organiser(app, email).public_id.hex()


def owners(app: Flask) -> set[str]:
    with app.app_context():
        rows = select(Organiser).join(Membership).where(Membership.role == Role.OWNER)
        return {person.email for person in db.session.scalars(rows)}


def leave(app: Flask, client: FlaskClient) -> str:
    return client.post(f"{PLACE}/leave", follow_redirects=True).text


def demote(app: Flask, client: FlaskClient) -> str:
    return client.post(f"{PLACE}/members/{reference(app, OWNER)}/role", data={"role": "viewer"}).text


def invite_as_less(app: Flask, client: FlaskClient) -> str:
    return client.post(f"{PLACE}/members", data={"email": OWNER, "role": "viewer"}).text


def remove(app: Flask, client: FlaskClient) -> str:
    return client.post(f"{PLACE}/members/{reference(app, OWNER)}/remove").text


def end(app: Flask, client: FlaskClient) -> str:
    return client.post("/organise/account/end").text


@pytest.mark.parametrize("path", [f"{PLACE}/members", "/organise/people"])
def test_an_organiser_invites_so_many_a_day_and_no_more(
    app: Flask, petition: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "MAX_INVITATIONS", 3)
    client, another = signed_in(app, role=Role.OWNER, administrator=True), signed_in(app, OTHER, administrator=True)

    def invite(by: FlaskClient, number: int) -> TestResponse:
        return by.post(path, data={"email": f"guest{number}@example.org", "role": "viewer"})

    letters = len(letters_to_organisers(app))
    assert [invite(client, number).status_code for number in range(5)] == [303] * 3 + [429] * 2
    assert len(letters_to_organisers(app)) == letters + 3
    refused = invite(client, 6)
    assert "You have invited many people today." in refused.text
    assert "guest6@example.org" in refused.text, "what was typed is still there"
    if path == "/organise/people":
        assert invite(another, 7).status_code == 303


@pytest.mark.parametrize("go", [leave, demote, invite_as_less, remove, end])
@pytest.mark.parametrize("invited", [False, True])
def test_the_last_owner_cannot_leave(
    app: Flask, petition: str, go: Callable[[Flask, FlaskClient], str], invited: bool
) -> None:
    client = signed_in(app, role=Role.OWNER)
    if invited:  # an invited owner does not count
        client.post(f"{PLACE}/members", data={"email": OTHER, "role": "owner"})
    said = go(app, client)
    assert any(words in said for words in ("needs an owner who answers for it", "This is not possible yet"))
    assert OWNER in owners(app)
    assert client.get(f"{PLACE}/log").status_code == 200


@pytest.mark.parametrize(
    ("opened", "closes", "words", "ways"),
    [
        (None, None, "Or delete the draft", ["/members", "/delete"]),
        (clock.now() - DAY, None, "close it first", ["/members", "/close"]),
        (clock.now() - DAY, clock.now(), "ask an administrator of this site", ["/members"]),
    ],
    ids=["draft", "open", "closed"],
)
@pytest.mark.parametrize("go", [leave, end])
def test_the_last_owner_reads_which_ways_there_are(
    app: Flask,
    petition: str,
    go: Callable[[Flask, FlaskClient], str],
    opened: datetime | None,
    closes: datetime | None,
    words: str,
    ways: list[str],
) -> None:
    client = signed_in(app, role=Role.OWNER)
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(opened_at=opened, closes_at=closes))
    page = HtmlPage(go(app, client))
    (alert,) = page.all("div", role="alert")
    assert words in alert.words()
    links = [one.get("href") or "" for one in page.all("a") if alert in one.inside]
    assert links == [PLACE + way for way in (ways if go is end else ways[1:])]
    assert all(client.get(link).status_code == 200 for link in links)


@pytest.mark.parametrize("go", [leave, demote, invite_as_less, remove, end])
def test_an_owner_can_leave_if_there_is_another(
    app: Flask, petition: str, go: Callable[[Flask, FlaskClient], str]
) -> None:
    make_organiser(app, OTHER, Role.OWNER)
    go(app, signed_in(app, role=Role.OWNER))
    assert owners(app) == {OTHER}


def test_two_owners_leaving_at_once_leave_one_owner(app: Flask, petition: str) -> None:
    clients = [signed_in(app, email, Role.OWNER) for email in (OWNER, OTHER)]
    at_once(2, lambda which: clients[which].post(f"{PLACE}/leave").status_code)
    assert len(owners(app)) == 1


def test_two_owners_ending_their_accounts_at_once_leave_one_owner(app: Flask, petition: str) -> None:
    clients = [signed_in(app, email, Role.OWNER) for email in (OWNER, OTHER)]
    statuses = at_once(2, lambda which: clients[which].post("/organise/account/end").status_code)
    assert sorted(statuses) == [303, 409]
    assert len(owners(app)) == 1


def test_two_administrators_dismissing_each_other_at_once_leave_one(app: Flask) -> None:
    emails = (OWNER, OTHER)
    clients = [signed_in(app, email, administrator=True) for email in emails]
    others = [reference(app, email) for email in reversed(emails)]
    statuses = at_once(2, lambda which: clients[which].post(f"/organise/people/{others[which]}/dismiss").status_code)
    assert 303 in statuses
    with app.app_context():
        assert len(db.session.scalars(select(Organiser).where(Organiser.is_administrator)).all()) == 1


@pytest.mark.parametrize("what", ["dismiss", "end"])
def test_the_last_administrator_cannot_be_dismissed_or_erased(app: Flask, what: str) -> None:
    client = signed_in(app, administrator=True)
    client.post("/organise/people", data={"email": OTHER})
    client.post(f"/organise/people/{reference(app, OTHER)}/appoint")  # has not joined, so does not count
    answer = client.post(f"/organise/people/{reference(app, OWNER)}/{what}")
    assert answer.status_code == 409
    assert "the last administrator" in answer.text
    assert client.get("/organise/people").status_code == 200


def test_an_administrator_can_give_roles_in_any_petition_but_not_read_it(app: Flask, petition: str) -> None:
    make_organiser(app, OTHER, Role.VIEWER)
    client = signed_in(app, administrator=True)
    assert "Save the test library" in client.get("/organise").text
    client.post(f"{PLACE}/members/{reference(app, OTHER)}/role", data={"role": "owner"})
    assert owners(app) == {OTHER}
    assert client.get(f"{PLACE}/log").status_code == 404


def test_a_removed_member_loses_access_at_once(app: Flask, petition: str) -> None:
    other = signed_in(app, OTHER, Role.OWNER)
    assert other.get(f"{PLACE}/log").status_code == 200
    signed_in(app, role=Role.OWNER).post(f"{PLACE}/members/{reference(app, OTHER)}/remove")
    assert other.get(f"{PLACE}/log").status_code == 404
    assert "Save the test library" not in other.get("/organise").text


def test_an_account_erased_by_an_administrator_loses_access_at_once(app: Flask) -> None:
    other = signed_in(app, OTHER)
    ended = reference(app, OTHER)
    signed_in(app, administrator=True).post(f"/organise/people/{ended}/end")
    assert other.get("/organise").status_code == 302
    assert signed_in(app, administrator=True).get(f"/organise/people/{ended}").status_code == 404


def test_the_log_names_organisers_but_not_erased_ones(app: Flask, petition: str) -> None:
    client = signed_in(app, role=Role.OWNER)
    make_organiser(app, OTHER, Role.EDITOR)
    client.post(f"{PLACE}/members/{reference(app, OTHER)}/role", data={"role": "viewer"})
    page = client.get(f"{PLACE}/log").text
    assert f"made {OTHER} viewer" in page
    signed_in(app, OTHER).post("/organise/account/end")
    page = client.get(f"{PLACE}/log").text
    assert OTHER not in page
    assert "made a former organiser viewer" in page
    with app.app_context():
        for entry in db.session.scalars(select(AuditEntry)):
            assert "@" not in str(entry.details)


def test_the_log_has_pages_and_words_for_every_act(app: Flask, petition: str) -> None:
    client = signed_in(app, role=Role.OWNER)
    with app.app_context():
        petition_id = db.session.scalars(select(Membership.petition_id)).one()
        acts = [*Act] * 7
        with transaction() as session:
            for act in acts:
                record(session, act, petition_id, None, number=3, role="viewer", reason="duplicate")
                session.flush()
    first = client.get(f"{PLACE}/log")
    assert first.text.count("a command, or the site itself") == 100
    assert "invalidated 3 signatures: The same person twice" in first.text
    older = first.text.split('rel="next"')[0].rpartition('href="')[2].rstrip('" ')
    assert (
        client.get(older.replace("&amp;", "&")).text.count("a command, or the site itself")
        == len(acts) + len(("imported", "opened")) - 100
    )
    assert client.get(f"{PLACE}/log?before=nonsense").status_code == 200
