"""A stranger who signs, or asks for the link, with somebody's address learns nothing of what that mailbox has done."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import clock
from tests.factories import (
    MAILBOXES,
    SLUG,
    drafts,
    hidden_fields,
    make_draft,
    make_mailbox,
    make_signature,
    sign,
    signatures,
    written,
)
from tests.mail_server import MailServer
from tests.signing.test_sign import statements

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
OVER_THE_CAP = "over the cap"
EXPIRED = "expired"
MAILBOXES_AND_MORE = [*MAILBOXES, OVER_THE_CAP, EXPIRED]
PUBLIC = [f"/petitions/{SLUG}{rest}" for rest in ("", "/en", "/sv", "/sign", "/count.json", "/changes", "/signed")]


def address_of(mailbox: str) -> str:
    """Return the mailbox's address: all of them are of one length."""
    return mailbox.replace(" ", "-").ljust(16, "x") + "@example.org"


def bring_about(app: Flask, client: FlaskClient, work: Work, mailbox: str) -> None:
    """Let the mailbox come to its state."""
    if mailbox == OVER_THE_CAP:
        for _ in range(4):
            sign(client, email=address_of(mailbox))
            work()
    elif mailbox == EXPIRED:
        yesterday = clock.now() - timedelta(days=1)
        make_draft(app, email=address_of(mailbox), expires_at=yesterday, code_hash=b"x" * 32)
    else:
        make_mailbox(app, mailbox, address_of(mailbox))


def post_sign(client: FlaskClient, email: str) -> TestResponse:
    page = client.get(f"/petitions/{SLUG}/sign").text
    answers = {"name": "Ann Example", "country": "SE", "email": email, "visibility": "public", **hidden_fields(page)}
    return client.post(f"/petitions/{SLUG}/sign", data=answers)


def post_my_signature(client: FlaskClient, email: str) -> TestResponse:
    return client.post(f"/petitions/{SLUG}/my-signature", data={"email": email, "language": "en"})


def seen(answer: TestResponse) -> tuple[object, ...]:
    """Return what a stranger sees of an answer, with the sealed reference and the request's number blanked out."""
    reference = answer.location.rpartition("/")[2]
    headers = {name: value for name, value in answer.headers if name != "X-Request-ID"}
    headers["Location"] = headers["Location"].replace(reference, "*" * len(reference))
    return answer.status_code, headers, answer.text.replace(reference, "*" * len(reference))


@pytest.mark.parametrize("post", [post_sign, post_my_signature])
def test_the_answer_and_the_statements_are_the_same_for_every_mailbox(
    app: Flask, client: FlaskClient, petition: str, work: Work, post: Callable[[FlaskClient, str], TestResponse]
) -> None:
    post(client, address_of("first"))  # it reads the site's keys
    found = {}
    for mailbox in MAILBOXES_AND_MORE:
        bring_about(app, client, work, mailbox)
        letters = written(app)[1]
        with statements(app) as run:
            answer = post(client, address_of(mailbox))
        assert written(app)[1] == letters + 1
        next_page = client.get(answer.location)
        shown = next_page.text.replace(address_of(mailbox), "*").replace(answer.location.rpartition("/")[2], "*")
        found[mailbox] = (seen(answer), run, next_page.status_code, shown)
    first = found["nobody"]
    assert first[0][0] == 303
    assert any("INSERT INTO outbox" in statement for statement in first[1])
    for mailbox in MAILBOXES_AND_MORE:
        assert found[mailbox] == first, mailbox


def test_beyond_the_cap_no_letter_goes_out(
    app: Flask, client: FlaskClient, petition: str, work: Work, mail_server: MailServer
) -> None:
    bring_about(app, client, work, OVER_THE_CAP)
    assert len(mail_server.letters) == 3
    post_sign(client, address_of(OVER_THE_CAP))
    work()
    assert len(mail_server.letters) == 3


def public(client: FlaskClient) -> dict[str, tuple[object, ...]]:
    """Return the bytes and the ETag of all that is public."""
    answers = {path: client.get(path) for path in ["/", *PUBLIC]}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {path: (answer.data, answer.headers.get("ETag")) for path, answer in answers.items()}


def test_nothing_public_moves_with_a_draft(app: Flask, client: FlaskClient, petition: str, work: Work) -> None:
    make_signature(app, name="Bob Example", email="bob@example.org")
    before = public(client)
    for email in ("new@example.org", "new@example.org", "other@example.org", "bob@example.org"):
        post_sign(client, email)
        post_my_signature(client, email)
        assert public(client) == before
        work()
        assert public(client) == before
    assert len(drafts(app)) == 3  # Bob has signed, so his form made a letter and nothing else
    assert len(signatures(app)) == 1
    make_signature(app, name="Cid Example", email="cid@example.org")
    after = public(client)
    assert after[f"/petitions/{SLUG}/count.json"] != before[f"/petitions/{SLUG}/count.json"]
    assert after[f"/petitions/{SLUG}"] != before[f"/petitions/{SLUG}"]
