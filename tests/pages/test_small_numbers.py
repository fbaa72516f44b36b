"""While nobody has signed, no page of an open petition says so; a closed one says what it came to."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock
from app.db import transaction
from app.models import Petition
from tests.factories import SLUG, make_signature
from tests.html_page import HtmlPage

PATHS = ("", "/signatures", "/signed", "/changes", "/share", "/poster", "/embed")


def counts(client: FlaskClient, path: str) -> set[str]:
    """Return what a page says of the count where it is not hidden."""
    page = HtmlPage(client.get(f"/petitions/{SLUG}{path}").text)
    shown = [one for one in page.all("p") if not any(each.get("hidden") is not None for each in (one, *one.inside))]
    return {one.words() for one in shown if "verified signature" in one.words()}


@pytest.mark.parametrize("path", PATHS)
def test_no_page_says_that_nobody_has_signed(client: FlaskClient, petition: str, path: str) -> None:
    assert counts(client, path) == set()


@pytest.mark.parametrize("path", ["", "/signatures", "/signed"])
def test_the_first_signature_is_counted_at_once(app: Flask, client: FlaskClient, petition: str, path: str) -> None:
    make_signature(app)
    assert counts(client, path) == {"1 verified signature"}


@pytest.mark.parametrize("path", ["", "/signatures", "/signed"])
def test_a_closed_petition_says_that_nobody_did(app: Flask, client: FlaskClient, petition: str, path: str) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(closes_at=clock.now() - timedelta(hours=1)))
    assert counts(client, path) == {"0 verified signatures"}
