"""Lists of petitions on the organisers' home page and the command line: a constant number of statements."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from app import clock
from app.db import transaction
from app.models import Membership, Organiser, Petition, Role
from tests.factories import make_petition, make_signature
from tests.organisers.people import signed_in
from tests.signing.test_sign import statements

pytestmark = pytest.mark.both_databases

MANY = 12


def make_petitions(app: Flask, numbers: range) -> None:
    """Make petitions; each has as many signatures as its number, at most two."""
    for number in numbers:
        slug = make_petition(app, slug=f'"library-{number}"', title=f'"Save library {number}"')
        for which in range(number % 3):
            make_signature(app, slug, email=f"person{which}@example.org")


def add_member(app: Flask, email: str, role: Role, *, is_invited: bool = False) -> None:
    """Make an organiser a member of every petition where they have no role yet."""
    with app.app_context(), transaction() as session:
        organiser = next(one for one in session.scalars(select(Organiser)) if one.email == email)
        mine = select(Membership.petition_id).where(Membership.organiser_id == organiser.id)
        for petition in session.scalars(select(Petition).where(Petition.id.not_in(mine))):
            member = Membership(petition, organiser, role)
            if is_invited:
                member.invite(organiser, email, clock.now() + timedelta(days=7))
            session.add(member)


@pytest.mark.parametrize("is_administrator", [False, True])
@pytest.mark.parametrize("is_invited", [False, True])
def test_the_home_page_reads_twelve_petitions_in_as_few_statements_as_one(
    app: Flask, is_administrator: bool, is_invited: bool
) -> None:
    client = signed_in(app, "ann@example.org", administrator=is_administrator)
    make_petitions(app, range(1))
    add_member(app, "ann@example.org", Role.EDITOR, is_invited=is_invited)
    client.get("/organise")
    with statements(app) as for_one:
        assert "Save library 0" in client.get("/organise").text
    make_petitions(app, range(1, MANY))
    add_member(app, "ann@example.org", Role.EDITOR, is_invited=is_invited)
    with statements(app) as for_many:
        page = client.get("/organise").text
    assert all(f"Save library {number}" in page for number in range(MANY))
    if not is_invited:
        assert page.count("2 verified signatures") == MANY // 3
    assert len(for_many) == len(for_one)


def test_the_command_lists_twelve_petitions_in_as_few_statements_as_one(app: Flask, runner: FlaskCliRunner) -> None:
    make_petitions(app, range(1))
    with statements(app) as for_one:
        assert runner.invoke(args=["petition", "list"]).output == "library-0\topen\t0\tSave library 0\n"
    make_petitions(app, range(1, MANY))
    with statements(app) as for_many:
        listed = runner.invoke(args=["petition", "list"]).output.splitlines()
    assert sorted(listed) == sorted(f"library-{n}\topen\t{n % 3}\tSave library {n}" for n in range(MANY))
    assert len(for_many) == len(for_one)


def test_each_title_is_the_newest_in_the_petitions_own_language(app: Flask, runner: FlaskCliRunner) -> None:
    make_petition(app, title='"Before"')
    swedish = '[[translations]]\nlanguage = "sv"\ntitle = "Efter"\nstatement = "Vi ber."\n'
    make_petition(app, title='"After"', tables=swedish)
    assert runner.invoke(args=["petition", "list"]).output.endswith("\tAfter\n")
    client = signed_in(app, "ann@example.org", administrator=True)
    page = client.get("/organise").text
    assert "After" in page and "Before" not in page and "Efter" not in page
