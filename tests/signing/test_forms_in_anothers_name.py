"""Forms that strangers send with somebody's address: they change nothing that she said, and keep her from nothing."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models.signer import signer_of
from tests.factories import drafts, hidden_fields, press_confirm, sign, signatures, verified
from tests.mail_server import MailServer, code_in, link_in
from tests.races import just_before_writing

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]


@pytest.fixture
def link(client: FlaskClient, petition: str, mail_server: MailServer, work: Work) -> str:
    """The link in Ann's own letter."""
    sign(client)
    work()
    return link_in(mail_server.letters[0])


def by_a_stranger(app: Flask, **said: str) -> None:
    answers = {"name": "Mallory Example", "comment": "I hate books.", "visibility": "public", **said}
    assert sign(app.test_client(), where="198.51.100.7", **answers).status_code == 303


def test_a_form_while_the_confirm_page_is_open_does_not_change_what_is_confirmed(
    app: Flask, client: FlaskClient, link: str, work: Work
) -> None:
    page = client.get(link).text
    by_a_stranger(app)
    work()
    answers = {"name": "Ann Example", "country": "SE", "visibility": "delivery", **hidden_fields(page)}
    assert client.post(link, data=answers).status_code == 303
    (signature,) = signatures(app)
    with app.app_context():
        assert signer_of(signature).name == "Ann Example"
    assert signature.visibility == "delivery"
    assert verified(client) == 1


def test_a_form_between_the_press_and_its_transaction_does_not_stop_it(
    app: Flask, client: FlaskClient, link: str
) -> None:
    with just_before_writing(lambda: by_a_stranger(app)):
        assert press_confirm(client, link).status_code == 303
    assert verified(client) == 1


def test_the_page_never_shows_what_another_form_said(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    by_a_stranger(app)
    work()
    page = client.get(link).text
    assert "Ann Example" in page
    assert "Mallory" not in page
    assert "I hate books" not in page
    assert "Mallory" in client.get(link_in(mail_server.letters[1])).text


def test_a_flood_of_forms_leaves_link_and_code_of_the_first_letter_working(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    page = sign(client).location
    work()
    for _ in range(12):
        by_a_stranger(app)
        work()
    assert len(mail_server.letters) == 3
    letter = mail_server.letters[0]
    assert client.post(page, data={"code": code_in(letter)}).location == link_in(letter)
    assert press_confirm(client, link_in(letter)).status_code == 303
    assert verified(client) == 1


def test_a_strangers_form_that_is_confirmed_can_be_corrected_by_whoever_reads_the_mail(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    by_a_stranger(app)
    work()
    press_confirm(client, link_in(mail_server.letters[1]), name="Ann Example", comment="")
    (signature,) = signatures(app)
    with app.app_context():
        signer = signer_of(signature)
    assert (signer.name, signer.comment) == ("Ann Example", "")


def test_a_form_after_signing_changes_nothing_and_is_deleted(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer, work: Work
) -> None:
    press_confirm(client, link)
    work()
    with app.app_context():
        before = signatures(app)[0].sealed
    by_a_stranger(app)
    work()
    assert "already" in mail_server.letters[-1]["Subject"]
    assert drafts(app) == []
    assert signatures(app)[0].sealed == before
    assert verified(client) == 1
