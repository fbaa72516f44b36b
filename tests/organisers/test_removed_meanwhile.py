"""Whoever is removed, or given a lesser role, while their request is under way does nothing any more.

The guard has let the request in. Whether its organiser may is asked once more in the transaction that acts.
"""

from threading import Event, Thread, get_ident
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, delete, event, select, update
from sqlalchemy.orm import Session

from app import clock
from app.connections import WRITES
from app.db import db, insert, transaction
from app.models import (
    Clue,
    DomainRule,
    Membership,
    Organiser,
    Petition,
    Picture,
    Role,
    Signature,
    State,
    Suspicion,
    Verdict,
)
from app.organisers.access import ENOUGH
from app.organisers.members import lock_petition
from tests.factories import SLUG, hidden_fields, make_petition, make_signature, petition_file
from tests.organisers.acts import ACTS, NO_ACTS, Scene
from tests.organisers.people import make_organiser, organiser, signed_in
from tests.publishing.conftest import PLACE, Desk
from tests.races import just_before_writing
from tests.structure.test_reading_changes_nothing import everything
from tests.structure.test_who_may_do_what import declared, rules

pytestmark = pytest.mark.both_databases

OLGA, FRED = "olga@example.org", "fred@example.org"
LESSER = {Role.EDITOR: Role.VIEWER, Role.OWNER: Role.EDITOR}


@pytest.fixture
def scene(app: Flask, request: pytest.FixtureRequest) -> Scene:
    """A petition with something for each act, and Olga with the least role for this one."""
    make_petition(app)
    make_organiser(app, role=Role.OWNER)  # so that anybody else may leave
    make_organiser(app, FRED, Role.VIEWER)
    verified = make_signature(app)
    invalidated = make_signature(app, state=State.INVALIDATED, email="bob@example.org")
    with app.app_context(), transaction() as session:
        _make_more(session)
    client = signed_in(app, OLGA, ACTS[request.param][0])
    make_organiser(app, OLGA, may_open=True)
    return Scene(app, Desk(client), organiser(app, FRED).public_id.hex(), verified.hex(), invalidated.hex())


def _make_more(session: Session) -> None:
    petition = session.scalars(select(Petition)).one()
    petition.image_alt = "A library"
    session.add(Picture(petition_id=petition.id, digest="0" * 32, width=480, height=1, data=b"x"))
    rule = {"domain": "example.com", "verdict": Verdict.BLOCK, "made_at": clock.now()}
    session.execute(insert(DomainRule).values(petition_id=petition.id, **rule))
    for signature_id in session.scalars(select(Signature.id)).all():
        about = {"signature_id": signature_id, "petition_id": petition.id, "since": clock.now()}
        session.execute(insert(Suspicion).values(clue=Clue.NETWORK, **about))
    session.execute(update(Signature).where(Signature.state == State.INVALIDATED).values(hidden_name=True))


def give_role(app: Flask, email: str, role: Role | None) -> None:
    """Give an organiser another role in the petition, or remove them."""
    with app.app_context(), transaction() as session:
        petition = session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
        who = session.get_one(Organiser, organiser_id(app, email))
        lock_petition(session, petition.id)
        if role:
            session.merge(Membership(petition, who, role)).role_since = None  # from before all that is asked for
        else:
            of = (Membership.organiser_id == who.id) & (Membership.petition_id == petition.id)
            session.execute(delete(Membership).where(of))


def organiser_id(app: Flask, email: str) -> int:
    return organiser(app, email).id


@pytest.mark.parametrize("scene", ACTS, indirect=True)
def test_nothing_is_done_for_somebody_who_meanwhile_was_removed_or_given_a_lesser_role(
    app: Flask, scene: Scene, request: pytest.FixtureRequest
) -> None:
    role, prepare = ACTS[request.node.callspec.params["scene"]]
    send = prepare(scene)
    for lesser in {None, LESSER.get(role)}:
        after: list[dict[str, list[Any]]] = []

        def take_and_look(lesser: Role | None = lesser, after: list[dict[str, list[Any]]] = after) -> None:
            give_role(app, OLGA, lesser)
            after.append(everything(app))

        with just_before_writing(take_and_look), send() as answer:
            assert answer.status_code == 404
        assert everything(app) == after[0]
        give_role(app, OLGA, role)
    before = everything(app)
    with send() as answer:
        assert answer.status_code in {200, 303}
    assert everything(app) != before, "with the role it would have done something"


def test_every_act_on_a_petition_is_among_them(app: Flask) -> None:
    posts = {
        rule.endpoint for rule in rules(app) if declared(app, rule) in ENOUGH and "POST" in (rule.methods or set())
    }
    acts = {name.partition(" ")[0] for name in ACTS} - {"export.download", "export.pdf"}
    assert posts - NO_ACTS == acts


@pytest.mark.parametrize("scene", ["export.download"], indirect=True)
def test_addresses_are_not_handed_to_an_owner_who_meanwhile_is_an_editor(app: Flask, scene: Scene) -> None:
    signed_in(app, OLGA, Role.OWNER)
    with just_before_writing(lambda: give_role(app, OLGA, Role.EDITOR)):
        answer = scene.desk.get(f"{PLACE}/signatures.csv?with_email=1")
    assert answer.status_code == 403
    assert "Only owners may ask for e-mail addresses." in answer.text


@pytest.mark.parametrize("scene", ["editing.save_words"], indirect=True)
def test_a_file_changes_nothing_for_an_editor_who_meanwhile_was_removed(app: Flask, scene: Scene) -> None:
    page = "/organise/petitions/import"
    review = scene.desk.client.post(page, data={"content": petition_file(started_by='"Others"'), "name": "a.md"})
    answers = hidden_fields(review.text)
    assert answers["fingerprint"]
    give_role(app, OLGA, None)
    before = everything(app)
    assert scene.desk.client.post(page, data=answers).status_code == 422
    assert everything(app) == before


@pytest.mark.parametrize(
    "path",
    ["/organise/people", *(f"/organise/people/{{fred}}/{what}" for what in ("appoint", "entitle", "end"))],
)
def test_nothing_is_done_for_an_administrator_who_meanwhile_was_dismissed(app: Flask, path: str) -> None:
    make_organiser(app, administrator=True)
    make_organiser(app, FRED)
    olga = signed_in(app, OLGA, administrator=True)
    fred = organiser(app, FRED).public_id.hex()
    after: list[dict[str, list[Any]]] = []

    def dismiss() -> None:
        with app.app_context(), transaction() as session:
            session.get_one(Organiser, organiser_id(app, OLGA)).is_administrator = False
        after.append(everything(app))

    with just_before_writing(dismiss):
        answer = olga.post(path.format(fred=fred), data={"email": "new@example.org"})
    assert answer.status_code == 404
    assert everything(app) == after[0]


def test_nobody_creates_a_petition_with_an_account_that_meanwhile_has_ended(app: Flask) -> None:
    make_organiser(app, administrator=True)
    olga = signed_in(app, OLGA)
    me = organiser_id(app, OLGA)

    def end() -> None:
        with app.app_context(), transaction() as session:
            session.get_one(Organiser, me).erase()

    with just_before_writing(end):
        assert olga.post("/organise/petitions/new", data={"title": "Late", "language": "en"}).status_code == 404
    with app.app_context():
        assert not db.session.scalars(select(Petition)).all()


@pytest.mark.parametrize("scene", ["members.change_role", "opening.close", "editing.save_words"], indirect=True)
def test_who_waits_for_the_petition_while_being_removed_does_nothing_afterwards(
    app: Flask, scene: Scene, request: pytest.FixtureRequest
) -> None:
    send = ACTS[request.node.callspec.params["scene"]][1](scene)
    me = organiser_id(app, OLGA)
    begun, answers = Event(), list[int]()
    post_it = Thread(target=lambda: answers.append(send().status_code))

    def tell(connection: Connection, options: dict[str, Any]) -> None:
        if options.get(WRITES) and get_ident() == post_it.ident:
            begun.set()

    event.listen(Engine, "set_connection_execution_options", tell)
    try:
        with app.app_context(), transaction() as session:
            petition = session.scalars(select(Petition)).one()
            lock_petition(session, petition.id)
            session.delete(session.get_one(Membership, (petition.id, me)))
            session.flush()
            post_it.start()
            assert begun.wait(10), "it is past its guard, and is about to wait for this lock"
        post_it.join()
    finally:
        event.remove(Engine, "set_connection_execution_options", tell)
    assert answers == [404]
