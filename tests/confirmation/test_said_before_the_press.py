"""What the confirm page says before the button is pressed: as whom, seen by whom, what becomes of the data."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.crypto import tokens
from app.models import Visibility
from tests.factories import drafts, make_petition, press_confirm, sign
from tests.html_page import Element, HtmlPage

SEEN_BY = {
    Visibility.PUBLIC: "Seen by: Everyone",
    Visibility.DELIVERY: "Seen by: Only who gets the petition",
    Visibility.ORGANISERS: "Seen by: Only the organisers",
}


def link_of(app: Flask) -> str:
    """Return the link to confirm the one draft there is."""
    (draft,) = drafts(app)
    with app.app_context():
        return f"/confirm/{tokens.make_token(tokens.Purpose.CONFIRM, draft.public_id)}"


@pytest.fixture
def link(app: Flask, client: FlaskClient, petition: str) -> str:
    """Give the link in the e-mail to somebody who has just signed."""
    sign(client)
    return link_of(app)


def part(page: HtmlPage, tag: str, name: str) -> Element:
    """Return the one element of this class."""
    (found,) = page.all(tag, **{"class": name})
    return found


@pytest.mark.parametrize("chosen", SEEN_BY)
def test_the_card_says_who_sees_the_name(app: Flask, client: FlaskClient, petition: str, chosen: Visibility) -> None:
    sign(client, visibility=chosen.value)
    card = part(HtmlPage(client.get(link_of(app)).text), "div", "said-words").words()
    assert "You sign as Ann Example, Reader, Sweden." in card
    assert [words for words in SEEN_BY.values() if words in card] == [SEEN_BY[chosen]]


def test_before_the_button_stand_the_card_the_notice_in_a_line_and_the_consent(client: FlaskClient, link: str) -> None:
    page = HtmlPage(client.get(link).text)
    (form,) = page.all("form", method="post")
    (button,) = [one for one in page.all("button") if form in one.inside]
    (notice,) = [one for one in page.all("summary") if part(page, "details", "privacy") in one.inside]
    consent = part(page, "p", "consent")
    assert notice.words() == (
        "Test Library Club answers for your data. Who gets the list: The Town Council of Testville."
        " Erased 90 days after the petition has closed. More about your data"
    )
    assert consent.words() == (
        "By pressing the button you agree to this use of your data, and of the opinion that your signature shows."
    )
    assert button.words() == "I agree, count my signature"
    order = [page.elements.index(one) for one in (part(page, "div", "said-words"), notice, consent, button)]
    assert order == sorted(order)
    assert form in consent.inside


def test_the_notice_says_until_when_as_the_petition_does(app: Flask, client: FlaskClient) -> None:
    make_petition(app, erase_after_days="1")
    sign(client)
    assert "Erased 1 day after the petition has closed." in client.get(link_of(app)).text


def test_change_is_folded_and_open_where_something_in_it_is_wrong(client: FlaskClient, link: str) -> None:
    shown, refused = client.get(link), press_confirm(client, link, name=" ")
    assert (shown.status_code, refused.status_code) == (200, 422)
    for answer, opens in ((shown, None), (refused, "")):
        page = HtmlPage(answer.text)
        change = part(page, "details", "change")
        assert change.get("open") == opens
        assert change in page.by_id("name").inside
        assert [one.words() for one in page.all("summary") if change in one.inside] == ["Change"]
