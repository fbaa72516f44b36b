"""After a petition has closed nothing asks to sign or to pass it on, and each page says what still can be done."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock
from app.db import transaction
from app.models import Petition
from tests.factories import SLUG, drafts, press_confirm, sign
from tests.html_page import HtmlPage
from tests.mail_server import MailServer, link_in

PETITION = f"/petitions/{SLUG}"
ASKING = (
    *("Tell others", "Spread the word", "others hear of it", "Read and sign", "a link to sign"),
    *("sign again", "Sign again", "signing again"),
)
NO_REFERENCE = "/check-your-email/altered"


@pytest.fixture
def close(app: Flask) -> Callable[[], None]:
    """Return a function that closes the petition an hour ago."""

    def run() -> None:
        with app.app_context(), transaction() as session:
            session.execute(update(Petition).values(closes_at=clock.now() - timedelta(hours=1)))

    return run


def asks(text: str) -> list[str]:
    return [words for words in ASKING if words in text]


def test_whoever_confirms_in_the_day_after_is_thanked_and_asked_for_nothing(
    client: FlaskClient,
    petition: str,
    close: Callable[[], None],
    work: Callable[[], int],
    mail_server: MailServer,
) -> None:
    check_your_email = sign(client).location
    work()
    assert "Sign again with the right one" in client.get(check_your_email).text
    close()
    assert asks(client.get(check_your_email).text) == []
    answer = client.post(check_your_email, data={"code": "ABC-DEF-GHJ"})
    assert answer.status_code == 422
    assert asks(answer.text) == []
    thanks = press_confirm(client, link_in(mail_server.letters[0]))
    page = client.get(thanks.location).text
    assert "Signing has ended by now, and yours came in time." in page
    assert asks(page) == []
    work()
    letter = mail_server.letters[-1]
    assert letter["Subject"].startswith("Thank you, your signature counts")
    for part in letter.walk():
        if not part.is_multipart():
            assert asks(part.get_content()) == []
    entry = client.get(re.search(r"/signature/\S+", letter.get_body(("plain",)).get_content())[0]).text
    assert asks(entry) == []
    assert "Nobody can bring it back, and signing has ended." in entry


def test_pages_of_an_open_petition_do_ask(client: FlaskClient, petition: str) -> None:
    assert asks(client.get(f"{PETITION}/signed").text) == ["Tell others"]
    assert asks(client.get(f"{PETITION}/poster").text) == ["Read and sign"]
    assert asks(client.get(f"{PETITION}/share").text) == ["Tell others", "Spread the word", "a link to sign"]
    assert asks(client.get(f"{PETITION}/my-signature?sent=1").text) == ["signing again"]
    assert asks(client.get(f"{PETITION}{NO_REFERENCE}").text) == ["sign again"]


@pytest.mark.parametrize(
    "path",
    [
        *("", "/sign", "/signed", "/signatures", "/changes", "/share", "/poster", "/embed"),
        *("/my-signature", "/my-signature?sent=1"),
    ],
)
def test_no_page_of_a_closed_petition_does(
    client: FlaskClient, petition: str, close: Callable[[], None], path: str
) -> None:
    close()
    answer = client.get(PETITION + path)
    assert answer.status_code == 200
    assert asks(answer.text) == []


def test_what_passes_it_on_is_still_to_be_had_there(
    client: FlaskClient, petition: str, close: Callable[[], None]
) -> None:
    close()
    page = HtmlPage(client.get(f"{PETITION}/share").text)
    assert page.all("h1")[0].words() == "Signing has ended"
    labels = [one.words() for one in page.all("label", **{"for": "share-address"})]
    assert labels == ["The petition's address, to pass on"]
    copied = {one.get("data-copy") for one in page.all("button")}
    assert copied >= {"share-address", "badge-code", "counter-code"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_altered_address_says_what_still_works(
    client: FlaskClient, petition: str, close: Callable[[], None], method: str
) -> None:
    close()
    answer = client.open(PETITION + NO_REFERENCE, method=method)
    assert answer.status_code == 404
    assert asks(answer.text) == []
    assert "still works for a day after closing" in answer.text
    assert client.open(f"/petitions/unknown{NO_REFERENCE}", method=method).status_code == 404


def test_a_link_that_is_over_advises_to_sign_again_only_while_that_is_possible(
    app: Flask,
    client: FlaskClient,
    petition: str,
    close: Callable[[], None],
    work: Callable[[], int],
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign(client)
    work()
    link = link_in(mail_server.letters[0])
    later = drafts(app)[0].expires_at + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert "please sign again" in client.get(link).text
    close()
    assert "This link has expired" in client.get(link).text
    assert asks(client.get(link).text) == []


def test_the_last_day_is_said_with_its_time_zone(app: Flask, client: FlaskClient, petition: str) -> None:
    with app.app_context(), transaction() as session:
        midnight = (clock.now() + timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
        session.execute(update(Petition).values(closes_at=midnight))
    for path in ("/", PETITION):
        assert "The last day for signing:" in client.get(path).text
        assert "(UTC)" in client.get(path).text
