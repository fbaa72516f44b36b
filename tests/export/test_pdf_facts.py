"""What a delivery says of its petition, as the database has it: texts in order, totals, contact and picture."""

import io

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.export.pdf_content import PdfContent
from app.export.pdf_facts import read_content
from app.export.rows import Choice, count_rows
from app.models import Petition, PetitionText, Picture, Signature, State, Visibility
from tests.export.listed import add
from tests.factories import SLUG, make_petition

pytestmark = pytest.mark.both_databases
TRANSLATIONS = "".join(
    f'[[translations]]\nlanguage = "{tag}"\ntitle = "Title {tag}"\nstatement = "Statement {tag}"\n'
    for tag in ("de", "uk")
)


def content(app: Flask, choice: Choice | None = None) -> PdfContent:
    choice = choice or Choice(for_addressee=True)
    with app.app_context():
        petition = db.session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
        rows = count_rows(petition.id, choice, before=clock.now())
        return read_content(petition, choice, rows, clock.now())


def test_the_original_language_comes_first_and_then_the_others_in_order(app: Flask) -> None:
    make_petition(app, language='"sv"', title='"Title sv"', tables=TRANSLATIONS)
    with app.app_context():
        ids = {text.language: text.id for text in db.session.scalars(select(PetitionText))}
    for language in ("uk", "sv", "de"):
        add(app, email=f"{language}@example.org", text_id=ids[language])
    made = content(app)
    assert [text.language for text in made.texts] == ["sv", "de", "uk"]
    assert (made.language, made.contact) == ("sv", "library@example.org")


def test_totals_leave_out_the_countries_of_withheld_names(app: Flask, petition: str) -> None:
    add(app, email="a@example.org", country="SE")
    add(app, email="b@example.org", country="SE", visibility=Visibility.DELIVERY)
    add(app, email="c@example.org", country="")
    add(app, email="d@example.org", country="NR", visibility=Visibility.ORGANISERS)
    add(app, email="e@example.org", country="FR", state=State.INVALIDATED)
    theirs, own = content(app), content(app, Choice())
    assert (theirs.countries, theirs.withheld, theirs.count) == ({"SE": 2, "": 1}, 1, 4)
    assert (own.countries, own.withheld) == ({"SE": 2, "": 1, "NR": 1}, 0)
    french = content(app, Choice(countries=frozenset({"FR"}), for_addressee=True))
    assert (french.countries, french.withheld, french.texts) == ({}, 0, ())


def test_the_picture_is_large_enough_for_paper_and_no_larger(app: Flask, petition: str) -> None:
    assert content(app).picture is None
    with app.app_context(), transaction() as session:
        of_petition = session.scalars(select(Petition)).one()
        of_petition.image_alt = "Red shelves"
        for width in (480, 960, 1600):
            out = io.BytesIO()
            Image.new("RGB", (width, width // 2), "red").save(out, "JPEG")
            size = {"width": width, "height": width // 2, "data": out.getvalue()}
            session.add(Picture(petition_id=of_petition.id, digest="a" * 32, **size))
    picture = content(app).picture
    assert picture and (picture.width, picture.height, picture.alt) == (960, 480, "Red shelves")
    with Image.open(io.BytesIO(picture.data)) as opened:
        assert opened.size == (960, 480)


def test_a_text_that_nobody_on_the_list_signed_is_not_in_it(app: Flask) -> None:
    make_petition(app, tables=TRANSLATIONS)
    add(app)
    with app.app_context(), transaction() as session:
        english = session.scalars(select(PetitionText).where(PetitionText.language == "en")).one()
        session.execute(update(Signature).values(text_id=english.id))
    assert [text.language for text in content(app).texts] == ["en"]
