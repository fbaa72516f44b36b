"""The sign form on a petition's page is kept while nothing changes, and is never an old one."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock
from app.db import Base, transaction
from app.models import Petition, PetitionText, PrivacyNotice
from app.pages import blank_form
from tests.factories import make_petition

Changes = dict[str, object]
CHANGES: dict[str, tuple[type[Base], Changes, str]] = {
    "who to ask": (Petition, {"contact": "new@example.org"}, "new@example.org"),
    "the last day": (Petition, {"closes_at": clock.now() + timedelta(days=400)}, "The last day for signing"),
    "a question less": (Petition, {"comment_field": "required"}, "required"),
    "who answers": (PrivacyNotice, {"controller_name": "The New Club"}, "The New Club"),
    "what is told": (PrivacyNotice, {"more": "We print it."}, "We print it."),
    "for how long": (PrivacyNotice, {"erase_after_days": 33}, "33 days"),
    "the text's version": (PetitionText, {"version": 7}, 'name="text_version" type="hidden" value="7"'),
    "the notice's version": (PrivacyNotice, {"version": 8}, 'name="notice_version" type="hidden" value="8"'),
}


def form_in(page: str) -> str:
    return page.partition("<form")[2].partition("</form>")[0]


@pytest.mark.parametrize(("table", "change", "shown"), CHANGES.values(), ids=CHANGES)
def test_what_changes_shows_at_once(
    app: Flask, client: FlaskClient, petition: str, table: type[Base], change: Changes, shown: str
) -> None:
    page = f"/petitions/{petition}"
    before = form_in(client.get(page).text)
    assert form_in(client.get(page).text) == before
    with app.app_context(), transaction() as session:
        session.execute(update(table).values(change))
    after = form_in(client.get(page).text)
    assert after != before
    assert shown in after


def test_each_language_has_its_own(client: FlaskClient, petition: str) -> None:
    pages = [client.get(f"/petitions/{petition}{language}").text for language in ("", "/de", "", "/fr")]
    english, german, again, french = map(form_in, pages)
    assert english == again
    assert "Unterschreiben" in german and "Signer" in french


def test_those_of_many_petitions_are_bounded(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, petition: str
) -> None:
    monkeypatch.setattr(blank_form, "MAX_FORMS", 3)
    for number in range(5):
        slug = make_petition(app, slug=f'"another-{number}"')
        assert f"/petitions/{slug}/sign" in form_in(client.get(f"/petitions/{slug}").text)
        assert len(app.extensions[blank_form.EXTENSION]) <= 3


def test_no_form_that_was_sent_is_kept(client: FlaskClient, petition: str) -> None:
    client.post(f"/petitions/{petition}/sign", data={"name": "Ann Example", "email": "not an address"})
    assert "Ann Example" not in client.get(f"/petitions/{petition}").text


def test_no_prefix_that_somebody_claims_is_kept(client: FlaskClient, petition: str) -> None:
    page = f"/petitions/{petition}"
    client.get(page, environ_overrides={"SCRIPT_NAME": "/evil"})
    assert "/evil" not in client.get(page).text
