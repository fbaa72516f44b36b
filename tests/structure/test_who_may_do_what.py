"""Every organisers' page says whom it is open to, and a request by everybody else to each of them is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app import clock
from app.auth.guard import OPEN_TO
from app.db import db, transaction
from app.export.handover import begin_handover
from app.export.rows import Choice
from app.models import Format, News, Organiser, Petition, Picture, Role
from app.organisers import accounts
from app.organisers.access import ENOUGH, Who
from app.web.session import is_for_organisers
from tests.apps import without_database
from tests.conftest import make_app
from tests.factories import SLUG, make_petition, make_signature
from tests.organisers.people import browser, half_signed_in, make_organiser, organiser, signed_in

DIGEST = "0" * 32
ELSEWHERE = "keep-the-test-bridge"
SIGNED_IN = {"stranger", "invited", "viewer", "editor", "owner", "owner elsewhere", "administrator"}
INVITED_IN = {
    Who.EVERYBODY: {"nobody", "half signed in", *SIGNED_IN},
    Who.HALF_SIGNED_IN: {"half signed in"},
    Who.ORGANISERS: SIGNED_IN,
    Who.ADMINISTRATORS: {"administrator"},
    Who.INVITED: {"invited"},
    Who.VIEWERS: {"viewer", "editor", "owner"},
    Who.EDITORS: {"editor", "owner"},
    Who.OWNERS: {"owner"},
    Who.ROLE_GIVERS: {"owner", "administrator"},
}
PEOPLE: dict[str, Callable[[Flask, str], FlaskClient]] = {
    "nobody": lambda app, email: browser(app),
    "half signed in": half_signed_in,
    "stranger": signed_in,
    "invited": lambda app, email: invited(app, email),
    "viewer": lambda app, email: signed_in(app, email, Role.VIEWER),
    "editor": lambda app, email: signed_in(app, email, Role.EDITOR),
    "owner": lambda app, email: signed_in(app, email, Role.OWNER),
    "owner elsewhere": lambda app, email: signed_in(app, email, Role.OWNER, ELSEWHERE),
    "administrator": lambda app, email: signed_in(app, email, administrator=True),
}


def invited(app: Flask, email: str) -> FlaskClient:
    """Return a client signed in as an organiser who is asked to work on the petition."""
    client = signed_in(app, email)
    with app.app_context():
        owner = db.session.get_one(Organiser, make_organiser(app, role=Role.OWNER))
        petition = db.session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
        accounts.invite(email, petition, Role.OWNER, inviter=owner)
    return client


def rules(app: Flask) -> list[Rule]:
    """Return the rules of all organisers' pages."""
    return [rule for rule in app.url_map.iter_rules() if is_for_organisers(rule.rule)]


def declared(app: Flask, rule: Rule) -> Who | None:
    """Return whom a page says that it is open to."""
    who: Who | None = OPEN_TO.get(rule.endpoint) or getattr(app.view_functions[rule.endpoint], "open_to", None)
    return who


def example_values(app: Flask) -> dict[str, str]:
    """Return an example of each argument of an organisers' address."""
    signed = make_signature(app)
    with app.app_context():
        petition = db.session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
        begin_handover(petition, None, Format.PDF, Choice(), "Registry of Testville")
    return {
        "slug": SLUG,
        "token": "altered",
        **somebody(app),
        "what": "appoint",
        "answer": "decline",
        "entry": signed.hex(),
        "kind": "csv",
        "lang": "en",
        "digest": DIGEST,
        "width": "480",
        "nth": "1",
    }


def somebody(app: Flask) -> dict[str, str]:
    """Return an organiser as the argument of an address; another one if one of the pages has ended their account."""
    make_organiser(app, "somebody@example.org")
    return {"member": organiser(app, "somebody@example.org").public_id.hex()}


def put_image_back(app: Flask) -> None:
    """Give the petition an image, which one of the pages takes away."""
    with app.app_context(), transaction() as session:
        if not session.scalars(select(Picture)).first():
            petition_id = session.scalars(select(Petition.id).where(Petition.slug == SLUG)).one()
            session.add(Picture(petition_id=petition_id, digest=DIGEST, width=480, height=1, data=b"x"))


def put_news_back(app: Flask) -> None:
    """Give the petition the draft of a piece of news, which one of the pages deletes and another sends."""
    with app.app_context(), transaction() as session:
        if not session.scalars(select(News).where(News.number == 1)).first():
            petition_id = session.scalars(select(Petition.id).where(Petition.slug == SLUG)).one()
            owner = session.scalars(select(Organiser.id)).first()
            session.add(News(petition_id=petition_id, number=1, written_by=owner, made_at=clock.now()))


def is_refused(answer: TestResponse, who: Who) -> bool:
    """Tell whether an answer says no: there is no such page, or sign in first."""
    to_sign_in = answer.status_code == 302 and answer.location.startswith("/organise/login")
    return answer.status_code == 404 or (to_sign_in and (who == Who.HALF_SIGNED_IN or "?next=" in answer.location))


@pytest.fixture
def bare(tmp_path: Path) -> Flask:
    """The app without a database."""
    return without_database(make_app(tmp_path, f"sqlite:///{tmp_path}/none.db"))


def test_every_page_says_whom_it_is_open_to(bare: Flask) -> None:
    silent = [f"{rule.endpoint} at {rule.rule}" for rule in rules(bare) if declared(bare, rule) is None]
    assert not silent, "mark our views with @open_to, and name Flask-Security's in OPEN_TO"


def test_exactly_flask_securitys_routes_are_in_the_table(bare: Flask) -> None:
    there = {rule.endpoint for rule in bare.url_map.iter_rules() if rule.endpoint.startswith("security.")}
    assert set(OPEN_TO) == there


def test_exactly_the_pages_of_a_petition_need_a_role(bare: Flask) -> None:
    for rule in rules(bare):
        assert ("slug" in rule.arguments) == (declared(bare, rule) in ENOUGH), rule.rule


@pytest.mark.parametrize("person", PEOPLE)
def test_each_page_is_open_to_exactly_its_people(app: Flask, person: str) -> None:
    make_petition(app)
    make_petition(app, slug=f'"{ELSEWHERE}"')
    values = example_values(app)
    addresses = app.url_map.bind("localhost")
    wrong = []
    for number, rule in enumerate(rules(app)):
        unknown = rule.arguments - values.keys()
        assert not unknown, f"add an example of {unknown} in {rule.rule} to example_values"
        who = declared(app, rule)
        assert who is not None
        put_image_back(app)
        put_news_back(app)
        values |= somebody(app)
        if who == Who.HALF_SIGNED_IN and person in SIGNED_IN:
            continue  # they are through already, and are sent to their petitions
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            client = PEOPLE[person](app, f"person{number}{method}@example.org")
            path = addresses.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method)
            with client.open(path, method=method) as answer:
                may = person in INVITED_IN[who]
                if is_refused(answer, who) == may or answer.status_code >= 500:
                    wrong.append(f"{method} {path}: {answer.status_code} {answer.headers.get('Location', '')}")
    assert not wrong, f"{person} gets what is not theirs, or does not get what is"
