"""Who may see a name if its signer does not choose: a careless signer of a discreet petition is on no list."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Role
from tests.factories import SLUG, drafts, make_petition
from tests.html_page import HtmlPage
from tests.organisers.people import signed_in
from tests.publishing.conftest import PLACE, Desk


def checked(client: FlaskClient) -> str:
    """Return the choice that is made already on the sign form."""
    pages = [HtmlPage(client.get(f"/petitions/{SLUG}{part}").text) for part in ("", "/sign")]
    (chosen,) = {page.answers()["visibility"] for page in pages}
    return chosen


@pytest.mark.parametrize(
    ("front", "first"),
    [
        ({}, "delivery"),
        ({"discreet": "true"}, "organisers"),
        ({"default_visibility": '"public"'}, "public"),
        ({"discreet": "true", "default_visibility": '"delivery"'}, "delivery"),
    ],
    ids=["usual", "discreet", "its own", "discreet with its own"],
)
def test_who_does_not_choose_is_seen_by_those_whom_the_petition_says(
    app: Flask, client: FlaskClient, front: dict[str, str], first: str
) -> None:
    make_petition(app, **front)
    assert checked(client) == first
    answers = HtmlPage(client.get(f"/petitions/{SLUG}").text).answers()
    said = {"name": "Ann Example", "country": "SE", "email": "ann@example.org"}
    assert client.post(f"/petitions/{SLUG}/sign", data=answers | said).status_code == 303
    (draft,) = drafts(app)
    assert draft.visibility == first


def test_organisers_say_it_by_hand_and_leave_it_to_the_site_again(app: Flask, client: FlaskClient) -> None:
    make_petition(app, discreet="true")
    desk = Desk(signed_in(app, role=Role.OWNER, with_token=False))
    usual = desk.form(f"{PLACE}/details", "default_visibility")["default_visibility"]
    for said, first in (("public", "public"), (usual, "organisers")):
        assert desk.send(f"{PLACE}/details", default_visibility=said, discreet="y").status_code == 303
        assert desk.form(f"{PLACE}/details", "default_visibility")["default_visibility"] == said
        assert checked(client) == first
