"""The dashboard says what became of the e-mails of news; the news' page says how far they have come."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import NewsState, Role
from app.outbox.deliver import deliver
from app.updates import queue
from app.worker import LETTERS
from tests.html_page import HtmlPage
from tests.mail_server import MailServer
from tests.signers.own_entry import link_to, withdraw
from tests.updates.conftest import Make, agree, make_news, stored
from tests.watching.organiser import BASE, signed_in

__all__ = ["make_news"]
pytestmark = pytest.mark.both_databases
NOBODY = "nobody@example.org"


def refuse_nobody(recipient: str) -> str | None:
    return "550 5.7.1 no thanks" if recipient == NOBODY else None


def test_consents_sent_refused_and_unsubscribed_are_on_the_dashboard_of_editors_alone(
    app: Flask, client: FlaskClient, make_news: Make, mail_server: MailServer, work: Callable[[], int]
) -> None:
    agree(app, NOBODY, *(f"ann-{number}@example.org" for number in range(5)))
    mail_server.answer = refuse_nobody
    assert news_tiles(signed_in(app)) == {}
    make_news()
    work()
    for number in range(2):
        (letter,) = mail_server.to(f"ann-{number}@example.org")
        client.post("/" + str(letter["List-Unsubscribe"]).strip("<>").split("/", 3)[3])
    work()  # ends their consent
    found = news_tiles(signed_in(app))
    assert found == {"Agreed to updates": "4", "Sent": "5", "Refused": "1", "Unsubscribed": "2"}
    assert news_tiles(signed_in(app, Role.VIEWER, email="vera@example.org")) == {}


def news_tiles(browser: FlaskClient) -> dict[str, str]:
    """Return the label of each tile about news with its number."""
    page = HtmlPage(browser.get(BASE).text)
    section = page.all("section", **{"aria-labelledby": "news"})
    of_news = [one for one in page.elements if section and section[0] in one.inside]
    labels, numbers = ([one.words() for one in of_news if one.tag == tag] for tag in ("dt", "dd"))
    return {label: words.split()[0] for label, words in zip(labels, numbers, strict=True)}


def test_the_page_of_what_is_being_sent_says_how_many_are_through(
    app: Flask, client: FlaskClient, make_news: Make, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "WINDOW", 4)
    _, withdrawing, *_ = agree(app, NOBODY, *(f"ann-{number}@example.org" for number in range(8)))
    mail_server.answer = refuse_nobody
    make_news()
    with app.app_context():
        queue.send_news()
    withdraw(client, link_to(app, withdrawing))
    with app.app_context():
        while deliver(LETTERS):
            pass
    assert stored(app).state == NewsState.SENDING
    assert "4 of about 8 are through." in signed_in(app).get(f"{BASE}/news/1").text, "sent, refused and withdrawn ones"
