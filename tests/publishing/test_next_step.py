"""The next step: from the empty draft to the list handed over, each page has a button for what is to be done next."""

from datetime import timedelta

import pytest
from flask import Flask

from app.models import Clue, Role
from tests.factories import SLUG, make_signature
from tests.html_page import HtmlPage
from tests.moderation.test_bursts import flag, group
from tests.publishing.conftest import PLACE, TRUSTED, Desk, Seat
from tests.publishing.test_who_may_open import set_right


def step(desk: Desk, path: str = f"{PLACE}/publishing") -> tuple[str, str, str]:
    """Return the sentence, the button and where it leads, after checking that it leads somewhere."""
    page = desk.page(path)
    (box,) = [one for one in page.all("section") if one.get("class") == "next-step"]
    sentence, button = [one for one in page.all("p") if box in one.inside]
    (link,) = [one for one in page.all("a") if button in one.inside]
    address = link.get("href") or ""
    assert desk.get(address).status_code == 200
    return sentence.words(), link.words(), address


def test_a_draft_asks_for_what_is_missing_one_after_the_other_and_then_to_be_opened(draft: Desk) -> None:
    assert step(draft) == ("Next, write what people sign.", "Fill it in", f"{PLACE}/words")
    draft.send(f"{PLACE}/words", statement="We ask.")
    assert step(draft) == ("Next, say who started it.", "Fill it in", f"{PLACE}/details")
    draft.send(f"{PLACE}/details", started_by="Friends")
    seen = []
    for name in ("addressed_to", "contact", "erase_after_days", "controller"):
        seen.append(step(draft))
        given = {key: value for key, value in TRUSTED.items() if key.startswith(name)}
        draft.send(f"{PLACE}/trust", **given)
    assert {address for _, _, address in seen} == {f"{PLACE}/trust"}
    assert len({sentence for sentence, _, _ in seen}) == 4
    words, button, address = step(draft)
    assert (words, button) == ("All is said. Look at it as visitors will, and open it.", "Open the petition")
    page = draft.page(address)
    assert "but not deleted any more" in page.html
    assert f"/petitions/{SLUG}" in page.html
    assert draft.press(address).status_code == 303


def test_who_may_not_open_reads_whom_to_ask(app: Flask, draft: Desk, seat: Seat) -> None:
    draft.send(f"{PLACE}/words", statement="We ask.")
    draft.send(f"{PLACE}/details", started_by="Friends")
    draft.send(f"{PLACE}/trust", **TRUSTED)
    set_right(app, to=False)
    assert step(draft)[0].startswith("All is said. Ask an administrator")
    assert step(seat(Role.EDITOR, "edith@example.org"))[0].endswith("then an owner can open it.")
    assert step(seat(Role.VIEWER, "vera@example.org"))[0].startswith("It is being written.")


@pytest.mark.parametrize("path", [f"{PLACE}/publishing", PLACE])
def test_an_open_petition_is_signed_looked_after_and_passed_on(app: Flask, desk: Desk, seat: Seat, path: str) -> None:
    viewer = seat(Role.VIEWER, "vera@example.org")
    assert step(desk, path)[1:] == ("Sign it", f"/petitions/{SLUG}")
    make_signature(app)
    share = ("Tell others", f"/petitions/{SLUG}/share")
    assert step(desk, path)[1:] == share
    group(app, Clue.NETWORK, 12, timedelta(minutes=1))
    flag(app)
    assert step(desk, path)[1] == "Look at them"
    assert step(viewer, path)[1:] == share


def test_a_closed_one_is_handed_over_by_those_who_may(app: Flask, desk: Desk, seat: Seat) -> None:
    viewer = seat(Role.VIEWER, "vera@example.org")
    desk.press(f"{PLACE}/close")
    page, outcome = ("See its page", f"/petitions/{SLUG}"), ("Fill it in", f"{PLACE}/outcome")
    assert step(desk)[1:] == outcome, "there is nothing to hand over"
    make_signature(app)
    assert step(desk)[1:] == ("Hand over the list", f"{PLACE}/export")
    early, warning = {"recipient": "The council", "kind": "csv"}, "who signs later is not in this list"
    assert warning not in desk.get(f"{PLACE}/export").text
    desk.press(f"{PLACE}/reopen")
    assert warning in desk.get(f"{PLACE}/export").text
    assert desk.send(f"{PLACE}/export", **early).status_code == 303
    desk.press(f"{PLACE}/close")
    assert step(desk)[1:] == ("Hand over the list", f"{PLACE}/export"), "that list ended before signing did"
    assert step(viewer)[1:] == page
    assert desk.send(f"{PLACE}/export", recipient="The council", kind="csv").status_code == 303
    assert step(desk)[1:] == outcome
    desk.send(f"{PLACE}/outcome", outcome="The council agreed.")
    assert step(desk)[1:] == page


@pytest.mark.parametrize("act", ["open", "close", "reopen"])
def test_nothing_grave_happens_at_one_press(app: Flask, desk: Desk, seat: Seat, act: str) -> None:
    if act == "reopen":
        desk.press(f"{PLACE}/close")
    page = desk.page(f"{PLACE}/publishing")
    assert not [one for one in page.all("form") if PLACE in (one.get("action") or PLACE)], "links alone"
    asked = desk.get(f"{PLACE}/{act}")
    if act == "open":
        assert asked.location == f"{PLACE}/publishing", "it is open"
    else:
        (button,) = [one for one in HtmlPage(asked.text).all("button") if "Sign out" not in one.words()]
        assert button.words() in {"Close the petition now", "Open it again"}
    assert seat(Role.EDITOR, "edith@example.org").get(f"{PLACE}/{act}").status_code == 404


def test_every_page_of_an_opened_petition_leads_to_its_public_page(desk: Desk) -> None:
    for path in (
        "",
        "/publishing",
        "/words",
        "/details",
        "/trust",
        "/image",
        "/members",
        "/log",
        "/export",
        "/signatures",
    ):
        links = {one.get("href") for one in desk.page(PLACE + path).all("a")}
        assert f"/petitions/{SLUG}" in links, path
