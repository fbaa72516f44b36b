"""Petition files by browser: imported whole or not at all, and downloaded without loss."""

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.db import db
from app.models import Act, Membership, Role
from app.petition_files.file import BadPetitionFile, parse_petition_file
from app.petition_files.importing import import_file
from app.web import rate_limits
from tests.factories import SLUG, make_petition, petition_file
from tests.html_page import HtmlPage
from tests.mail_server import MailServer
from tests.petitions.stored import everything, notices, texts
from tests.publishing.conftest import PLACE, Desk, Seat, stored
from tests.publishing.test_details import TABLES, acts

IMPORT = "/organise/petitions/import"
SWEDISH = '[[translations]]\nlanguage = "sv"\ntitle = "Rädda biblioteket"\nstatement = "Vi ber."\nbody = "**Böcker**"\n'


def upload(desk: Desk, text: str | bytes, name: str = "petition.md") -> TestResponse:
    content = text if isinstance(text, bytes) else text.encode()
    token = desk.form(IMPORT)["csrf_token"]
    return desk.client.post(IMPORT, data={"csrf_token": token, "file": (io.BytesIO(content), name)})


def upload_and_confirm(desk: Desk, text: str) -> HtmlPage:
    """Import a file of an existing petition, and confirm the changes; return the page with the changes."""
    answer = upload(desk, text)
    assert answer.status_code == 200
    page = HtmlPage(answer.text)
    (form,) = page.all("form", enctype="multipart/form-data")
    assert desk.client.post(IMPORT, data=page.answers(form), content_type="multipart/form-data").status_code == 303
    return page


def error(answer: TestResponse) -> str:
    return HtmlPage(answer.text).errors()["file"]


def test_an_organiser_begins_so_many_drafts_a_day_and_no_more(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MAX_NEW_DRAFTS", 2)
    writer, another = seat(None, "writer@example.org"), seat(None, "another@example.org")
    new = "/organise/petitions/new"
    assert [writer.send(new, title=f"Books {number}").status_code for number in range(3)] == [303, 303, 429]
    refused = writer.send(new, title="Books of mine")
    assert "You have begun many drafts today." in refused.text
    assert "Books of mine" in refused.text
    file = petition_file(slug='"by-file"')
    assert upload(writer, file).status_code == 429
    assert [upload(another, file).status_code for _ in range(4)] == [303] * 4, "the later ones begin none"


def test_a_new_file_becomes_a_draft_of_its_importer(app: Flask, seat: Seat, client: FlaskClient) -> None:
    desk = seat(None)
    assert upload(desk, petition_file(tables=TABLES + SWEDISH)).status_code == 303
    assert client.get(f"/petitions/{SLUG}").status_code == 404
    assert [text.language for text in texts(app)] == ["en", "sv"]
    with app.app_context():
        assert db.session.scalars(select(Membership.role)).one() == Role.OWNER
    assert [act for act, _ in acts(app)] == [Act.IMPORTED]
    assert desk.press(f"{PLACE}/open").status_code == 303
    assert client.get(f"/petitions/{SLUG}").status_code == 200


def test_a_file_with_an_unknown_key_is_refused_and_imports_nothing(app: Flask, seat: Seat) -> None:
    desk = seat(None)
    before = everything(app)
    answer = upload(desk, petition_file(titel='"x"'))
    assert answer.status_code == 422
    assert error(answer).startswith("petition.md: titel: is not known here. Known are: slug, language, title")
    assert everything(app) == before


@pytest.mark.parametrize("content", [b"", b"\xff", b"+++\n", b"<svg onload=alert(1)>", b"\0" * 1000])
def test_an_invalid_file_is_refused(seat: Seat, content: bytes) -> None:
    assert upload(seat(None), content).status_code == 422


def test_without_a_file_there_is_an_error(seat: Seat) -> None:
    desk = seat(None)
    assert "choose a petition file" in error(desk.send(IMPORT))


@pytest.mark.parametrize("role", [None, Role.VIEWER])
def test_a_file_of_somebody_elses_petition_is_refused_as_a_reserved_slug(
    app: Flask, desk: Desk, seat: Seat, role: Role | None
) -> None:
    other = seat(role, "eve@example.org")
    before = everything(app)
    answer = upload(other, petition_file("Other words."))
    reserved = upload(other, petition_file("Other words.", slug='"new"'))
    assert (answer.status_code, reserved.status_code) == (422, 422)
    assert error(answer) == error(reserved) == "petition.md: slug: must be another one: this one is taken or reserved."
    assert everything(app) == before


def test_an_editors_file_makes_a_version_but_cannot_change_the_last_day(app: Flask, desk: Desk, seat: Seat) -> None:
    editor = seat(Role.EDITOR, "eddi@example.org")
    upload_and_confirm(editor, petition_file("Other words."))
    assert [text.version for text in texts(app)] == [1, 2]
    assert acts(app)[-1] == (Act.IMPORTED, {"text en": 2, "what": "body"})
    assert "only owners change when" in error(upload(editor, petition_file("Third.", closes_on="2026-01-31")))
    assert len(texts(app)) == 2
    upload_and_confirm(desk, petition_file("Third.", closes_on="2999-01-31"))


def test_a_file_changes_nothing_before_its_changes_are_confirmed(app: Flask, desk: Desk) -> None:
    before = everything(app)
    page = HtmlPage(upload(desk, petition_file("Books are **bad**.", goal="700")).text)
    assert everything(app) == before
    assert {one.words() for one in page.all("dt")} == {"The reasons", "Goal"}
    assert {"[removed: good end]"} == {one.words() for one in page.all("del")}
    (form,) = page.all("form", enctype="multipart/form-data")

    desk.send(f"{PLACE}/details", goal="300")  # somebody else, meanwhile
    meanwhile = everything(app)
    again = desk.client.post(IMPORT, data=page.answers(form), content_type="multipart/form-data")
    assert "300" in {one.words().split()[1] for one in HtmlPage(again.text).all("del")}
    assert everything(app) == meanwhile


def test_a_file_without_changes_shows_a_message(desk: Desk) -> None:
    answer = upload(desk, petition_file())
    assert answer.status_code == 303
    assert "Nothing changed" in desk.get(answer.location).text


def test_a_file_cannot_remove_required_keys_of_an_open_petition(app: Flask, desk: Desk) -> None:
    assert error(upload(desk, petition_file(contact=""))) == "petition.md: contact: is missing, and must be given."
    assert stored(app).contact


def test_a_file_that_is_too_large_is_refused(desk: Desk) -> None:
    environ = {"CONTENT_LENGTH": "4000000", "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    assert desk.client.post(IMPORT, environ_overrides=environ).status_code == 413


def test_a_downloaded_file_is_the_imported_one(app: Flask, seat: Seat) -> None:
    front = {"closes_on": "2999-12-31", "goal": "500", "privacy": '"More."', "started_on": "2026-01-01"}
    text = petition_file("One.\n\n+++\n\nTwo.", TABLES + SWEDISH, discreet="true", **front)
    make_petition(app, "One.\n\n+++\n\nTwo.", TABLES + SWEDISH, discreet="true", **front)
    desk = seat()
    answer = desk.get(f"{PLACE}/petition.md")
    assert f'filename="{SLUG}.md"' in answer.headers["Content-Disposition"]
    assert parse_petition_file(answer.data, "a") == parse_petition_file(text.encode(), "b")
    before = everything(app)
    assert upload(desk, answer.data).status_code == 303
    assert everything(app) == before


def test_an_incomplete_draft_can_be_downloaded_and_imported_again(app: Flask, draft: Desk) -> None:
    answer = draft.get(f"{PLACE}/petition.md")
    before = everything(app)
    assert upload(draft, answer.data).status_code == 303
    assert everything(app) == before
    assert len(notices(app)) == 1


def test_a_translation_that_is_not_in_the_file_stays(app: Flask, desk: Desk) -> None:
    upload_and_confirm(desk, petition_file(tables=SWEDISH))
    upload_and_confirm(desk, petition_file("Other words."))
    assert [(text.language, text.version) for text in texts(app)] == [("en", 1), ("sv", 1), ("en", 2)]
    assert b"Vi ber." in desk.get(f"{PLACE}/petition.md").data


def test_importing_needs_a_fresh_sign_in(seat: Seat) -> None:
    assert "/organise/verify" in seat(None, minutes_ago=60).get(IMPORT).location


def test_a_file_by_command_is_logged_and_mailed_to_owners(
    app: Flask, desk: Desk, mail_server: MailServer, work: Callable[[], int], tmp_path: Path
) -> None:
    path = tmp_path / "petition.md"
    path.write_text(petition_file(contact='"new@example.org"'), "utf-8")
    with app.app_context():
        import_file(path)
    assert acts(app)[-1] == (Act.IMPORTED, {"what": "contact"})
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["olga@example.org"]


def test_a_complete_file_by_command_opens_the_draft(
    app: Flask, draft: Desk, client: FlaskClient, tmp_path: Path
) -> None:
    path = tmp_path / "petition.md"
    for text, status in ((petition_file(contact=""), 404), (petition_file(), 200)):
        path.write_text(text, "utf-8")
        with app.app_context(), suppress(BadPetitionFile):
            import_file(path)
        assert client.get(f"/petitions/{SLUG}").status_code == status
    assert [act for act, _ in acts(app)] == [Act.CREATED, Act.IMPORTED, Act.OPENED]
