"""Pages that invalidate, restore and hide: first a preview, then exactly that."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock
from app.db import transaction
from app.models import Act, AuditEntry, Role, Signature, State
from app.watching.selection import Selection
from tests.factories import hidden_fields, signatures, verified
from tests.html_page import HtmlPage
from tests.moderation.act import counted, invalidated, told
from tests.watching.organiser import BASE, press, signed_in
from tests.watching.people import NOON, add_people

LIST = f"{BASE}/signatures"


@pytest.fixture
def editor(app: Flask, petition: str) -> FlaskClient:
    """A signed-in editor's browser."""
    return signed_in(app, Role.EDITOR)


def look(client: FlaskClient, act: str, **fields: object) -> str:
    """Return the preview page of `act`."""
    answer = press(client, client.get(LIST).text, f"{LIST}/{act}", **fields)
    assert answer.status_code == 200
    return answer.text


def answers(page: str, **fields: object) -> dict[str, object]:
    """Return the fields that the page's form would send."""
    entries = re.findall(r'<input type="hidden" name="entry" value="(\w+)">', page)
    return {**hidden_fields(page), **({"entry": entries} if entries else {}), **fields}


def test_invalidating_shows_a_preview_then_asks_for_a_reason(app: Flask, editor: FlaskClient) -> None:
    add_people(app, 37, country="NO")
    add_people(app, 2, country="SE")
    page = look(editor, "invalidate", all="1", country="NO", day=str(NOON.date()))
    assert "This will invalidate 37 signatures" in page
    assert counted(app) == 39
    without = editor.post(f"{LIST}/invalidate", data=answers(page))
    assert without.status_code == 422
    assert HtmlPage(without.text).errors() == {"reason": "Please choose a reason."}
    assert counted(app) == 39
    done = editor.post(f"{LIST}/invalidate", data=answers(without.text, reason="automated", note="Same machine"))
    assert (done.status_code, verified(editor)) == (303, 2)
    assert counted(app) == 2
    listed = editor.get(done.headers["Location"]).text
    assert "37 signatures do not count any more." in listed
    assert told(app)[-1] == ("invalidated", {"number": 37, "reason": "automated"})


def test_ticked_signatures_are_invalidated_and_restored(app: Flask, editor: FlaskClient) -> None:
    one, two, _ = (public_id.hex() for public_id in add_people(app, 3))
    page = look(editor, "invalidate", entry=[one, two])
    assert "This will invalidate 2 signatures" in page and "Person 0" in page and "Person 2" not in page
    editor.post(f"{LIST}/invalidate", data=answers(page, reason="duplicate"))
    assert counted(app) == 1
    page = look(editor, "restore", entry=[one, two])
    assert "This will restore 2 signatures" in page
    editor.post(f"{LIST}/restore", data=answers(page))
    assert counted(app) == 3


def test_the_log_names_the_organiser(app: Flask, editor: FlaskClient) -> None:
    (one,) = add_people(app, 1)
    page = look(editor, "invalidate", entry=one.hex())
    editor.post(f"{LIST}/invalidate", data=answers(page, reason="other"))
    with app.app_context(), transaction() as session:
        entry = session.query(AuditEntry).where(AuditEntry.act == Act.INVALIDATED).one()
        assert entry.organiser_id is not None
        assert entry.petition_id is not None


def test_if_the_selection_has_changed_a_new_preview_is_shown(app: Flask, editor: FlaskClient) -> None:
    one, *_ = add_people(app, 3)
    page = look(editor, "invalidate", all="1")
    invalidated(app, Selection(entries=(one,)))
    again = editor.post(f"{LIST}/invalidate", data=answers(page, reason="other", note="Mine"))
    assert again.status_code == 409
    assert "This will invalidate 2 signatures" in again.text and "nothing was done" in again.text
    assert "Mine" in again.text
    assert counted(app) == 2
    assert editor.post(f"{LIST}/invalidate", data=answers(again.text, reason="other")).status_code == 303
    assert counted(app) == 0


def test_after_invalidating_by_filter_the_same_signatures_are_listed(app: Flask, editor: FlaskClient) -> None:
    add_people(app, 2, country="NO")
    page = look(editor, "invalidate", all="1", state="verified", country="NO")
    answer = editor.post(f"{LIST}/invalidate", data=answers(page, reason="other"))
    listed = editor.get(answer.headers["Location"]).text
    assert "2 signatures do not count any more." in listed and listed.count("Person ") == 2
    empty = HtmlPage(editor.get(f"{LIST}?state=verified&country=NO").text)
    (message,) = [one for one in empty.all("p") if "No signature matches this filter." in one.words()]
    assert [one.get("href") for one in empty.all("a") if message in one.inside] == [LIST]


def test_signatures_since_the_preview_are_left_out_and_do_not_stop_the_act(app: Flask, editor: FlaskClient) -> None:
    add_people(app, 2)
    page = look(editor, "invalidate", all="1")
    add_people(app, 1, signed_at=clock.now())
    assert editor.post(f"{LIST}/invalidate", data=answers(page, reason="other")).status_code == 303
    assert counted(app) == 1


def test_nothing_ticked_selects_nobody(app: Flask, editor: FlaskClient) -> None:
    add_people(app, 2)
    for act in ("invalidate", "restore"):
        answer = press(editor, editor.get(LIST).text, f"{LIST}/{act}")
        assert (answer.status_code, answer.headers["Location"]) == (303, LIST)
    assert "Tick at least one signature first." in editor.get(LIST).text


@pytest.mark.parametrize("wrong", [{"country": "QQ"}, {"day": "soon"}, {"entry": "7"}, {"state": "counted"}])
def test_an_invalid_selection_is_refused(app: Flask, editor: FlaskClient, wrong: dict[str, str]) -> None:
    add_people(app, 1)
    answer = press(
        editor, editor.get(LIST).text, f"{LIST}/invalidate", all="1", fingerprint="x", reason="other", **wrong
    )
    assert answer.status_code == 400
    assert counted(app) == 1


def test_restoring_an_erased_signature_is_refused_with_a_message(app: Flask, editor: FlaskClient) -> None:
    (gone,) = add_people(app, 1, State.INVALIDATED)
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).values(sealed=None))
    page = look(editor, "restore", entry=gone.hex())
    assert "There is nothing to restore" in page
    assert "its signer has erased what it said" in page
    own = editor.get(f"{LIST}/{gone.hex()}").text
    assert "cannot be restored" in own and "Restore…" not in own
    assert editor.post(
        f"{LIST}/restore", data={**answers(look(editor, "restore", entry=gone.hex())), "fingerprint": "e3b0"}
    )
    assert signatures(app)[0].state == State.INVALIDATED


def test_a_note_is_shown_to_editors_as_text_and_has_a_maximum_length(app: Flask, editor: FlaskClient) -> None:
    (one,) = add_people(app, 1)
    page = look(editor, "invalidate", entry=one.hex())
    long = editor.post(f"{LIST}/invalidate", data=answers(page, reason="other", note="x" * 1001))
    assert long.status_code == 422 and counted(app) == 1
    editor.post(f"{LIST}/invalidate", data=answers(page, reason="other", note="<b>Not\u202e</b> he\u200brs\x0b"))
    assert "&lt;b&gt;Not&lt;/b&gt; hers" in editor.get(f"{LIST}/{one.hex()}").text


def test_a_name_is_hidden_and_shown_with_one_click_each(app: Flask, editor: FlaskClient, petition: str) -> None:
    (one,) = add_people(app, 1)
    own = f"{LIST}/{one.hex()}"
    public = f"/petitions/{petition}"
    assert "Person 0" in editor.get(public).text
    assert press(editor, editor.get(own).text, f"{own}/hide", part="name").status_code == 303
    assert "Person 0" not in editor.get(public).text
    shown = editor.get(own).text
    assert "off the petition&#39;s page" in shown and "It is off the petition&#39;s page. It counts as before." in shown
    assert press(editor, editor.get(own).text, f"{own}/show", part="name").status_code == 303
    assert "Person 0" in editor.get(public).text
    assert press(editor, editor.get(own).text, f"{own}/hide", part="address").status_code == 400


def test_a_comment_is_hidden_and_shown_with_one_click_each(app: Flask, editor: FlaskClient, petition: str) -> None:
    (one,) = add_people(app, 1)
    own = f"{LIST}/{one.hex()}"
    assert "Hide the comment" in editor.get(own).text
    press(editor, editor.get(own).text, f"{own}/hide", part="comment")
    assert "The comment is hidden. The name is still shown." in editor.get(own).text
    public = editor.get(f"/petitions/{petition}").text
    assert "Person 0" in public and "I read." not in public
    press(editor, editor.get(own).text, f"{own}/show", part="comment")
    assert "The comment is shown again." in editor.get(own).text


@pytest.mark.parametrize("act", ["invalidate", "restore", "{entry}/hide", "{entry}/show", "find"])
def test_viewers_and_strangers_have_no_access(app: Flask, petition: str, act: str) -> None:
    (one,) = add_people(app, 1)
    viewer = signed_in(app, Role.VIEWER)
    path = f"{LIST}/{act.format(entry=one.hex())}"
    fields = {"csrf_token": "", "entry": one.hex(), "part": "name"}
    assert viewer.post(path, data=fields).status_code in {400, 404}
    token = hidden_fields(viewer.get(BASE).text).get("csrf_token", "")
    assert viewer.post(path, data={**fields, "csrf_token": token}).status_code == 404
    assert app.test_client().post(path, data=fields).status_code in {302, 400, 401}
    assert signatures(app)[0].state == State.VERIFIED and not signatures(app)[0].hidden_name


def cancel_link(page: str) -> str | None:
    found = HtmlPage(page)
    (link,) = [one for one in found.all("a") if one.words() == "Leave it as it is"]
    return link.get("href")


def test_cancelling_leads_back_to_the_filtered_list(app: Flask, editor: FlaskClient) -> None:
    one, *_ = add_people(app, 2, country="NO")
    listed = f"{LIST}?country=NO"
    everybody = look(editor, "invalidate", all="1", country="NO")
    assert cancel_link(everybody) == listed
    refused = editor.post(f"{LIST}/invalidate", data=answers(everybody))
    assert (refused.status_code, cancel_link(refused.text)) == (422, listed)
    form = next(
        one for one in HtmlPage(editor.get(listed).text).all("form") if one.get("action") == f"{LIST}/invalidate"
    )
    ticked = HtmlPage(editor.get(listed).text).answers(form) | {"entry": one.hex()}
    assert cancel_link(editor.post(f"{LIST}/invalidate", data=ticked).text) == listed


def test_the_preview_of_one_signature_is_in_the_singular(app: Flask, editor: FlaskClient) -> None:
    (one,) = add_people(app, 1)
    page = look(editor, "invalidate", entry=one.hex())
    assert "It stays here with your reason" in page and "They" not in page
    editor.post(f"{LIST}/invalidate", data=answers(page, reason="other"))
    page = look(editor, "restore", entry=one.hex())
    assert "It counts again." in page and "They" not in page
