"""What cannot be undone, or puts somebody out, is not done by the first press: a page asks, or a button unfolds."""

import io

from flask import Flask

from app.models import Role
from tests.html_page import HtmlPage
from tests.organisers.people import OWNER, make_organiser, organiser, signed_in
from tests.publishing.conftest import PLACE, Desk
from tests.publishing.test_image import encoded

OTHER = "other@example.org"
GRAVE = ("/end", "/delete", "/open", "/close", "/reopen", "/remove", "/leave")


def at_once(page: HtmlPage) -> list[str]:
    """Return what the page's forms would do that is grave, but for those behind a summary."""
    forms = [one for one in page.all("form", method="post") if not any(each.tag == "details" for each in one.inside)]
    return [action for one in forms if (action := one.get("action") or "").endswith(GRAVE)]


def test_no_page_does_what_is_grave_at_one_press(app: Flask, petition: str) -> None:
    desk = Desk(signed_in(app, role=Role.OWNER, with_token=False))
    make_organiser(app, OTHER, Role.EDITOR)
    administrator = signed_in(app, "ann@example.org", administrator=True)
    desk.press(f"{PLACE}/image", file=(io.BytesIO(encoded()), "photo.jpg"), alt="Red shelves")
    pages = [desk.page(path) for path in (f"{PLACE}/image", f"{PLACE}/members", f"{PLACE}/publishing", "/organise")]
    person = f"/organise/people/{organiser(app, OTHER).public_id.hex()}"
    pages += [HtmlPage(administrator.get(path).text) for path in ("/organise/people", person)]
    assert [at_once(page) for page in pages] == [[]] * len(pages)
    unfold = {one.words() for page in pages for one in page.all("summary")}
    assert unfold >= {"Remove the image", "Take off", "Leave this petition"}
    taken_off = [one.words() for one in pages[1].all("button") if "off the petition" in one.words()]
    assert sorted(taken_off) == [f"Take {email} off the petition" for email in sorted((OWNER, OTHER))]


def test_ending_an_account_asks_first_and_says_what_follows(app: Flask) -> None:
    make_organiser(app, OTHER)
    page = f"/organise/people/{organiser(app, OTHER).public_id.hex()}"
    administrator = signed_in(app, administrator=True)
    assert f'href="{page}/end"' in administrator.get(page).text
    asked = HtmlPage(administrator.get(f"{page}/end").text)
    assert asked.all("h1")[0].words() == "End this account?"
    said = asked.all("main")[0].words()
    assert OTHER in said
    assert "Nobody can bring it back." in said
    assert organiser(app, OTHER).active, "asking changes nothing"
    (form,) = [one for one in asked.all("form", method="post") if (one.get("action") or "").endswith("/end")]
    assert administrator.post(form.get("action") or "", data=asked.answers(form)).status_code == 303
    assert administrator.get(f"{page}/end").status_code == 404


def test_nobody_else_is_asked(app: Flask) -> None:
    page = f"/organise/people/{'0' * 32}/end"
    assert signed_in(app, administrator=True).get(page).status_code == 404
    assert signed_in(app, OTHER).get(page).status_code == 404
    assert signed_in(app, "late@example.org", administrator=True, minutes_ago=16).get(page).status_code == 302
