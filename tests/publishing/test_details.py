"""Details and trust pages: every key of a petition file, with its checks; owners get an e-mail about changes."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.db import db, transaction
from app.models import Act, AuditEntry, Petition, Role
from app.models.petition import Standing
from app.petition_files.content import PetitionFile
from app.petitions.labels import LABELS
from app.petitions.page import DONATIONS_MARKED_FOR
from app.publishing import edit_views
from app.publishing.forms import DetailsForm, TrustForm
from tests.factories import SLUG, make_petition
from tests.html_page import HtmlPage
from tests.mail_server import MailServer
from tests.organisers.people import signed_in
from tests.petitions.stored import notices
from tests.publishing.conftest import PLACE, TRUSTED, Desk, Seat, stored
from tests.races import just_before_writing

IBAN = "DE89370400440532013000"
TABLES = (
    '[[initiators]]\nname = "Ann Example"\ncountry = "SE"\n[[initiators]]\nname = "Bo Example"\n'
    f'[[donations]]\nrecipient = "Club"\niban = "{IBAN}"\n'
    '[[links]]\ntitle = "Read"\nurl = "https://times.example"\n[elsewhere]\ncount = 0\nsource = "On paper"\n'
)


def acts(app: Flask) -> list[tuple[Act, dict[str, int | str]]]:
    with app.app_context():
        return [(one.act, one.details) for one in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


@pytest.mark.parametrize("page", ["words", "details", "trust"])
def test_sending_an_unchanged_form_changes_nothing(app: Flask, seat: Seat, page: str) -> None:
    make_petition(app, tables=TABLES, closes_on="2999-12-31", goal="500", privacy='"More."', started_on="2026-01-01")
    desk = seat()
    before = acts(app)
    answer = desk.send(f"{PLACE}/{page}")
    assert answer.status_code == 303, HtmlPage(answer.text).errors()
    assert "Nothing was different" in desk.get(f"{PLACE}/{page}").text
    assert acts(app) == before


def step_of(field: str) -> str:
    """Return the step of the details in which a field is."""
    listed = field.partition("-")[0]
    if listed in DetailsForm.steps:
        return listed
    if field.endswith(("_field", "_label")):
        return "questions"
    return "names" if field in DetailsForm.steps["names"] else "basics"


def send_steps(desk: Desk, fields: dict[str, str]) -> list[TestResponse]:
    """Save these fields, each step by itself."""
    by_step: dict[str, dict[str, str]] = {}
    for name, value in fields.items():
        by_step.setdefault(step_of(name), {})[name] = value
    page = f"{PLACE}/details"
    return [desk.client.post(page, data=desk.form(page, step) | said) for step, said in by_step.items()]


def test_every_detail_can_be_changed(app: Flask, desk: Desk) -> None:
    said = {
        "started_by": "Others",
        "started_on": "2026-11-01",
        "goal": "1 500",
        "closes_on": "2999-12-31",
        "discreet": "y",
        "comment_field": "off",
        "initiators-0-name": "Ann Example",
        "initiators-0-country": "SE",
        "initiators-1-name": "Bo Example",
        "links-1-title": "Read",
        "links-1-url": "https://times.example",
        "elsewhere-count": "0",
        "elsewhere-source": "On paper",
    }
    assert {answer.status_code for answer in send_steps(desk, said)} == {303}
    petition = stored(app)
    assert (petition.started_by, petition.goal, petition.discreet) == ("Others", 1500, True)
    assert (petition.comment_field, petition.country_field) == ("off", "required")
    assert [one["name"] for one in petition.initiators] == ["Ann Example", "Bo Example"]
    assert petition.links == [{"title": "Read", "source": "", "url": "https://times.example"}]
    assert petition.elsewhere == {"count": 0, "source": "On paper", "url": ""}
    assert petition.closes_at and petition.closes_at.year == 3000
    emptied = {name: "" for name in said if name.startswith(("initiators-0", "elsewhere"))} | {"goal": ""}
    assert {answer.status_code for answer in send_steps(desk, emptied)} == {303}
    petition = stored(app)
    assert [one["name"] for one in petition.initiators] == ["Bo Example"]
    assert (petition.elsewhere, petition.goal) == (None, None)


def test_the_forms_questions_can_be_named(app: Flask, desk: Desk, client: FlaskClient) -> None:
    assert desk.send(f"{PLACE}/details", country_label="Country of <i>origin</i>").status_code == 303
    assert "Country of &lt;i&gt;origin&lt;/i&gt;" in client.get(f"/petitions/{SLUG}").text
    assert desk.form(f"{PLACE}/details", "country_label")["country_label"] == "Country of <i>origin</i>"
    answer = desk.send(f"{PLACE}/details", comment_label="x" * 101)
    assert HtmlPage(answer.text).errors() == {"comment_label": "Must have at most 100 characters; it has 101."}
    desk.send(f"{PLACE}/details", country_label="")
    assert stored(app).labels is None


def test_a_last_day_in_the_past_is_refused_for_an_open_petition(app: Flask, desk: Desk) -> None:
    answer = desk.send(f"{PLACE}/details", closes_on="2025-12-31")
    assert answer.status_code == 422
    assert "This day is over." in answer.text
    assert stored(app).closes_at is None
    desk.press(f"{PLACE}/close")
    assert "closes_on" not in desk.form(f"{PLACE}/details")


@pytest.mark.parametrize("typed", ["1.500", "1,500", "1 500", "1\u202f500", "1’500", "1500"])
def test_a_number_may_have_thousands_separators(app: Flask, desk: Desk, typed: str) -> None:
    assert desk.send(f"{PLACE}/details", goal=typed).status_code == 303
    assert stored(app).goal == 1500


@pytest.mark.parametrize("typed", ["1.5", "1500.000", "1 50", "12.34.567", "1e3"])
def test_an_ambiguous_number_is_refused(desk: Desk, typed: str) -> None:
    assert "goal" in HtmlPage(desk.send(f"{PLACE}/details", goal=typed).text).errors()


def test_each_field_shows_the_error_of_the_petition_file_check(app: Flask, desk: Desk) -> None:
    wrong = {
        "started_by": "",
        "goal": "many",
        "started_on": "1066-10-14",
        "initiators-0-affiliation": "Union",
        "links-0-title": "Read",
        "links-0-url": "times",
        "elsewhere-count": "3",
    }
    errors: dict[str, str] = {}
    summaries = ""
    for answer in send_steps(desk, wrong):
        assert answer.status_code == 422
        page = HtmlPage(answer.text)
        errors |= page.errors()
        (summary,) = page.all("div", role="alert")
        summaries += summary.words()
        links = [one for one in page.all("a") if summary in one.inside]
        assert all(page.by_id((link.get("href") or "").removeprefix("#")) for link in links)
        if "goal" in page.errors():
            assert page.by_id("goal").get("value") == "many"
    assert errors == {
        "started_by": "This must not be empty.",
        "started_on": "Must be a date, such as 2026-11-23.",
        "goal": "Must be a whole number from 1 to 2000000000.",
        "initiators-0-name": "This must not be empty.",
        "links-0-url": "Must be a web address that begins with https:// or http://.",
        "elsewhere-source": "This must not be empty.",
    }
    assert "Initiator 1, Name: This must not be empty." in summaries
    assert "Link 1, Its address: Must be a web address" in summaries
    assert "Paper and other signatures, Where they were gathered: This must" in summaries


def test_a_step_saves_its_own_part_alone(app: Flask, desk: Desk) -> None:
    answer = desk.send(f"{PLACE}/details", goal="700", discreet="y", **{"links-0-title": "Read"})
    assert answer.status_code == 303
    petition = stored(app)
    assert (petition.goal, petition.discreet, petition.links) == (700, False, [])
    fields = desk.form(f"{PLACE}/details") | {"step": "all of it"}
    assert desk.client.post(f"{PLACE}/details", data=fields).status_code == 400


def test_boxes_of_a_list_come_when_they_are_asked_for(desk: Desk) -> None:
    def boxes(html: str) -> int:
        return len([one for one in HtmlPage(html).all("fieldset") if one.get("class") == "field row"])

    assert boxes(desk.get(f"{PLACE}/details").text) == boxes(desk.get(f"{PLACE}/trust").text) == 0
    for path, listed in (("details", "initiators"), ("details", "links"), ("trust", "donations")):
        assert boxes(desk.send(f"{PLACE}/{path}", more=listed).text) == 1


def test_the_notice_is_shown_as_signers_read_it(desk: Desk) -> None:
    desk.send(f"{PLACE}/trust", controller_name="New Library Club", privacy="Nobody **else** gets it.")
    page = desk.page(f"{PLACE}/trust")
    (preview,) = [one for one in page.all("section") if one.get("class") == "notice-preview"]
    assert "New Library Club answers for your data." in preview.words()
    assert "Nobody else gets it." in preview.words()


def test_the_log_uses_the_forms_labels(desk: Desk) -> None:
    desk.send(f"{PLACE}/details", closes_on="2999-12-31", goal="700")
    assert "edited the petition: Goal, Last day for signing" in desk.get(f"{PLACE}/log").text


def test_every_key_of_a_petition_file_has_a_label() -> None:
    assert set(PetitionFile.__slots__) - {"slug", "language"} <= set(LABELS)


def test_more_rows_keep_what_was_typed_and_save_nothing(app: Flask, desk: Desk) -> None:
    answer = desk.send(f"{PLACE}/details", more="links", **{"links-0-title": "Kept", "links-0-url": "wrong"})
    page = HtmlPage(answer.text)
    assert answer.status_code == 200
    assert page.by_id("links-0-title").get("value") == "Kept"
    assert len([one for one in page.all("input") if (one.get("name") or "").endswith("-title")]) == 2
    assert stored(app).links == []


def test_a_list_may_have_a_hundred_rows_and_no_more(app: Flask, desk: Desk) -> None:
    hundred = {f"links-{number}-title": f"Link {number}" for number in range(100)}
    assert desk.send(f"{PLACE}/details", **hundred).status_code == 303
    assert len(stored(app).links) == 100
    page = HtmlPage(desk.send(f"{PLACE}/details", more="links").text)
    assert len([one for one in page.all("input") if (one.get("name") or "").endswith("-title")]) == 100
    refused = desk.send(f"{PLACE}/details", **{"links-100-title": "One more"})
    assert refused.status_code == 413
    assert "A list may have 100 rows at most." in refused.text
    assert len(stored(app).links) == 100


@pytest.mark.parametrize(("page", "field"), [("details", "initiators-{}-name"), ("trust", "donations-{}-iban")])
def test_thousands_of_rows_are_refused_before_the_form_is_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, page: str, field: str
) -> None:
    given = desk.form(f"{PLACE}/{page}")
    monkeypatch.setattr(edit_views, "DetailsForm", SimpleNamespace(lists=DetailsForm.lists))
    monkeypatch.setattr(edit_views, "TrustForm", SimpleNamespace(lists=TrustForm.lists))
    rows = {field.format(number): "" for number in range(20_000)}
    assert desk.client.post(f"{PLACE}/{page}", data=given | rows).status_code == 413


def test_parts_can_be_saved_at_the_same_time_and_one_part_by_one_at_a_time(app: Flask, desk: Desk, seat: Seat) -> None:
    basics, links = desk.form(f"{PLACE}/details"), desk.form(f"{PLACE}/details", "links")
    other = seat(email="otto@example.org")
    assert other.send(f"{PLACE}/trust", contact="new@example.org").status_code == 303
    assert desk.client.post(f"{PLACE}/details", data=basics | {"goal": "700"}).status_code == 303
    assert desk.client.post(f"{PLACE}/details", data=links | {"links-0-title": "Ours"}).status_code == 303
    for form, field, value, label in ((basics, "goal", "800", "Goal"), (links, "links-0-title", "Mine", "Links")):
        answer = desk.client.post(f"{PLACE}/details", data=form | {field: value})
        assert answer.status_code == 409
        shown = HtmlPage(answer.text)
        assert {one.words() for one in shown.all("dt")} == {label}
        assert shown.by_id(field).get("value") == value


@pytest.mark.both_databases
def test_a_last_day_does_not_open_a_petition_that_somebody_closes_meanwhile(app: Flask, desk: Desk, seat: Seat) -> None:
    today = clock.now().date().isoformat()
    assert desk.send(f"{PLACE}/details", closes_on=today).status_code == 303
    form = desk.form(f"{PLACE}/details") | {"closes_on": "2999-12-31"}
    other = seat(Role.OWNER, "other@example.org")
    with just_before_writing(lambda: other.press(f"{PLACE}/close")):
        assert desk.client.post(f"{PLACE}/details", data=form).status_code == 409
    assert stored(app).standing(clock.now()) == Standing.CLOSED


def test_an_editor_cannot_change_the_last_day_of_an_open_petition(app: Flask, desk: Desk, seat: Seat) -> None:
    editor = seat(Role.EDITOR, "eddi@example.org")
    form = editor.form(f"{PLACE}/details")
    assert "closes_on" not in form
    editor.client.post(f"{PLACE}/details", data=form | {"closes_on": "2026-01-01", "goal": "300"})
    assert (stored(app).closes_at, stored(app).goal) == (None, 300)


def test_a_change_of_trust_is_mailed_to_all_owners(
    app: Flask, desk: Desk, seat: Seat, mail_server: MailServer, work: Callable[[], int], client: FlaskClient
) -> None:
    seat(Role.OWNER, "otto@example.org")
    editor = seat(Role.EDITOR, "eddi@example.org")
    donation = {"donations-0-recipient": "Club", "donations-0-iban": "de89 3704 0044 0532 0130 00"}
    answer = editor.send(f"{PLACE}/trust", **TRUSTED, **donation, **{"donations-0-currency": "eur"})
    assert answer.status_code == 303, HtmlPage(answer.text).errors()
    assert [(one["iban"], one["currency"]) for one in stored(app).donations] == [(IBAN, "EUR")]
    work()
    assert sorted(letter["To"] for letter in mail_server.letters) == ["olga@example.org", "otto@example.org"]
    text = mail_server.letters[0].get_body(("plain",)).get_content()
    assert "where donations go" in text and "who answers for the data" not in text
    assert f"/organise/petitions/{SLUG}/log" in text
    assert "eddi" not in text
    assert "Changed on" in client.get(f"/petitions/{SLUG}").text
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(donations_changed_at=clock.now() - DONATIONS_MARKED_FOR))
    assert "Changed on" not in client.get(f"/petitions/{SLUG}").text


def test_the_email_about_a_discreet_petition_does_not_name_it(
    app: Flask, seat: Seat, mail_server: MailServer, work: Callable[[], int]
) -> None:
    make_petition(app, discreet="true")
    assert seat().send(f"{PLACE}/trust", contact="new@example.org").status_code == 303
    work()
    assert "library" not in mail_server.letters[0].as_string().lower()


def test_required_fields_may_be_blank_in_a_draft_only(desk: Desk, app: Flask) -> None:
    nothing = dict.fromkeys(TRUSTED, "")
    answer = desk.send(f"{PLACE}/trust", **nothing)
    assert HtmlPage(answer.text).errors() == dict.fromkeys(TRUSTED, "This must not be empty.")
    assert len(notices(app)) == 1


def test_editing_a_draft_sends_no_email(
    draft: Desk, mail_server: MailServer, work: Callable[[], int], app: Flask
) -> None:
    assert draft.send(f"{PLACE}/trust", **TRUSTED).status_code == 303
    work()
    assert not mail_server.letters
    assert notices(app)[-1].controller_name == "Test Library Club"


def test_a_draft_can_be_saved_incomplete(draft: Desk, app: Flask) -> None:
    assert draft.send(f"{PLACE}/trust", controller_name="Club").status_code == 303
    assert draft.form(f"{PLACE}/trust")["controller_name"] == "Club"
    assert draft.form(f"{PLACE}/trust")["erase_after_days"] == ""
    assert draft.send(f"{PLACE}/trust", controller_email="no address").status_code == 422


def test_changing_trust_needs_a_fresh_sign_in(app: Flask, desk: Desk, seat: Seat) -> None:
    stale = seat(minutes_ago=60)
    assert "/organise/verify" in stale.get(f"{PLACE}/trust").location
    form = desk.form(f"{PLACE}/trust")
    form["csrf_token"] = stale.form(f"{PLACE}/details")["csrf_token"]
    answer = stale.client.post(f"{PLACE}/trust", data=form | {"contact": "typed@example.org"})
    assert answer.status_code == 403
    assert HtmlPage(answer.text).by_id("contact").get("value") == "typed@example.org"
    assert stored(app).contact == "library@example.org"


def test_no_button_saves_trust_without_a_fresh_sign_in(app: Flask, petition: str) -> None:
    late = signed_in(app, "late@example.org", Role.EDITOR, minutes_ago=600)
    for more in ({}, {"more": "x"}):
        answer = late.post(f"{PLACE}/trust", data={**TRUSTED, "contact": "thief@example.org", **more})
        assert answer.status_code == 403
