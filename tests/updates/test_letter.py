"""The e-mail of news: who gets it, in which language, its headers, and what a discreet one keeps to itself."""

import email
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.models import OutboxRow, Signature
from app.outbox import unwanted
from app.petitions.news_numbers import NewsNumbers, numbers_of
from app.retention.purge import purge_ended_emails
from app.updates.queue import send_news
from app.updates.write import Written
from tests.factories import change_signers, make_petition, make_signature
from tests.mail_server import MailServer, link_in, text_of
from tests.signers.own_entry import link_to, withdraw
from tests.updates.conftest import ENGLISH, Make, agree, stored

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
SWEDISH = Written("De lyssnade", "Nämnden **lyssnade**.")


def test_each_signer_who_agreed_gets_it_once(app: Flask, make_news: Make, mail_server: MailServer, work: Work) -> None:
    agree(app, "ann@example.org", "bo@example.org")
    make_signature(app, email="silent@example.org")
    make_news()
    work()
    work()
    assert sorted(letter["To"] for letter in mail_server.letters) == ["ann@example.org", "bo@example.org"]
    assert stored(app).state == "sent"
    letter = mail_server.to("ann@example.org")[0]
    assert letter["Subject"] == ENGLISH.title
    assert text_of(letter).startswith(ENGLISH.title), "a phone's list shows how it begins"
    assert "Save the test library" in text_of(letter)
    assert "/petitions/save-the-test-library/news/1\r\n" in text_of(letter)
    assert "<strong>listened</strong>" in text_of(letter, "html")
    assert "img" not in text_of(letter, "html")


def test_unsubscribing_takes_one_click_or_the_page_and_is_felt_at_once(
    app: Flask, client: FlaskClient, make_news: Make, mail_server: MailServer, work: Work
) -> None:
    agree(app, "ann@example.org", "bo@example.org")
    make_news()
    work()
    letter = mail_server.to("ann@example.org")[0]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["List-Id"] == "<save-the-test-library.news.localhost>"
    link = str(letter["List-Unsubscribe"]).strip("<>")
    assert link.partition("localhost")[2].partition("/")[2] in text_of(letter)
    path = "/" + link.split("/", 3)[3]
    page = client.get(path, headers={"Accept-Language": "de"}).text
    assert '<html lang="en"' in page and "Save the test library" in page, "the signer's language, and whose it is"
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    make_news()
    work()
    assert [len(mail_server.to(f"{name}@example.org")) for name in ("ann", "bo")] == [1, 2]
    own = link_in(mail_server.to("bo@example.org")[1], "signature")
    assert ENGLISH.title in client.get(own).text


@pytest.mark.parametrize("what", ["withdraws", "unsubscribes", "takes the tick off"])
def test_whoever_wants_none_any_more_after_it_was_queued_gets_none(
    app: Flask, client: FlaskClient, make_news: Make, mail_server: MailServer, work: Work, what: str
) -> None:
    (public_id,) = agree(app, "ann@example.org")
    make_news()
    with app.app_context():
        assert send_news() == 1
    if what == "withdraws":
        withdraw(client, link_to(app, public_id))
    elif what == "unsubscribes":
        with app.app_context(), transaction() as session:
            unwanted.stop_emails(session, unwanted.mailbox_of(session, "ann@example.org"), clock.now())
    else:
        change_signers(app, updates=False)
    work()
    assert not mail_server.to("ann@example.org")
    with app.app_context():
        assert list(db.session.scalars(select(OutboxRow.progress).where(OutboxRow.news_id.is_not(None)))) == ["silent"]


def test_who_signs_after_it_began_gets_none(app: Flask, make_news: Make, mail_server: MailServer, work: Work) -> None:
    agree(app, "ann@example.org")
    make_news()
    with app.app_context():
        send_news()
    agree(app, "late@example.org")
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["ann@example.org"]


def test_who_signed_in_another_language_gets_it_in_that_or_the_original_marked(
    app: Flask, make_news: Make, mail_server: MailServer, work: Work
) -> None:
    agree(app, "ann@example.org", "sven@example.org", "fritz@example.org")
    with app.app_context(), transaction() as session:
        for number, tag in enumerate(("en", "sv", "de")):
            session.scalars(select(Signature).order_by(Signature.id).offset(number)).first().language = tag
    make_news({"en": ENGLISH, "sv": SWEDISH})
    work()
    subjects = {letter["To"]: letter["Subject"] for letter in mail_server.letters}
    assert subjects == {
        "ann@example.org": ENGLISH.title,
        "sven@example.org": SWEDISH.title,
        "fritz@example.org": ENGLISH.title,
    }
    german = mail_server.to("fritz@example.org")[0]
    assert 'lang="de"' in text_of(german, "html")
    assert 'lang="en" dir="ltr"' in text_of(german, "html"), "the original is marked as what it is"


def test_a_discreet_petitions_e_mail_says_only_that_there_is_something_to_read(
    app: Flask, client: FlaskClient, make_news: Make, mail_server: MailServer, work: Work
) -> None:
    slug = make_petition(app, slug='"quiet"', title='"What is quiet"', discreet="true")
    agree(app, "ann@example.org", slug=slug)
    make_news(slug=slug)
    work()
    (letter,) = mail_server.letters
    shown = email.message_from_bytes(mail_server.raw[0]).as_string() + text_of(letter) + text_of(letter, "html")
    shown = shown.replace("petitions@localhost", "")
    for secret in ("quiet", "heard", "listened", "petition", "minutes"):
        assert secret not in shown.lower(), secret
    assert letter["Subject"] == "There is something new to read"
    page = link_in(letter, "entry")
    assert "listened" not in client.get(page).text, "a mail scanner opens links"
    opened = client.post(page).text
    assert opened.index("listened") < opened.index("This is what you say"), "what is new is read first"
    for path in ("", "/news", "/news/1", "/news.atom"):
        assert "listened" not in client.get(f"/petitions/quiet{path}").text
    assert "news" not in client.get("/sitemap.xml").text


def test_what_was_sent_is_kept_in_numbers_when_the_outbox_is_emptied(
    app: Flask, make_news: Make, mail_server: MailServer, work: Work
) -> None:
    agree(app, "ann@example.org", "bo@example.org", "none@example.org")
    mail_server.answer = lambda recipient: "550 5.1.1 no such user" if recipient.startswith("none") else None
    make_news()
    work()
    expected = NewsNumbers(sent=2, refused=1)
    with app.app_context():
        assert numbers_of([stored(app)])[stored(app).id] == expected
        with transaction() as session:
            session.execute(update(OutboxRow).values(ended_at=clock.now() - timedelta(days=8)))
        assert purge_ended_emails() == 3
        assert numbers_of([stored(app)])[stored(app).id] == expected
        assert db.session.scalars(select(OutboxRow)).first() is None


def test_the_e_mails_of_two_discreet_petitions_bear_nothing_that_tells_them_apart(
    app: Flask, make_news: Make, mail_server: MailServer, work: Work
) -> None:
    for slug in ("quiet", "silent"):
        make_petition(app, slug=f'"{slug}"', discreet="true")
        agree(app, f"{slug}@example.org", slug=slug)
        make_news(slug=slug)
    work()
    assert [letter["List-Id"] for letter in mail_server.letters] == ["<news.localhost>"] * 2


def test_who_was_erased_after_closing_has_not_unsubscribed(app: Flask, make_news: Make, work: Work) -> None:
    agree(app, "ann@example.org", "bo@example.org")
    make_news()
    work()
    with app.app_context():
        with transaction() as session:
            for signature in session.scalars(select(Signature)):
                signature.erase()
        assert numbers_of([stored(app)])[stored(app).id] == NewsNumbers(sent=2)
