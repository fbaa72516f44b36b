"""A value altered in any sealed column fails no page: what it said is missing there, and everything else is shown."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from app.data_keys.sealed_columns import SEALED_COLUMNS, SealedColumn
from app.db import transaction
from app.models import Organiser, Role, Site
from tests.organisers.people import make_organiser, signed_in
from tests.structure.something_of_everything import something_of_everything
from tests.watching.organiser import BASE

# Without these nothing works: the site does not start.
KEYS = {Site.mailbox_key, Site.sealed_token_secret}
PLACES = [place for place in SEALED_COLUMNS if place.column not in KEYS]
SHUT = {Organiser.sealed_email, Organiser.sealed_rights}  # every account, this one too


@pytest.mark.parametrize("place", PLACES, ids=lambda place: str(place.column))
def test_no_page_fails(app: Flask, tmp_path: Path, place: SealedColumn) -> None:
    parts = something_of_everything(app, tmp_path)
    make_organiser(app, "viewer@example.org", Role.VIEWER)
    client, stranger = signed_in(app, "another@example.org", Role.OWNER, administrator=True), app.test_client()
    with app.app_context(), transaction() as session:
        altered = update(place.column.class_).where(place.column.is_not(None))
        session.execute(altered.values({place.column.key: b"rubbish" * 20}))
    of_petition = [f"{BASE}{page}" for page in ("", "/members", "/log", "/signatures", "/export", "/numbers.json")]
    seen = {
        page: client.get(page).status_code
        for page in ("/organise", "/organise/people", "/organise/account", *of_petition)
    }
    entries = [f"/signature/{token}" for token in parts["token"]]
    seen |= {path: stranger.get(path).status_code for path in (f"/petitions/{parts['slug'][0]}", "/", *entries)}
    assert 500 not in seen.values(), seen
    assert seen["/organise"] == (302 if place.column in SHUT else 200)
