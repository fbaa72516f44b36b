"""The code in a letter: the right one leads to the confirm page, and all wrong ones get one answer in one way."""

import math
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, insert, select, update
from werkzeug.test import TestResponse

from app import clock
from app.db import db, transaction
from app.models import CodeTries, Draft, OutboxRow, Signature
from app.signing import code, email_reference
from app.signing.code import ALPHABET, LENGTH, MAX_CODES, TRIES_WINDOW, forget_tries
from app.signing.sign import FormIds
from app.web import rate_limits
from tests.concurrency.test_races import at_once
from tests.factories import (
    MAILBOXES,
    SLUG,
    drafts,
    make_draft,
    make_mailbox,
    make_petition,
    make_signature,
    press_confirm,
    sign,
    verified,
)
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


@pytest.fixture
def few_tries(monkeypatch: pytest.MonkeyPatch) -> int:
    """As many tries as a client may type, instead of a hundred."""
    monkeypatch.setattr(code, "MAX_TRIES", 5)
    return 5


def test_after_too_many_tries_the_right_code_is_refused_for_a_day_and_the_link_still_works(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work, few_tries: int
) -> None:
    work()
    right = code_in(mail_server.letters[0])
    for _ in range(few_tries):
        assert type_code(client, page, WRONG).status_code == 422
    assert type_code(client, page, right).status_code == 422
    assert "Confirm your signature" in client.get(link_in(mail_server.letters[0])).text
    with app.app_context(), transaction() as session:
        session.execute(update(CodeTries).values(since=clock.now() - TRIES_WINDOW))
    assert type_code(client, page, right).status_code == 303
    assert tries_of(app) == [1]


def test_a_stranger_needs_many_networks_to_use_up_the_tries_of_a_mailbox() -> None:
    assert 3 * rate_limits.Action.TYPE_CODE.limit(1).amount < code.MAX_TRIES
    assert MAX_CODES * code.MAX_TRIES / len(ALPHABET) ** LENGTH < 1e-10


def tries_of(app: Flask) -> list[int]:
    with app.app_context():
        return list(db.session.scalars(select(CodeTries.tries)))


def test_every_try_is_counted_right_or_wrong_and_whoever_signed(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    work()
    assert type_code(client, page, code_in(mail_server.letters[0])).status_code == 303
    assert tries_of(app) == [1]
    type_code(client, page, WRONG)
    assert tries_of(app) == [2]
    type_code(client, page, "")
    assert tries_of(app) == [2]
    with app.app_context():
        reference = email_reference.make_reference(SLUG, "en", "nobody@example.org", FormIds.new())
    type_code(client, f"/petitions/{SLUG}/check-your-email/{reference}", WRONG)
    assert sorted(tries_of(app)) == [1, 2]


def test_fifty_wrong_codes_at_once_are_all_counted(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    work()

    def type_wrong(which: int) -> int:
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{which}"
        return type_code(client, page, WRONG).status_code

    assert set(at_once(50, type_wrong)) == {422}
    assert tries_of(app) == [50]


def test_answer_and_statements_are_the_same_whatever_is_wrong_with_the_code(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, few_tries: int
) -> None:
    pages = {}
    for wrong in ("code", "expired", "blocked"):
        pages[wrong] = sign(client, email=f"{wrong}@example.org".ljust(24, "x")).location
    work()
    codes = {letter["To"][:5]: code_in(letter) for letter in mail_server.letters}
    for _ in range(few_tries + 1):
        type_code(client, pages["blocked"], WRONG)
    with app.app_context(), transaction() as session:
        second = session.scalars(select(Draft.public_id).order_by(Draft.signed_at)).all()[1]
        late = clock.now() - timedelta(seconds=1)
        session.execute(update(Draft).where(Draft.public_id == second).values(expires_at=late))
    for state in MAILBOXES:
        address = f"{state}@example.org".ljust(24, "x")
        make_mailbox(app, state, address)
        with app.app_context():
            reference = email_reference.make_reference(SLUG, "en", address, FormIds.new())
        pages[state] = f"/petitions/{SLUG}/check-your-email/{reference}"
    found = []
    for wrong, page in pages.items():
        with statements(app) as seen:
            answer = type_code(client, page, codes["expir"] if wrong == "expired" else WRONG)
        words = re.sub(r"[\w.]+@example\.orgx*|(\w{3}-){2}\w{3}", "TYPED", answer.text.replace(page, "PAGE"))
        headers = sorted((name, len(value)) for name, value in answer.headers)
        found.append((answer.status_code, words, headers, seen))
    assert found[0][0] == 422
    assert sum(not one.lstrip().startswith(("SELECT", "BEGIN")) for one in found[0][3]) == 1, "each try writes one row"
    for wrong, one in zip(pages, found, strict=True):
        assert one == found[0], wrong


def test_each_code_opens_its_own_draft(client: FlaskClient, page: str, mail_server: MailServer, work: Work) -> None:
    sign(client, name="Ann Second")
    work()
    for letter, name in zip(mail_server.letters, ("Ann Example", "Ann Second"), strict=True):
        answer = type_code(client, page, code_in(letter))
        assert answer.location == link_in(letter)
        assert name in client.get(answer.location).text


def test_codes_of_the_three_newest_letters_work(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    work()
    for _ in range(3):
        with app.app_context(), transaction() as session:
            session.execute(
                update(OutboxRow).values(
                    allowed_at=clock.now() - timedelta(days=2), turn_at=clock.now() - timedelta(days=2)
                )
            )
        sign(client)
        work()
    answers = [type_code(client, page, code_in(letter)).status_code for letter in mail_server.letters]
    assert answers == [422, 303, 303, 303]
    assert "Confirm your signature" in client.get(link_in(mail_server.letters[0])).text


@pytest.mark.parametrize("spelling", ["ann@mac.com", "ann+nobody@icloud.com"])
def test_forms_under_other_spellings_push_out_no_code(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Work, spelling: str
) -> None:
    page = sign(client, email="ann@icloud.com").location
    work()
    assert page
    for _ in range(3):
        sign(client, email=spelling, name="Mallory")
        work()
    assert type_code(client, page, code_in(mail_server.letters[0])).status_code == 303
    assert type_code(client, page, code_in(mail_server.letters[-1])).status_code == 303


@pytest.mark.parametrize("of", ["a draft", "a signature"])
def test_a_code_opens_no_row_that_it_was_not_sent_for_wherever_its_hash_is_written(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, of: str
) -> None:
    make = make_draft if of == "a draft" else make_signature
    anns = make(app, name="Secret Example")
    page = sign(client, name="Mallory Example", email="mallory@example.com").location
    work()
    code = code_in(mail_server.letters[-1])
    with app.app_context(), transaction() as session:  # what somebody does who writes in the database without keys
        mine = session.scalars(select(Draft).where(Draft.public_id != anns)).one()
        row = {column.name: getattr(mine, column.name) for column in Draft.__table__.columns}
        table = Draft if of == "a draft" else Signature
        hers = session.scalars(select(table).where(table.public_id == anns)).one()
        copied = ("public_id", "sealed", "country", "visibility", "updates")
        session.execute(delete(Draft).execution_options(synchronize_session=False))
        session.execute(insert(Draft).values({**row, **{name: getattr(hers, name) for name in copied}}))
    answer = type_code(client, page, code)
    assert answer.status_code == 422
    assert "Secret Example" not in answer.text


def test_a_code_does_not_work_for_another_petition_or_mailbox(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    other = sign(client, make_petition(app, slug='"another"')).location
    neighbour = sign(client, email="bob@example.org").location
    work()
    code = code_in(mail_server.letters[0])
    assert link_in(mail_server.letters[0]) == type_code(client, page, code).location
    assert type_code(client, other, code).status_code == type_code(client, neighbour, code).status_code == 422


def test_only_a_keyed_hash_of_the_code_is_stored_and_it_goes_with_confirming(
    app: Flask, client: FlaskClient, page: str, mail_server: MailServer, work: Work
) -> None:
    work()
    code = code_in(mail_server.letters[0]).replace("-", "")
    (draft,) = drafts(app)
    assert draft.code_hash
    assert code.encode() not in draft.code_hash
    press_confirm(client, link_in(mail_server.letters[0]))
    assert drafts(app) == []


def test_counts_of_tries_are_forgotten_after_a_day(app: Flask, client: FlaskClient, page: str) -> None:
    type_code(client, page, WRONG)
    with app.app_context():
        assert forget_tries() == 0
        with transaction() as session:
            session.execute(update(CodeTries).values(since=clock.now() - TRIES_WINDOW))
        assert forget_tries() == 1
    assert tries_of(app) == []


def test_a_client_may_type_thirty_codes_in_ten_minutes(client: FlaskClient, page: str) -> None:
    assert {type_code(client, page, WRONG).status_code for _ in range(30)} == {422}
    over = type_code(client, page, WRONG)
    assert over.status_code == 429
    assert "Please wait some minutes" in over.text


def test_a_letter_stopped_by_the_mailbox_limit_ends_no_code(
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
    assert tries_of(app) == []


@pytest.mark.parametrize(
    "changed",
    [
        lambda code: "code: " + code,
        lambda code: f"Nine characters: {code}. Thank you.",
        lambda code: "".join(chr(ord(one) + 0xFEE0) for one in code),  # full width
        lambda code: code.translate(str.maketrans("23456789", "٢٣٤٥٦٧٨٩")),
        lambda code: code.translate(str.maketrans("ABCEHKMPTXY", "АВСЕНКМРТХУ")),
        lambda code: code.replace("-", " – ").lower(),
        lambda code: code.replace("-", "\u2011"),
    ],
    ids=["words before", "in a sentence", "full width", "arabic digits", "cyrillic letters", "dashes", "hard hyphens"],
)
def test_a_code_is_read_however_it_was_typed_or_pasted(
    client: FlaskClient, page: str, mail_server: MailServer, work: Work, changed: Callable[[str], str]
) -> None:
    work()
    assert type_code(client, page, changed(code_in(mail_server.letters[0]))).status_code == 303


@pytest.mark.parametrize("typed", ["ABC-DEF", "ABC-DEF-GHJK", "hello", "???", "ABC-DEF-GH1"])
def test_what_has_not_as_many_characters_as_a_code_is_no_try(
    app: Flask, client: FlaskClient, page: str, work: Work, typed: str
) -> None:
    work()
    answer = type_code(client, page, typed)
    assert answer.status_code == 422
    assert "A code has nine letters and digits" in answer.text
    assert tries_of(app) == []


@pytest.mark.parametrize("odd", ["\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "%00", "x" * 41])
def test_odd_codes_are_refused(client: FlaskClient, page: str, work: Work, odd: str) -> None:
    work()
    assert type_code(client, page, odd).status_code == 422
