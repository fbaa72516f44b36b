"""Page titles: each page has its own, and an error comes first."""

import pytest

from app.models import Role
from tests.html_page import HtmlPage
from tests.publishing.conftest import PLACE, Desk, Seat

PETITION = "Save the test library"
NAMES = {
    "publishing": "Overview",
    "words": "Text",
    "details": "Details",
    "trust": "Data and donations",
    "image": "Image",
    "members": "Members",
    "log": "Log",
}


def title(html: str) -> str:
    (found,) = HtmlPage(html).all("title")
    return found.words().removesuffix(" · Countersign")


@pytest.mark.parametrize(("path", "name"), NAMES.items())
def test_a_title_begins_with_the_pages_name(desk: Desk, path: str, name: str) -> None:
    assert title(desk.get(f"{PLACE}/{path}").text) == f"{name}: {PETITION}"


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("words", {"title": ""}),
        ("words", {"base": "what is no longer there"}),
        ("details", {"started_by": ""}),
        ("trust", {"contact": ""}),
        ("image", {"alt": ""}),
    ],
)
def test_with_an_error_the_title_begins_with_it(desk: Desk, path: str, wrong: dict[str, str]) -> None:
    answer = desk.send(f"{PLACE}/{path}", **wrong)
    assert answer.status_code in {409, 422}
    assert title(answer.text) == f"Error: {NAMES[path]}: {PETITION}"


def test_a_last_day_that_is_over_is_an_error_of_the_overview(desk: Desk) -> None:
    desk.press(f"{PLACE}/close")
    answer = desk.press(f"{PLACE}/reopen", closes_on="2001-01-01")
    assert title(answer.text) == f"Error: Overview: {PETITION}"


def test_an_old_sign_in_is_an_error_in_the_title(seat: Seat, desk: Desk) -> None:
    fields = desk.form(f"{PLACE}/trust")
    late = seat(Role.OWNER, "late@example.org", minutes_ago=60 * 24)
    token = late.form(f"{PLACE}/words")["csrf_token"]
    answer = late.client.post(f"{PLACE}/trust", data=fields | {"csrf_token": token})
    assert answer.status_code == 403
    assert title(answer.text) == f"Error: Data and donations: {PETITION}"


def test_an_invitation_without_an_address_is_an_error_of_the_members(desk: Desk) -> None:
    token = desk.form(f"{PLACE}/words")["csrf_token"]
    answer = desk.client.post(f"{PLACE}/members", data={"csrf_token": token, "email": ""})
    assert title(answer.text) == f"Error: Members: {PETITION}"
