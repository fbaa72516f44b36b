"""What somebody who writes in the database but has no keys can do to a petition: hide it, not open it for themselves.

Mallory owns a petition, and wants to read who signed Victor's. A row is a petition by its public id, so that is what
gets exchanged: for good, or only between the question who may do this and the answer.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select, text, update

from app.db import db, transaction
from app.export.pdf_job import run_due
from app.ledger.audit import audit
from app.models import AlteredPetition, Draft, Membership, Organiser, Petition, Role, Signature, Visibility
from app.petition_files.content import PetitionFile
from app.publishing.create import create_petition
from tests.factories import SLUG, make_petition, make_signature, sign
from tests.organisers.people import make_organiser, organiser, signed_in
from tests.races import just_before_writing

pytestmark = pytest.mark.both_databases

MALLORY = "mallory@example.com"
MINE = "mine"
PAGE = f"/organise/petitions/{MINE}"


@pytest.fixture
def mallory(app: Flask, petition: str) -> FlaskClient:
    """Mallory, signed in, who owns a petition; Victor has signed another one."""
    make_signature(app, email="victor@example.org", name="Victor Secret", visibility=Visibility.ORGANISERS)
    return signed_in(app, MALLORY, Role.OWNER, make_petition(app, slug=f'"{MINE}"'))


def identity(app: Flask, slug: str) -> dict[str, Any]:
    """Return what makes the row of a petition that petition."""
    with app.app_context():
        columns = (Petition.slug, Petition.public_id, Petition.mailbox_key)
        return dict(db.session.execute(select(*columns).where(Petition.slug == slug)).one()._mapping)


def put_in_place_of_mine(app: Flask, *columns: str) -> None:
    """Write these columns of Victor's petition into Mallory's row, and his signature with them."""
    victors = identity(app, SLUG)
    with app.app_context(), transaction() as session:
        ids = dict(session.execute(select(Petition.slug, Petition.id)).all())
        gone = {"slug": "gone", "public_id": b"gone"}
        of = Petition.__table__.c.id
        session.execute(update(Petition.__table__).where(of == ids[SLUG]).values(gone))
        session.execute(
            update(Petition.__table__).where(of == ids[MINE]).values({name: victors[name] for name in columns})
        )
        session.execute(update(Signature.__table__).values(petition_id=ids[MINE]))


def all_of_it(app: Flask) -> Callable[[], None]:
    return lambda: put_in_place_of_mine(app, "slug", "public_id", "mailbox_key")


def mallorys_sealed_role(app: Flask) -> list[bytes]:
    of_mallory = Membership.organiser_id == organiser(app, MALLORY).id
    with app.app_context():
        return list(db.session.scalars(select(Membership.sealed_role).where(of_mallory)))


EXCHANGED = [("public_id",), ("public_id", "mailbox_key"), ("slug", "public_id", "mailbox_key")]


@pytest.mark.parametrize("columns", EXCHANGED, ids=",".join)
def test_nobody_has_a_role_in_a_petition_that_was_passed_off_as_another(
    app: Flask, mallory: FlaskClient, columns: tuple[str, ...]
) -> None:
    make_organiser(app, "ann@example.org", Role.OWNER)
    put_in_place_of_mine(app, *columns)
    slug = SLUG if "slug" in columns else MINE
    for page in ("", "/signatures", "/members", "/export"):
        assert mallory.get(f"/organise/petitions/{slug}{page}").status_code == 404
    assert "Victor Secret" not in mallory.get("/organise").text
    assert "Victor Secret" not in mallory.get(f"/petitions/{slug}/signatures").text


@pytest.mark.parametrize("columns", EXCHANGED, ids=",".join)
def test_no_role_is_sealed_for_a_petition_that_takes_the_place_of_ones_own(
    app: Flask, mallory: FlaskClient, columns: tuple[str, ...]
) -> None:
    before, mine = mallorys_sealed_role(app), identity(app, MINE)
    me = organiser(app, MALLORY).public_id.hex()
    with just_before_writing(lambda: put_in_place_of_mine(app, *columns)):
        mallory.post(f"{PAGE}/members/{me}/role", data={"role": "editor"})
    assert mallorys_sealed_role(app) == before
    assert identity(app, SLUG if "slug" in columns else MINE)["public_id"] != mine["public_id"]


@pytest.mark.parametrize("how", ["changing", "inviting"])
def test_an_administrator_gives_no_role_in_a_petition_that_takes_the_place_of_another(
    app: Flask, mallory: FlaskClient, how: str
) -> None:
    administrator = signed_in(app, "ann@example.org", administrator=True)
    before, me = mallorys_sealed_role(app), organiser(app, MALLORY).public_id.hex()
    path = f"{PAGE}/members/{me}/role" if how == "changing" else f"{PAGE}/members"
    with just_before_writing(all_of_it(app)):
        assert administrator.post(path, data={"email": MALLORY, "role": "editor"}).status_code in {404, 409}
    assert mallorys_sealed_role(app) == before


def test_a_list_shows_nobody_of_a_petition_that_takes_the_place_of_ones_own(app: Flask, mallory: FlaskClient) -> None:
    with just_before_writing(all_of_it(app)):
        answer = mallory.get(f"{PAGE}/signatures")
    assert answer.status_code < 500
    assert "Victor Secret" not in answer.text


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_no_file_holds_anybody_of_a_petition_that_takes_the_place_of_ones_own(
    app: Flask, mallory: FlaskClient, kind: str
) -> None:
    with just_before_writing(all_of_it(app)):
        answer = mallory.get(f"{PAGE}/signatures.{kind}")
        assert b"Victor Secret" not in answer.data


@pytest.mark.parametrize("columns", EXCHANGED, ids=",".join)
def test_no_pdf_is_handed_out_of_a_petition_that_took_the_place_of_ones_own(
    app: Flask, mallory: FlaskClient, columns: tuple[str, ...]
) -> None:
    mallory.post(f"{PAGE}/export", data={"kind": "pdf", "recipient": "Registry"})
    mine, victors = identity(app, MINE), identity(app, SLUG)
    put_in_place_of_mine(app, *columns)
    with app.app_context():
        run_due()
    with app.app_context(), transaction() as session:
        in_its_place = Petition.public_id == victors["public_id"]
        session.execute(update(Petition).where(in_its_place).values(mine))
    assert mallory.get(f"{PAGE}/signatures.pdf").status_code != 200


@pytest.mark.parametrize("columns", [("public_id",), ("public_id", "mailbox_key")], ids=",".join)
def test_nobody_signs_under_the_public_id_of_another_petition(
    app: Flask, mallory: FlaskClient, columns: tuple[str, ...]
) -> None:
    mine = identity(app, MINE)
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).where(Petition.slug == MINE).values(public_id=b"gone"))
        altered = {name: mine[name] for name in columns}
        session.execute(update(Petition).where(Petition.slug == SLUG).values(altered))
    stranger = app.test_client()
    for page in ("", "/sign", "/signatures", "/count.json"):
        assert stranger.get(f"/petitions/{SLUG}{page}").status_code in {200, 503}, page
    assert sign(stranger).status_code == 503
    assert "We will be right back" in sign(stranger).text
    with app.app_context():
        assert not db.session.scalars(select(Draft)).all()


def test_the_audit_finds_a_petition_that_was_passed_off_as_another(
    app: Flask, mallory: FlaskClient, runner: FlaskCliRunner
) -> None:
    put_in_place_of_mine(app, "public_id", "mailbox_key")
    result = runner.invoke(args=["count", "audit"])
    assert result.exit_code == 1
    for slug in (MINE, "gone"):
        assert f"{slug}: ALTERED in the database: the petition's public id, slug or mailbox key" in result.output
    with app.app_context():
        found = audit(db.session.scalars(select(Petition).where(Petition.slug == MINE)).one())
        assert len(found.altered) == 1


def test_a_command_gives_nobody_a_role_in_a_petition_that_was_passed_off_as_another(
    app: Flask, mallory: FlaskClient, runner: FlaskCliRunner
) -> None:
    before = mallorys_sealed_role(app)
    put_in_place_of_mine(app, "public_id", "mailbox_key")
    result = runner.invoke(args=["organiser", "invite", MALLORY, "--petition", MINE, "--role", "owner"])
    assert result.exit_code == 1
    assert "see `count audit`" in result.output
    assert mallorys_sealed_role(app) == before
    listed = runner.invoke(args=["signatures", "export", MINE])
    assert listed.exit_code == 1
    assert "Victor Secret" not in listed.output


@pytest.fixture
def trigger(app: Flask, mallory: FlaskClient) -> Iterator[None]:
    """A trigger that makes each new petition Victor's."""
    victors = identity(app, SLUG)
    is_sqlite = app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    key, public_id = (
        f"x'{value.hex()}'" if is_sqlite else f"'\\x{value.hex()}'::bytea"
        for value in (victors["mailbox_key"], victors["public_id"])
    )
    act = f"UPDATE petition SET slug = '{SLUG}', public_id = {public_id}, mailbox_key = {key} WHERE id = NEW.id"
    function = f"CREATE FUNCTION swap() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {act}; RETURN NEW; END$$"
    on_insert = "CREATE TRIGGER swap AFTER INSERT ON petition"
    made = (
        [f"{on_insert} BEGIN {act}; END"]
        if is_sqlite
        else [function, f"{on_insert} FOR EACH ROW EXECUTE FUNCTION swap()"]
    )
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).where(Petition.slug == SLUG).values(slug="gone", public_id=b"gone"))
        for statement in made:
            session.execute(text(statement))
    yield
    with app.app_context(), transaction() as session:
        session.execute(text("DROP TRIGGER swap" if is_sqlite else "DROP FUNCTION swap CASCADE"))


@pytest.mark.usefixtures("trigger")
def test_a_trigger_that_makes_a_new_petition_another_one_gets_no_role_in_it(app: Flask, mallory: FlaskClient) -> None:
    me = organiser(app, MALLORY).id
    with app.app_context(), pytest.raises(AlteredPetition):
        create_petition(PetitionFile("anew", "en", "A new one"), me)
    answer = mallory.post("/organise/petitions/new", data={"title": "A new one", "slug": "anew", "language": "en"})
    assert answer.status_code == 503
    assert len(mallorys_sealed_role(app)) == 1


def test_a_role_goes_to_the_organiser_whom_the_form_names(app: Flask, petition: str) -> None:
    ann = signed_in(app, "ann@example.org", Role.OWNER)
    make_organiser(app, "fred@example.org", Role.VIEWER)
    make_organiser(app, MALLORY)
    fred, mallory = organiser(app, "fred@example.org"), organiser(app, MALLORY)

    def put_mallory_in_freds_place() -> None:
        unique = ("public_id", "email_key", "fs_uniquifier")
        others = ("sealed_email", "sealed_rights", "password", "joined_at", "active")
        rows = Organiser.__table__
        with app.app_context(), transaction() as session:
            gone = {"public_id": b"gone", "email_key": b"gone", "fs_uniquifier": "gone"}
            session.execute(update(rows).where(rows.c.id == mallory.id).values(gone))
            values = {name: getattr(mallory, name) for name in (*unique, *others)}
            session.execute(update(rows).where(rows.c.id == fred.id).values(values))

    with just_before_writing(put_mallory_in_freds_place):
        ann.post(f"/organise/petitions/{SLUG}/members/{fred.public_id.hex()}/role", data={"role": "editor"})
    with app.app_context():
        petition_row = db.session.scalars(select(Petition)).one()
        in_freds_place = db.session.get_one(Organiser, fred.id)
        member = db.session.get_one(Membership, (petition_row.id, fred.id))
        assert in_freds_place.public_id == mallory.public_id
        assert in_freds_place.is_genuine
        assert member.genuine_role(petition_row, in_freds_place) is None
