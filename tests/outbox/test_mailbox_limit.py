"""The mailbox limit: in a day, strangers can cause three letters to a mailbox for a petition, six for the site.

But nobody can keep the first letter about a petition from a mailbox: not by tags, nor with other petitions.
"""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from app import clock
from app.db import transaction
from app.email.address import counted_as, is_tagged
from app.models import Draft, OutboxProgress, OutboxRow
from app.outbox import mailbox_limit, slow_lane
from tests.confirmation.test_remind import let_pass
from tests.factories import drafts, make_mailbox, make_petition, make_signature, proof, sign
from tests.mail_server import MailServer, link_in
from tests.outbox.test_deliver import Work, make_all_due, rows

pytestmark = pytest.mark.both_databases


def test_a_mailbox_gets_six_letters_a_day_for_all_petitions_and_the_first_about_each(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_limit, "PER_SITE_WITH_FIRST", 8)
    slugs = [make_petition(app, slug=f'"petition-{number}"') for number in range(6)]
    for slug in slugs[:2]:
        for _ in range(3):
            sign(client, slug)
    work()
    assert len(mail_server.letters) == 6
    for slug in slugs[2:]:
        for _ in range(2):
            sign(client, slug)
    work()
    assert len(mail_server.letters) == 8


@pytest.mark.parametrize("is_first", [True, False])
def test_tags_do_not_use_up_the_letters_of_the_mailbox_itself(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, is_first: bool
) -> None:
    other = make_petition(app, slug='"another"')
    if is_first:
        sign(client)
    for number in range(9):
        sign(client, (petition, other)[number % 2], email=f"ann+{number}@example.org")
        work()
    if not is_first:
        sign(client)
    sign(client, other)
    work()
    assert len(mail_server.letters) == 6, "three about each petition"
    assert [letter["To"] for letter in mail_server.letters].count("ann@example.org") == 2


def test_a_tag_that_waits_in_the_slow_lane_takes_no_place_from_the_mailbox_itself(
    app: Flask, client: FlaskClient, petition: str, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_lane, "MAX_PER_HOUR", 1)
    for address in ("first@example.org", "ann+mallory@example.org", "ann@example.org", "ann+again@example.org"):
        sign(client, email=address)
        work()
    waiting = [row for row in rows(app) if row.progress == OutboxProgress.WAITING]
    assert [row.is_tagged for row in waiting] == [True, False, True]
    assert [row.deferred_until is not None for row in waiting] == [True, True, False]


def test_a_day_later_letters_are_sent_again(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    for _ in range(4):
        sign(client)
    work()
    with app.app_context(), transaction() as session:
        session.execute(
            update(OutboxRow).values(
                allowed_at=clock.now() - timedelta(hours=25), turn_at=clock.now() - timedelta(hours=25)
            )
        )
    sign(client)
    work()
    assert len(mail_server.letters) == 4


def test_of_letters_delayed_for_days_at_most_three_arrive_at_once(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = lambda recipient: "451 later"
    for _ in range(3):
        for _ in range(3):
            sign(client)
        make_all_due(app)
        work()
        with app.app_context(), transaction() as session:
            session.execute(
                update(OutboxRow).values(
                    allowed_at=clock.now() - timedelta(hours=25), turn_at=clock.now() - timedelta(hours=25)
                )
            )
    mail_server.answer = lambda recipient: None
    make_all_due(app)
    work()
    assert len(mail_server.letters) == 3


def test_letters_that_were_not_sent_do_not_count(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Work
) -> None:
    for number in range(2):
        slug = make_petition(app, slug=f'"declined-{number}"')
        make_mailbox(app, "declined", "ann@example.org", slug)
        for _ in range(3):
            sign(client, slug)
    work()
    assert mail_server.letters == []
    sign(client, make_petition(app))
    work()
    assert len(mail_server.letters) == 1


def test_only_the_letter_says_that_somebody_has_already_signed(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    make_signature(app, email="ann@example.org")
    first = sign(client, email="Ann@example.org")
    new = sign(client, email="new@example.org")
    assert (first.status_code, len(first.location)) == (new.status_code, len(new.location))
    work()
    subjects = {letter["To"]: letter["Subject"] for letter in mail_server.letters}
    assert subjects["ann@example.org"] == "You have already signed: Save the test library"
    assert subjects["new@example.org"].startswith("Please confirm")


def test_after_three_letters_to_any_spelling_of_a_mailbox_no_more_are_sent(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    for spelling in ("ann@gmail.com", "a.nn@gmail.com", "ann+1@gmail.com", "Ann@googlemail.com", "an.n@gmail.com"):
        assert sign(client, email=spelling).status_code == 303
    work()
    assert len(mail_server.letters) == 3
    assert sorted(row.progress for row in rows(app)) == [OutboxProgress.SENT] * 3 + [OutboxProgress.SILENT] * 2
    assert len({draft.email_key for draft in drafts(app)}) == 1


def test_a_draft_that_the_limit_leaves_without_a_letter_is_deleted(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    for number in range(5):
        sign(client, name=f"Ann {number}")
    before = drafts(app)
    work()
    sent = drafts(app)
    assert all(draft.code_hash for draft in sent)
    assert [draft.public_id for draft in sent] == [draft.public_id for draft in before[:3]]
    assert "Confirm your signature" in client.get(link_in(mail_server.letters[2])).text


def test_letters_still_count_after_their_drafts_were_declined_and_deleted(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    for number in range(4):
        sign(client)
        work()
        assert len(mail_server.letters) == min(number + 1, 3)
        link = link_in(mail_server.letters[-1], "not-me")
        client.post(link)
        client.post(link, data={"act": "undo"})
        with app.app_context(), transaction() as session:
            session.execute(delete(Draft).where(Draft.sealed.is_(None)))
    assert drafts(app) == []


def test_a_letter_that_was_refused_for_good_does_not_use_up_the_mailboxs_letters(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = lambda recipient: "550 5.1.1 no such mailbox" if "+" in recipient else None
    for number in range(3):
        sign(client, email=f"ann+{number}@example.org")
    work()
    sign(client)
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["ann@example.org"]


def test_a_letter_that_was_refused_for_good_keeps_its_place_in_the_slow_lanes_hour(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_lane, "MAX_PER_HOUR", 3)
    tried = []
    mail_server.answer = lambda recipient: tried.append(recipient) or "550 5.1.1 no such mailbox"
    for number in range(9):
        sign(client, email=f"made.up{number}@example.org", where=f"203.0.113.{number}")
    work()
    assert len(tried) == 3, "a flood of made-up addresses must not make mail servers distrust this one"


SPELLINGS = {
    "a disposable address": ("ann@yahoo.com", "ann-{}@yahoo.com"),
    "another domain of the provider": ("ann@icloud.com", "ann@mac.com"),
    "another country of the provider": ("ann@posteo.de", "ann@posteo.lu"),
    "a subdomain": ("ann@fastmail.com", "{}@ann.fastmail.com"),
    "a tag": ("ann@example.org", "ann+{}@example.org"),
    "what is a tag elsewhere": ("ann@gmail.com", "ann--{}@gmail.com"),
    "what is one once dots are left out": ("ann@gmail.com", "ann-.-{}@gmail.com"),
    "what is one once dots are hyphens": ("ann@yandex.ru", "ann.-{}@yandex.ru"),
}


@pytest.mark.parametrize(("hers", "other"), SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_that_may_reach_nobody_leave_the_mailbox_its_letter_of_the_day(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Work, hers: str, other: str
) -> None:
    for which in "abc":
        sign(client, email=other.format(which))
    work()
    sign(client, email=hers)
    work()
    assert [letter["To"] for letter in mail_server.letters].count(hers) == 1


@pytest.mark.parametrize("hers", ["ann@protonmail.com", "ann@me.com", "ann@posteo.net"])
def test_spellings_at_another_domain_of_her_provider_leave_her_that_of_the_day(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Work, hers: str
) -> None:
    for which in "abcd":
        for domain in ("proton.me", "icloud.com", "posteo.de"):
            sign(client, email=f"ann+{which}@{domain}")
            sign(client, email=f"ann@{domain}")
    work()
    sign(client, email=hers)
    work()
    assert len(mail_server.to(hers)) == 1


def test_forms_with_a_proof_take_nothing_from_one_without_whose_letter_was_put_off(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    mail_server.answer = {"ann@example.org": "451 4.7.1 later"}.get
    sign(client, name="Ann First")
    work()
    mail_server.answer = {}.get
    for _ in range(3):
        sign(client, name="Mallory", altcha=proof(client))
    work()
    make_all_due(app)
    work()
    shown = [client.get(link_in(letter)).text for letter in mail_server.to("ann@example.org")]
    assert len(shown) == 3
    assert "Ann First" in shown[-1]


def test_silent_forms_take_nothing_from_the_next_day(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    for hours in (20, 5):
        for _ in range(3):
            sign(client, name="Mallory", altcha=proof(client))
        work()
        let_pass(app, hours=hours)
    sign(client, name="Ann First")
    work()
    to_confirm = [letter for letter in mail_server.letters if letter["Subject"].startswith("Please confirm")]
    shown = [client.get(link_in(letter)).text for letter in to_confirm]
    assert len(shown) == 3 + 1
    assert "Ann First" in shown[-1]


@pytest.mark.parametrize("way", ["a form", "her link"])
def test_letters_to_who_has_signed_count_for_the_address_that_they_go_to_however_it_was_typed(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work, way: str
) -> None:
    make_signature(app, email="ann@posteo.de")
    for domain in ("net", "com", "us", "ca", "ch"):
        if way == "a form":
            sign(client, email=f"ann@posteo.{domain}")
        else:
            client.post(f"/petitions/{petition}/my-signature", data={"email": f"ann@posteo.{domain}"})
    work()
    assert [letter["To"] for letter in mail_server.letters] == ["ann@posteo.de"] * mailbox_limit.PER_PETITION


@pytest.mark.parametrize("spelling", ["ann.smith@gmail.com", "annsmith+news@googlemail.com"])
def test_spellings_that_certainly_arrive_count_for_the_mailbox_itself(spelling: str) -> None:
    assert not is_tagged(spelling)
    assert counted_as(spelling) == counted_as("annsmith@gmail.com")
