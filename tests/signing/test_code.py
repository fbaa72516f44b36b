"""The code in a letter: the right one leads to the confirm page, all wrong ones get one answer, after five no try."""

import math
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.db import db, transaction
from app.models import Signature, State
from app.signing import email_reference
from app.signing.code import ALPHABET, LENGTH, MAX_TRIES
from tests.concurrency.test_races import at_once
from tests.factories import SLUG, make_petition, make_signature, press_confirm, sign, signatures, verified
from tests.mail_server import MailServer, code_in, link_in, text_of
from tests.signing.test_sign import statements

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]
WRONG = "222-222-222"


@pytest.fixture
def page(client: FlaskClient, petition: str) -> str:
    """The check-your-email page after signing."""
    return sign(client).location


def type_code(client: FlaskClient, page: str, code: str) -> TestResponse:
    return client.post(page, data={"code": code})


def test_the_right_code_leads_to_the_confirm_page_and_does_not_confirm_by_itself(
    client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    work()
    code = code_in(mail_server.letters[0])
    assert code in text_of(mail_server.letters[0], "html")
    answer = type_code(client, page, code)
    assert (answer.status_code, answer.location) == (303, link_in(mail_server.letters[0]))
    assert verified(client) == 0
    assert press_confirm(client, answer.location).status_code == 303
    assert verified(client) == 1


@pytest.mark.parametrize(
    "spelt", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code[:5]}{code[5:]}. "]
)
def test_case_spaces_and_hyphens_in_a_code_do_not_matter(
    client: FlaskClient, page: str, mail_server: MailServer, work: Work, spelt: Callable[[str], str]
) -> None:
    work()
    assert type_code(client, page, spelt(code_in(mail_server.letters[0]))).status_code == 303


def test_a_code_has_at_least_forty_bits_and_no_characters_that_look_alike() -> None:
    assert LENGTH * math.log2(len(set(ALPHABET))) >= 40
    assert not set("01OILU") & set(ALPHABET)


def test_after_five_wrong_codes_the_right_one_is_refused_until_a_new_letter(
    client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    work()
    for _ in range(MAX_TRIES):
        assert type_code(client, page, WRONG).status_code == 422
    assert type_code(client, page, code_in(mail_server.letters[0])).status_code == 422
    sign(client)
    work()
    assert type_code(client, page, code_in(mail_server.letters[0])).status_code == 422
    assert type_code(client, page, code_in(mail_server.letters[1])).status_code == 303


def test_a_right_or_empty_code_does_not_use_up_a_try(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    work()
    for _ in range(MAX_TRIES + 1):
        assert type_code(client, page, code_in(mail_server.letters[0])).status_code == 303
        assert "Please type the code" in type_code(client, page, "").text
    assert signatures(app)[0].code_tries == 0


def test_of_fifty_wrong_codes_at_once_only_five_are_checked(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    work()

    def type_wrong(which: int) -> int:
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{which}"
        return type_code(client, page, WRONG).status_code

    statuses = at_once(50, type_wrong)
    assert set(statuses) == {422}
    assert signatures(app)[0].code_tries == MAX_TRIES
    assert type_code(client, page, code_in(mail_server.letters[0])).status_code == 422


def test_answer_and_statements_are_the_same_whatever_is_wrong_with_the_code(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    pages = {}
    for wrong in ("code", "expired", "blocked", "signed again"):
        pages[wrong] = sign(client, email=f"{wrong.replace(' ', '')}@example.org".ljust(24, "x")).location
    work()
    codes = {letter["To"][:5]: code_in(letter) for letter in mail_server.letters}
    for _ in range(MAX_TRIES):
        type_code(client, pages["blocked"], WRONG)
    with app.app_context(), transaction() as session:
        # The second signature is the one that expires.
        ids = session.scalars(select(Signature.id).order_by(Signature.id)).all()
        late = clock.now() - timedelta(seconds=1)
        session.execute(update(Signature).where(Signature.id == ids[1]).values(expires_at=late))
    for state in (None, *State):
        address = f"{state or 'nobody'}@example.org".ljust(24, "x")
        if state:
            make_signature(app, state=state, email=address)
        with app.app_context():
            pages[f"{state}"] = (
                f"/petitions/{SLUG}/check-your-email/{email_reference.make_reference(SLUG, 'en', address)}"
            )
    found = []
    for wrong, page in pages.items():
        with statements(app) as seen:
            answer = type_code(client, page, codes["expir"] if wrong == "expired" else WRONG)
        words = re.sub(r"[\w.]+@example\.orgx*|(\w{3}-){2}\w{3}", "TYPED", answer.text.replace(page, "PAGE"))
        headers = sorted((name, len(value)) for name, value in answer.headers)
        found.append((answer.status_code, words, headers, seen))
    assert found[0][0] == 422
    for wrong, one in zip(pages, found, strict=True):
        assert one == found[0], wrong


def test_a_code_does_not_work_for_another_petition_or_mailbox(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    other = sign(client, make_petition(app, slug='"another"')).location
    neighbour = sign(client, email="bob@example.org").location
    work()
    code = code_in(mail_server.letters[0])
    assert link_in(mail_server.letters[0]) == type_code(client, page, code).location
    assert type_code(client, other, code).status_code == type_code(client, neighbour, code).status_code == 422


def test_only_a_keyed_hash_of_the_code_is_stored_and_it_is_erased_on_confirming(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    work()
    code = code_in(mail_server.letters[0]).replace("-", "")
    (signature,) = signatures(app)
    assert signature.code_hash
    assert code.encode() not in signature.code_hash
    press_confirm(client, link_in(mail_server.letters[0]))
    assert signatures(app)[0].code_hash is None


def test_a_client_may_type_thirty_codes_in_ten_minutes(client: FlaskClient, page: str) -> None:
    assert {type_code(client, page, WRONG).status_code for _ in range(30)} == {422}
    over = type_code(client, page, WRONG)
    assert over.status_code == 429
    assert "Please wait some minutes" in over.text


def test_a_letter_stopped_by_the_mailbox_limit_does_not_replace_the_code(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    for _ in range(3):
        sign(client)
    work()
    assert len(mail_server.letters) == 3
    assert type_code(client, page, code_in(mail_server.letters[2])).status_code == 303


def test_a_form_on_another_site_cannot_use_up_tries(app: Flask, client: FlaskClient, page: str, work: Work) -> None:
    work()
    answer = client.post(page, data={"code": WRONG}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    with app.app_context():
        assert db.session.scalars(select(Signature.code_tries)).one() == 0


@pytest.mark.parametrize("odd", ["\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "%00", "x" * 41])
def test_odd_codes_are_refused(client: FlaskClient, page: str, work: Work, odd: str) -> None:
    work()
    assert type_code(client, page, odd).status_code == 422
