"""The sign form: errors are shown, what was typed is kept, and a new version of the text is shown before signing."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.db import db, transaction
from app.models import Petition, PetitionText, PrivacyNotice
from app.models.signer import signer_of
from tests.factories import SLUG, drafts, make_petition, press_confirm, sign, verified, written
from tests.html_page import HtmlPage
from tests.mail_server import MailServer, link_in

TYPED = {
    "name": 'Ann "the <b>Reader</b>" & Co',
    "affiliation": "Reader's & Writers' <i>Club</i>",
    "country": "FI",
    "email": "ann at example.org",
    "comment": "One <script>line</script>\n\nand & another",
    "visibility": "organisers",
    "updates": "y",
}


def typed_in(answer: TestResponse) -> dict[str, str]:
    sent = HtmlPage(answer.text).answers()
    return {name: value for name, value in sent.items() if name in TYPED}


def test_each_error_is_tied_to_its_field(client: FlaskClient, petition: str) -> None:
    answer = sign(client, name="", country="", email="", visibility="")
    assert answer.status_code == 422
    page = HtmlPage(answer.text)
    assert page.errors() == {
        "name": "Please tell us your name.",
        "country": "Please choose your country.",
        "email": "Please give your e-mail address. Your signature counts once you confirm it.",
        "visibility": "Please choose who may see your name.",
    }
    for faulty in ("name", "country", "email", "visibility"):
        assert page.by_id(faulty).get("aria-invalid") == "true", faulty
    for good in ("affiliation", "comment", "updates"):
        assert page.by_id(good).get("aria-invalid") is None, good


def test_a_field_with_an_error_keeps_its_hint(client: FlaskClient, petition: str) -> None:
    page = HtmlPage(sign(client, email="").text)
    assert page.by_id("email").get("aria-describedby") == "email-hint email-error"
    assert "an e-mail with a link" in page.by_id("email-hint").words()


def test_the_summary_takes_focus_and_leads_to_each_field(client: FlaskClient, petition: str) -> None:
    page = HtmlPage(sign(client, name="", country="", email="", visibility="").text)
    (summary,) = page.all("div", role="alert")
    assert (summary.get("tabindex"), summary.get("autofocus")) == ("-1", "")
    links = [link for link in page.all("a") if summary in link.inside]
    assert {(link.get("href") or "").removeprefix("#"): link.words() for link in links} == page.errors()
    for link in links:
        target = page.by_id((link.get("href") or "").removeprefix("#"))
        assert target.tag in {"input", "select"} or target.get("tabindex") == "-1", (
            "a link must lead to what takes focus"
        )
    assert page.all("title")[0].words().startswith("Error:")


def test_the_forms_action_has_no_fragment_which_would_take_the_focus(client: FlaskClient, petition: str) -> None:
    for page in (
        client.get(f"/petitions/{petition}"),
        client.get(f"/petitions/{petition}/sign"),
        sign(client, name=""),
    ):
        (form,) = HtmlPage(page.text).all("form")
        assert form.get("action") == f"/petitions/{petition}/sign"


def test_a_blank_form_shows_no_errors(client: FlaskClient, petition: str) -> None:
    for path in (f"/petitions/{petition}", f"/petitions/{petition}/sign"):
        page = HtmlPage(client.get(path).text)
        assert not page.errors()
        assert not [one for one in page.elements if one.get("aria-invalid") or one.get("role") == "alert"]


def test_the_most_private_answers_are_the_defaults(client: FlaskClient, petition: str) -> None:
    answers = HtmlPage(client.get(f"/petitions/{petition}").text).answers()
    assert answers["visibility"] == "delivery"
    assert "updates" not in answers


def test_every_field_keeps_what_was_typed(client: FlaskClient, petition: str) -> None:
    answer = sign(client, **TYPED)
    assert answer.status_code == 422
    assert typed_in(answer) == TYPED


def test_the_form_keeps_the_address_as_it_was_typed(client: FlaskClient, petition: str) -> None:
    for typed in ("Ann@EXAMPLE.org", "ann@b\u00fccher.example"):
        assert typed_in(sign(client, email=typed, name=""))["email"] == typed


def test_fields_that_were_left_empty_stay_empty(client: FlaskClient, petition: str) -> None:
    answer = sign(client, name="Ann", affiliation="", comment="", country="", email="", visibility="public")
    assert typed_in(answer) == {
        "name": "Ann",
        "affiliation": "",
        "country": "",
        "email": "",
        "comment": "",
        "visibility": "public",
    }


def test_a_form_that_is_valid_at_the_second_try_is_saved_as_typed(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    again = HtmlPage(sign(client, **TYPED).text).answers() | {"email": "ann@example.org"}
    assert client.post(f"/petitions/{petition}/sign", data=again).status_code == 303
    (draft,) = drafts(app)
    with app.app_context():
        signer = signer_of(draft)
    assert (signer.name, signer.affiliation, signer.comment) == (TYPED["name"], TYPED["affiliation"], TYPED["comment"])
    assert (draft.country, draft.visibility, draft.updates) == ("FI", "organisers", True)


@pytest.mark.parametrize("asked", ["affiliation", "country", "comment"])
def test_the_petition_decides_what_is_asked(app: Flask, client: FlaskClient, asked: str) -> None:
    for choice in ("required", "optional", "off"):
        make_petition(app, slug=f'"{choice}-{asked}"', tables=f'[fields]\n{asked} = "{choice}"\n')

    must = HtmlPage(client.get(f"/petitions/required-{asked}").text)
    assert must.by_id(asked).get("required") is not None
    refused = sign(client, f"required-{asked}", **{asked: "  "})
    assert refused.status_code == 422
    assert list(HtmlPage(refused.text).errors()) == [asked]

    may = HtmlPage(client.get(f"/petitions/optional-{asked}").text)
    assert may.by_id(asked).get("required") is None
    assert "(optional)" in may.all("label", **{"for": asked})[0].words()
    assert sign(client, f"optional-{asked}", **{asked: ""}).status_code == 303


@pytest.mark.parametrize("field", ["affiliation", "country", "comment"])
def test_answers_to_questions_that_are_not_asked_are_not_saved(app: Flask, client: FlaskClient, field: str) -> None:
    slug = make_petition(app, tables=f'[fields]\n{field} = "off"\n')
    assert not [one for one in HtmlPage(client.get(f"/petitions/{slug}").text).elements if one.get("name") == field]
    assert sign(client, slug, **{field: "FI"}).status_code == 303
    (draft,) = drafts(app)
    with app.app_context():
        signer = signer_of(draft)
    said = {"affiliation": signer.affiliation, "country": draft.country, "comment": signer.comment}
    assert said == {"affiliation": "Reader", "country": "SE", "comment": "I read.", field: ""}


@pytest.mark.parametrize("changed", ["text", "notice"])
def test_a_new_version_is_shown_once_before_it_is_signed(app: Flask, client: FlaskClient, changed: str) -> None:
    make_petition(app)
    before = HtmlPage(client.get(f"/petitions/{SLUG}").text).answers()
    if changed == "text":
        make_petition(app, body="Books are **gone**.", statement='"We ask for all of them back."')
    else:
        make_petition(app, erase_after_days="30")

    first = client.post(f"/petitions/{SLUG}/sign", data=before | TYPED | {"email": "ann@example.org"})
    assert first.status_code == 422
    (notice,) = HtmlPage(first.text).all("div", role="alert")
    assert (notice.get("tabindex"), notice.get("autofocus")) == ("-1", "")
    assert "The words have changed" in notice.words()
    expected = (
        ["Books are <strong>gone</strong>.", "all of them back"] if changed == "text" else ["Until 30 days after"]
    )
    assert all(words in first.text for words in expected)
    assert typed_in(first) == TYPED | {"email": "ann@example.org"}
    assert written(app) == (0, 0)

    second = client.post(f"/petitions/{SLUG}/sign", data=HtmlPage(first.text).answers())
    assert second.status_code == 303
    assert written(app) == (1, 1)


def test_a_draft_refers_to_the_versions_that_were_on_its_page(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    sign(client)
    make_petition(app, statement='"We ask for more."', erase_after_days="30")
    sign(client, email="bob@example.org")
    with app.app_context():
        ann, bob = (
            (db.session.get_one(PetitionText, one.text_id), db.session.get_one(PrivacyNotice, one.notice_id))
            for one in drafts(app)
        )
        assert [(text.version, notice.version) for text, notice in (ann, bob)] == [(1, 1), (2, 2)]
        assert len(db.session.scalars(select(PetitionText)).all()) == 2


@pytest.mark.parametrize(
    "lost", [("text_version",), ("notice_version",), ("language", "text_version", "notice_version")]
)
def test_a_form_without_its_version_fields_is_shown_again(
    app: Flask, client: FlaskClient, petition: str, lost: tuple[str, ...]
) -> None:
    answers = HtmlPage(client.get(f"/petitions/{petition}").text).answers()
    answers |= {"name": "Ann Example", "country": "SE", "email": "ann@example.org"}
    first = client.post(f"/petitions/{petition}/sign", data={k: v for k, v in answers.items() if k not in lost})
    assert first.status_code == 422
    assert written(app) == (0, 0)
    assert client.post(f"/petitions/{petition}/sign", data=HtmlPage(first.text).answers()).status_code == 303
    assert written(app) == (1, 1)


def test_after_an_error_a_new_version_is_still_shown_before_it_is_signed(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    answers = HtmlPage(client.get(f"/petitions/{SLUG}").text).answers() | {"name": "Ann Example", "country": "SE"}
    make_petition(app, statement='"We ask for all of them back."')
    faulty = client.post(f"/petitions/{SLUG}/sign", data=answers | {"email": "ann"})
    corrected = HtmlPage(faulty.text).answers() | {"email": "ann@example.org"}
    shown = client.post(f"/petitions/{SLUG}/sign", data=corrected)
    assert shown.status_code == 422
    assert "The words have changed" in shown.text
    assert written(app) == (0, 0)


def test_sending_the_same_form_twice_makes_one_signature(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    first, second = sign(client), sign(client)
    assert (first.status_code, second.status_code) == (303, 303)
    work()
    for letter in mail_server.letters:
        press_confirm(client, link_in(letter))
    assert verified(client) == 1


def test_a_closed_petition_takes_no_signatures(app: Flask, client: FlaskClient) -> None:
    slug = make_petition(app)
    answers = HtmlPage(client.get(f"/petitions/{slug}").text).answers() | TYPED | {"email": "ann@example.org"}
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(closes_at=clock.now()))
    refused = client.post(f"/petitions/{slug}/sign", data=answers)
    assert refused.status_code == 409
    assert "Signing has ended" in refused.text
    assert not HtmlPage(client.get(f"/petitions/{slug}/sign").text).all("form")
    assert written(app) == (0, 0)
