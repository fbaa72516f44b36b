"""Published news: on the petition's page, at an address of its own, in the feed and the site map."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.models import News, NewsState, Petition
from app.petitions import news
from app.updates import send, write
from app.updates.write import Written
from tests.factories import SLUG
from tests.mail_server import MailServer, text_of
from tests.updates.conftest import ENGLISH, Make, agree, later, set_state, stored

Work = Callable[[], int]
PAGE = f"/petitions/{SLUG}"
ATOM = "{http://www.w3.org/2005/Atom}"


def test_it_is_public_once_it_is_sent_and_not_before(client: FlaskClient, make_news: Make, work: Work) -> None:
    make_news(is_sent=False)
    for path in (PAGE, f"{PAGE}/news", f"{PAGE}/news.atom", "/sitemap.xml"):
        assert ENGLISH.title not in client.get(path).text
        assert "news/1" not in client.get(path).text
    assert client.get(f"{PAGE}/news/1").status_code == 404
    make_news()
    work()
    assert f'href="{PAGE}/news/2"' in client.get(PAGE).text
    one = client.get(f"{PAGE}/news/2")
    assert "<strong>listened</strong>" in one.text
    assert "public" in one.headers["Cache-Control"]
    assert one.headers["ETag"]
    assert f'<meta property="og:title" content="{ENGLISH.title}">' in one.text
    assert f"{PAGE}/news/2</loc>" in client.get("/sitemap.xml").text


def test_it_is_read_in_each_language_and_marked_where_it_is_not_translated(
    client: FlaskClient, make_news: Make, work: Work
) -> None:
    make_news({"en": ENGLISH, "sv": Written("De lyssnade", "Nämnden lyssnade.")})
    work()
    assert "De lyssnade" in client.get(f"{PAGE}/news/1/sv").text
    german = client.get(f"{PAGE}/news/1/de").text
    assert ENGLISH.title in german
    assert '<h1 lang="en"' in german


def test_the_feed_has_each_with_its_moment_and_address(client: FlaskClient, make_news: Make, work: Work) -> None:
    make_news()
    make_news({"en": Written("Second & <last>", "More.")})
    work()
    answer = client.get(f"{PAGE}/news.atom")
    assert answer.mimetype == "application/atom+xml"
    feed = ET.fromstring(answer.text)
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles == ["Second & <last>", ENGLISH.title]
    assert {one.tag.removeprefix(ATOM) for one in feed} >= {"id", "title", "updated", "author", "link"}
    for entry in feed.iter(f"{ATOM}entry"):
        assert {one.tag.removeprefix(ATOM) for one in entry} == {"id", "title", "updated", "link", "content"}


@pytest.mark.both_databases
def test_all_news_is_listed_by_its_titles_page_by_page(
    app: Flask, client: FlaskClient, make_news: Make, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "ON_A_PAGE", 2)
    for number in range(1, 6):
        make_news({"en": Written(f"Title {number}", f"Body {number}.")})
    work()
    with app.app_context(), transaction() as session:
        session.execute(update(News).where(News.number > 1).values(began_at=clock.now()))  # in one moment
    pages, path = [], f"{PAGE}/news"
    while path:
        html = client.get(path).text
        assert "Body" not in html
        pages.append(re.findall(r">Title (\d)<", html))
        older = re.search(r'href="([^"]*)" rel="next"', html)
        path = older[1] if older else ""
    assert pages == [["5", "4"], ["3", "2"], ["1"]]
    assert client.get(f"{PAGE}/news?before=99").status_code == 404
    assert client.get(f"{PAGE}/news?before=-1").status_code == 404


def test_telling_others_of_news_passes_on_its_own_title_and_address(
    client: FlaskClient, make_news: Make, work: Work
) -> None:
    make_news()
    work()
    page = client.get(f"{PAGE}/news/1").text
    assert "https://wa.me/?text=We%20were%20heard%0A" in page
    assert f"u={quote(f'http://localhost:8000{PAGE}/news/1', safe='')}" in page
    assert f"u={quote(f'http://localhost:8000{PAGE}', safe='')}" in client.get(PAGE).text


def test_characters_that_xml_forbids_do_not_break_the_feed(client: FlaskClient, make_news: Make, work: Work) -> None:
    make_news({"en": Written("Heard\uffff", "They \ufffe\x0b listened 📚.")})
    work()
    feed = ET.fromstring(client.get(f"{PAGE}/news.atom").text)
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == "Heard"
    assert "listened 📚." in str(feed.findtext(f"{ATOM}entry/{ATOM}content"))


def test_links_in_the_feed_and_the_e_mail_are_whole(
    app: Flask, client: FlaskClient, make_news: Make, mail_server: MailServer, work: Work
) -> None:
    agree(app, "ann@example.org")
    make_news({"en": Written("Heard", "[ours](/x) and [theirs](//example.net/y).")})
    work()
    feed = ET.fromstring(client.get(f"{PAGE}/news.atom").text)
    for html in (feed.findtext(f"{ATOM}entry/{ATOM}content"), text_of(mail_server.letters[0], "html")):
        assert 'href="http://localhost:8000/x"' in str(html)
        assert 'href="https://example.net/y"' in str(html)


@pytest.mark.parametrize("way", ["as news", "as before"])
def test_the_outcome_of_a_closed_petition_is_one(
    app: Flask, client: FlaskClient, make_news: Make, work: Work, way: str
) -> None:
    number = make_news(is_sent=False)
    with app.app_context(), transaction() as session:
        petition = session.scalars(select(Petition)).one()
        petition.closes_at = clock.now()
        if way == "as before":
            petition.outcome, petition.outcome_on = {"en": "The council **listened**."}, clock.now().date()
    if way == "as news":
        with app.app_context():
            petition = db.session.scalars(select(Petition)).one()
            owner = write.find_news(petition.id, number)
            assert owner
            write.save_news(petition.id, owner.written_by, number, 1, {"en": ENGLISH}, is_outcome=True)
            send.ask_to_send(petition.id, owner.written_by, number, 2)
        later(app)
        work()
    page = client.get(PAGE).text
    assert "What became of it" in page
    assert "<strong>listened</strong>" in page
    feed = client.get(f"{PAGE}/news.atom").text
    assert feed.count("<entry") == 1
    assert "listened" in feed


@pytest.mark.both_databases
@pytest.mark.parametrize("when", ["while it is sent", "after it was sent"])
def test_what_is_cancelled_is_on_no_public_page_and_no_outcome(
    app: Flask, client: FlaskClient, make_news: Make, work: Work, when: str
) -> None:
    make_news()
    with app.app_context(), transaction() as session:
        session.scalars(select(Petition)).one().closes_at = clock.now()
        session.execute(update(News).values(is_outcome=True))
    work()
    assert "listened" in client.get(PAGE).text
    set_state(app, NewsState.SENDING if when == "while it is sent" else NewsState.SENT)
    news = stored(app)
    with app.app_context():
        assert news.asked_by
        assert send.cancel(news.petition_id, news.asked_by, 1)
        petition = db.session.scalars(select(Petition)).one()
        assert (petition.outcome, petition.outcome_on) == (None, None)
    for path in (PAGE, f"{PAGE}/news", f"{PAGE}/news.atom", "/sitemap.xml"):
        text = client.get(path).text
        assert "listened" not in text
        assert "news/1" not in text
    assert client.get(f"{PAGE}/news/1").status_code == 404


def test_an_outcome_that_was_written_over_it_stays(app: Flask, make_news: Make, work: Work) -> None:
    make_news()
    with app.app_context(), transaction() as session:
        session.execute(update(News).values(is_outcome=True))
    work()
    with app.app_context(), transaction() as session:
        session.scalars(select(Petition)).one().outcome = {"en": "Something else."}
    news = stored(app)
    with app.app_context():
        assert news.asked_by
        assert send.cancel(news.petition_id, news.asked_by, 1)
        assert db.session.scalars(select(Petition)).one().outcome == {"en": "Something else."}
