"""Unsubscribing, on the page or by a mail program's button: no petition of the site writes to that mailbox any more."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import OutboxProgress, OutboxRow, Unwanted
from tests.factories import FRONT, make_petition, make_signature, press_confirm, sign, verified
from tests.mail_server import MailServer, link_in

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
TITLE = FRONT["title"].strip('"')
ONE_A_DAY = 1  # still goes out to a mailbox that has unsubscribed (see test_opting_out.py)


def unsubscribe_link(mail_server: MailServer, which: int = -1) -> str:
    """Return the path in a letter's List-Unsubscribe header."""
    found = re.fullmatch(r"<https?://[^/]+(/\S+)>", mail_server.letters[which]["List-Unsubscribe"])
    assert found
    return found[1]


@pytest.fixture
def link(client: FlaskClient, petition: str, mail_server: MailServer, work: Work) -> str:
    """The unsubscribe link of a confirmation letter."""
    sign(client)
    work()
    return unsubscribe_link(mail_server)


def test_one_click_in_a_mail_program_unsubscribes(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    assert mail_server.letters[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    one_click = {"Sec-Fetch-Site": "cross-site", "Origin": "https://webmail.example"}
    assert client.post(link, data={"List-Unsubscribe": "One-Click"}, headers=one_click).status_code == 200
    other = make_petition(app, slug='"another"')
    sign(client)
    sign(client, other)
    work()
    assert len(mail_server.letters) == 1 + ONE_A_DAY
    with app.app_context():
        assert {row.progress for row in db.session.scalars(select(OutboxRow))} == {
            OutboxProgress.SENT,
            OutboxProgress.SILENT,
        }


def test_the_list_unsubscribe_header_is_not_encoded_or_folded(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    sign(client)
    work()
    line = next(line for line in mail_server.raw[0].split(b"\r\n") if line.startswith(b"List-Unsubscribe:"))
    assert line.decode("ascii") == f"List-Unsubscribe: <http://localhost:8000{unsubscribe_link(mail_server)}>"


def test_opening_the_unsubscribe_link_changes_nothing(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    assert "Shall we stop our e-mails?" in client.get(link).text
    client.head(link)
    sign(client)
    work()
    assert len(mail_server.letters) == 2


def test_the_page_is_in_the_signers_language_and_names_the_petition(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    sign(client, language="sv")
    work()
    link = unsubscribe_link(mail_server)
    page = client.get(link, headers={"Accept-Language": "de"}).text
    assert '<html lang="sv"' in page
    assert TITLE in page and 'class="site-header"' in page
    stopped = client.post(link, data={"act": "stop"}).text
    assert '<html lang="sv"' in stopped and 'name="act" value="undo"' in stopped


def test_a_link_that_names_no_petition_works_and_shows_none(client: FlaskClient, link: str) -> None:
    assert TITLE in client.get(link).text
    for altered in ("petition=nothing", "petition=", "petition=a%00b"):
        answer = client.get(f"{link.partition('?')[0]}?{altered}")
        assert answer.status_code == 200 and TITLE not in answer.text


def test_of_a_discreet_petition_neither_link_nor_page_tells(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Work
) -> None:
    slug = make_petition(app, discreet="true")
    sign(client, slug)
    work()
    link = unsubscribe_link(mail_server)
    assert slug not in link
    for shown in (link, f"{link}&petition={slug}"):
        page = client.get(shown).text
        assert TITLE not in page and 'class="site-header"' not in page


def test_unsubscribing_can_be_undone_with_the_same_link(
    client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    client.post(link)
    client.post(link)
    assert "write to me again" in client.get(link).text
    assert "It is undone" in client.post(link, data={"act": "undo"}).text
    sign(client)
    work()
    assert len(mail_server.letters) == 2


def test_links_in_letters_that_were_sent_still_work(
    client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    client.post(link)
    assert press_confirm(client, link_in(mail_server.letters[0])).status_code == 303
    work()
    assert verified(client) == 1
    assert len(mail_server.letters) == 1


def test_declining_can_unsubscribe_as_well(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    client.post(link_in(mail_server.letters[0], "not-me"), data={"never": "1"})
    for slug in ("another", "third"):
        sign(client, make_petition(app, slug=f'"{slug}"'))
    work()
    assert len(mail_server.letters) == 1 + ONE_A_DAY


def test_declining_alone_does_not_stop_letters_about_other_petitions(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    client.post(link_in(mail_server.letters[0], "not-me"))
    sign(client, make_petition(app, slug='"another"'))
    work()
    assert len(mail_server.letters) == 2


def test_unsubscribing_holds_for_every_spelling_and_after_a_new_secret_key(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    sign(client, email="ann.example+tag@gmail.com")
    work()
    client.post(unsubscribe_link(mail_server))
    app.config["SECRET_KEY"] = "another-secret-for-tests-only-9876543210"
    for _ in range(2):
        sign(client, email="AnnExample@googlemail.com")
    work()
    assert len(mail_server.letters) == 1 + ONE_A_DAY
    with app.app_context():
        row = db.session.scalars(select(Unwanted)).one()
        assert b"gmail" not in row.mailbox


def test_a_signer_can_stop_letters_that_strangers_cause_with_their_address(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    make_signature(app)
    sign(client)
    work()
    assert "/unsubscribe/" in link_in(mail_server.letters[0], "unsubscribe")
    client.post(link_in(mail_server.letters[0], "unsubscribe"))
    sign(client)
    client.post(f"/petitions/{petition}/my-signature", data={"email": "ann@example.org"})
    work()
    assert len(mail_server.letters) == 1 + ONE_A_DAY
    assert verified(client) == 1


@pytest.mark.parametrize("gone", ["declined", "withdrawn"])
def test_the_link_works_after_the_signature_is_erased(
    client: FlaskClient, link: str, mail_server: MailServer, work: Work, gone: str
) -> None:
    if gone == "declined":
        client.post(link_in(mail_server.letters[0], "not-me"))
    else:
        press_confirm(client, link_in(mail_server.letters[0]))
        work()
        client.post(link_in(mail_server.letters[1], "signature"), data={"act": "withdraw"})
    before = len(mail_server.letters)
    client.post(link)
    other = make_petition(client.application, slug='"another"')
    for _ in range(2):
        sign(client, other)
        work()
    assert len(mail_server.letters) == before + ONE_A_DAY
    client.post(link, data={"act": "undo"})
    sign(client, other)
    work()
    assert len(mail_server.letters) == before + ONE_A_DAY + 1


def test_undoing_a_decline_also_undoes_the_unsubscribing_that_came_with_it(
    client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    not_me = link_in(mail_server.letters[0], "not-me")
    client.post(not_me, data={"never": "1"})
    client.post(not_me, data={"act": "undo"})
    sign(client)
    work()
    assert len(mail_server.letters) == 2


def test_tags_in_the_address_do_not_get_around_unsubscribing(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    for which in range(5):
        sign(client, email=f"ann+{which}@example.org")
    work()
    assert len(mail_server.letters) == 2
    client.post(unsubscribe_link(mail_server))
    other = make_petition(client.application, slug='"another"')
    for which in range(2):
        sign(client, other, email=f"ann+again{which}@example.org")
    work()
    assert len(mail_server.letters) == 2 + ONE_A_DAY
    sign(client, other)
    sign(client, petition)
    work()
    assert len(mail_server.letters) == 2 + ONE_A_DAY, "the promise holds for all spellings together"
