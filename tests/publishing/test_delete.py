"""A draft can be deleted, and a translation taken back, as long as nobody can have signed it."""

from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import delete, func, select

from app.db import db, transaction
from app.models import Act, Draft, Membership, Petition, PetitionText, PrivacyNotice, Role, SpentProof
from app.web import rate_limits
from tests.factories import SLUG, make_signature, proof, sign
from tests.html_page import HtmlPage
from tests.mail_server import MailServer
from tests.organisers.people import signed_in
from tests.publishing.conftest import PLACE, TRUSTED, Desk, Seat, stored
from tests.publishing.test_details import acts
from tests.races import just_before_writing

pytestmark = pytest.mark.both_databases


def number_of(app: Flask, *tables: type) -> list[int]:
    with app.app_context():
        return [db.session.scalars(select(func.count()).select_from(table)).one() for table in tables]


def test_a_deleted_draft_is_gone_with_all_that_it_said_and_its_address_is_free(
    app: Flask, draft: Desk, seat: Seat, runner: FlaskCliRunner
) -> None:
    draft.send(f"{PLACE}/words", statement="We ask.")
    draft.send(f"{PLACE}/trust", **TRUSTED)
    editor = seat(Role.EDITOR, "edith@example.org")
    (link,) = [one for one in draft.page(f"{PLACE}/publishing").all("a") if one.words() == "Delete the draft"]
    assert "nobody can bring it back" in draft.get(link.get("href") or "").text
    answer = draft.send(f"{PLACE}/delete")
    assert answer.location == "/organise"
    assert "The draft is deleted." in draft.get("/organise").text
    assert "Save the test library" not in draft.get("/organise").text
    for path in ("publishing", "words", "preview", "petition.md", "delete", "members"):
        assert draft.get(f"{PLACE}/{path}").status_code == editor.get(f"{PLACE}/{path}").status_code == 404
    assert number_of(app, PetitionText, PrivacyNotice, Membership) == [0, 0, 0]
    with app.app_context():
        gone = db.session.scalars(select(Petition)).one()
        assert (gone.started_by, gone.contact, gone.slug == SLUG, gone.is_genuine) == ("", "", False, True)
    assert runner.invoke(args=["petition", "list"]).output == ""
    assert runner.invoke(args=["count", "audit"]).exit_code == 0
    new = "/organise/petitions/new"
    assert draft.send(new, title="Another", slug=SLUG).location == f"{PLACE}/words"
    assert "created the petition" in draft.get(f"{PLACE}/log").text
    assert "deleted" not in draft.get(f"{PLACE}/log").text, "the log is that of the new one"


def test_the_log_of_the_site_has_it_for_administrators(app: Flask, draft: Desk, seat: Seat) -> None:
    draft.send(f"{PLACE}/delete")
    administrator = Desk(signed_in(app, "ada@example.org", administrator=True, with_token=False))
    page = administrator.get("/organise/people/log").text
    assert "deleted the draft of a petition" in page
    assert "olga@example.org" in page
    assert draft.get("/organise/people/log").status_code == 404
    assert "/organise/people/log" in administrator.get("/organise/people").text


def test_somebody_who_edits_it_meanwhile_saves_nothing(app: Flask, draft: Desk, seat: Seat) -> None:
    editor = seat(Role.EDITOR, "edith@example.org")
    form = editor.form(f"{PLACE}/words")
    draft.send(f"{PLACE}/delete")
    assert editor.client.post(f"{PLACE}/words", data=form | {"statement": "Late"}).status_code == 404
    assert number_of(app, PetitionText) == [0]


def test_nor_does_an_owner_delete_it_who_meanwhile_was_removed(app: Flask, draft: Desk) -> None:
    form = draft.form(f"{PLACE}/delete")

    def remove() -> None:
        with app.app_context(), transaction() as session:
            session.execute(delete(Membership))

    with just_before_writing(remove):
        assert draft.client.post(f"{PLACE}/delete", data=form).status_code == 404
    assert number_of(app, PetitionText) == [1]


def test_what_was_opened_is_never_deleted(app: Flask, desk: Desk) -> None:
    assert "Delete the draft" not in desk.get(f"{PLACE}/publishing").text
    assert "cannot be deleted" in desk.get(f"{PLACE}/delete").text
    for closed in (False, True):
        if closed:
            desk.press(f"{PLACE}/close")
        assert desk.press(f"{PLACE}/delete").status_code == 409
        assert stored(app).deleted_at is None
    assert Act.DELETED not in [act for act, _ in acts(app)]


def languages(app: Flask) -> set[str]:
    with app.app_context():
        return set(db.session.scalars(select(PetitionText.language)))


def test_a_translation_is_taken_back_as_long_as_nobody_signed_it(
    app: Flask, desk: Desk, client: FlaskClient, mail_server: MailServer
) -> None:
    make_signature(app)  # in the petition's own language
    for _ in range(2):
        desk.send(f"{PLACE}/words/sv", title="Böcker", statement="Vi ber.")
        assert client.get(f"/petitions/{SLUG}/sv").status_code == 200
        assert "Take this translation back" in desk.get(f"{PLACE}/words/sv").text
        assert desk.send(f"{PLACE}/words/sv/delete").location == f"{PLACE}/words"
        assert languages(app) == {"en"}
    assert acts(app)[-1] == (Act.EDITED, {"what": "translations"})
    for answer in (desk.get(f"{PLACE}/words/en/delete"), desk.press(f"{PLACE}/words/en/delete")):
        assert answer.location == f"{PLACE}/words", "the petition's own language stays"
    assert languages(app) == {"en"}
    assert desk.get(f"{PLACE}/words/fi/delete").status_code == 404
    assert "Take this translation back" not in desk.get(f"{PLACE}/words").text

    desk.send(f"{PLACE}/words/sv", title="Böcker", statement="Vi ber.")
    assert sign(client, language="sv").status_code == 303
    refused = desk.send(f"{PLACE}/words/sv/delete")
    assert refused.status_code == 409
    assert "Somebody has signed these words" in refused.text
    assert languages(app) == {"en", "sv"}


def test_whoever_signs_in_the_moment_that_it_is_taken_back_reads_the_original_and_signs_that(
    app: Flask, desk: Desk, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.send(f"{PLACE}/words/sv", title="Böcker", statement="Vi ber.")
    wait_for = rate_limits.wait_for

    def take_it_back(action: rate_limits.Action) -> int:
        monkeypatch.setattr(rate_limits, "wait_for", wait_for)
        another = Thread(target=lambda: desk.send(f"{PLACE}/words/sv/delete"))
        another.start()
        another.join()
        assert languages(app) == {"en"}
        return 0

    monkeypatch.setattr(rate_limits, "wait_for", take_it_back)
    worked = proof(client)
    answer = sign(client, language="sv", name="Ann Example", altcha=worked)
    assert answer.status_code == 422
    assert number_of(app, Draft, SpentProof) == [0, 0]
    assert "Ann Example" in answer.text and "We ask" in answer.text
    page = HtmlPage(answer.text)
    (form,) = [one for one in page.all("form") if "/sign" in (one.get("action") or "")]
    again = page.answers(form) | {"altcha": worked}
    assert client.post(f"/petitions/{SLUG}/sign", data=again).status_code == 303
    assert number_of(app, Draft, SpentProof) == [1, 1]


@pytest.mark.parametrize("state", ["draft", "open", "closed"])
def test_the_last_owner_who_wants_to_leave_reads_the_ways_there_are(draft: Desk, app: Flask, state: str) -> None:
    if state != "draft":
        draft.send(f"{PLACE}/words", statement="We ask.")
        draft.send(f"{PLACE}/details", started_by="Friends")
        draft.send(f"{PLACE}/trust", **TRUSTED)
        assert draft.press(f"{PLACE}/open").status_code == 303
    if state == "closed":
        draft.press(f"{PLACE}/close")
    page = draft.get(draft.press(f"{PLACE}/leave").location).text
    assert "Make somebody else an owner first" in page
    assert ("Or delete the draft" in page) == (state == "draft")
    assert ("close it first" in page) == (state == "open")
    assert ("ask an administrator of this site to become its owner" in page) == (state != "draft")
