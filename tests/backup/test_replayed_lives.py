"""What was taken back stays so at whatever moment of its life it was backed up, most of all as an unconfirmed form."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app import clock
from app.crypto.tokens import Purpose, make_token
from app.db import db, transaction
from app.models import (
    Change,
    Declined,
    DeliveryVolume,
    Draft,
    FormCopy,
    JournalEntry,
    Petition,
    Signature,
    State,
    Visibility,
)
from app.models.journal import enter
from app.models.signer import signer_of
from app.outbox import unwanted
from app.retention.consent import end_consent
from app.retention.erase import erase_after_closing
from app.retention.purge import purge_drafts
from app.signers.decline import decline, undo_decline
from tests.backup.conftest import BackUp, NewSite
from tests.backup.site_to_lose import Places, back_up, names, restored, run, sound_count, write_out
from tests.export.test_pdf_job import ask, make
from tests.factories import change_signers, make_draft, make_signature, sign, signatures
from tests.html_page import HtmlPage
from tests.mail_server import MailServer, link_in
from tests.signers.own_entry import link_to, save, withdraw

pytestmark = pytest.mark.both_databases

WRONG, RIGHT = "wrong@example.org", "right@example.org"


def in_a_week() -> datetime:
    return clock.now() + timedelta(days=7)


def sent_draft(site: Flask, **said: str) -> bytes:
    return make_draft(site, expires_at=in_a_week(), code_hash=b"x" * 32, **said)


def confirm_link(site: Flask, draft: bytes) -> str:
    with site.app_context():
        return f"/confirm/{make_token(Purpose.CONFIRM, draft)}"


def confirm(site: Flask, draft: bytes) -> None:
    """Press the button that confirms, with what the page shows."""
    confirm_by(site.test_client(), confirm_link(site, draft))


def confirm_by(client: FlaskClient, link: str) -> None:
    assert client.post(link, data=HtmlPage(client.get(link).text).answers()).status_code == 303


def open_drafts(site: Flask) -> list[str]:
    """Return the names in the drafts that say something."""
    with site.app_context():
        return sorted(signer_of(row).name for row in db.session.scalars(select(Draft).where(Draft.sealed.is_not(None))))


def send_letters(site: Flask) -> None:
    assert run(site, "outbox", "release").exit_code == 0
    assert run(site, "outbox", "work", "--once").exit_code == 0


def send_on(client: FlaskClient, page: str) -> None:
    assert client.post(page, data={"email": RIGHT}).status_code == 303


@pytest.mark.parametrize("letter", ["waits", "was sent"])
def test_who_confirmed_and_withdrew_since_is_not_there_and_gets_no_letter(
    site: Flask, backed_up: BackUp, mail_server: MailServer, letter: str
) -> None:
    client = site.test_client()
    sign(client, name="Who Goes")
    with site.app_context():
        draft = db.session.scalars(select(Draft.public_id)).one()
    restore = backed_up() if letter == "waits" else None
    run(site, "outbox", "work", "--once")
    restore = restore or backed_up()
    link = link_in(mail_server.letters[0])
    confirm_by(client, link)
    assert withdraw(client, link_to(site, draft)).status_code == 410
    sent = len(mail_server.letters)
    new = restore()
    page = new.test_client().get(link)
    assert (page.status_code, "Who Goes" in page.text, open_drafts(new)) == (410, False, [])
    with new.app_context(), transaction() as session:
        session.execute(update(Draft).values(expires_at=clock.now() + timedelta(days=5)))
    send_letters(new)
    assert (len(mail_server.letters), sound_count(new)) == (sent, 0)


def test_the_other_forms_of_who_withdrew_are_gone_too_even_if_the_confirmed_one_came_later(
    site: Flask, backed_up: BackUp
) -> None:
    sent_draft(site, name="Closed Once Confirmed")
    sent_draft(site, name="Somebody Else", email="ben@example.org")
    restore = backed_up()
    later = sent_draft(site, name="Who Goes")
    confirm(site, later)
    assert withdraw(site.test_client(), link_to(site, later)).status_code == 410
    assert open_drafts(restore()) == ["Somebody Else"]


@pytest.mark.parametrize("older", ["closed and purged", "deleted, as a fourth letter is not sent"])
def test_an_older_form_that_the_site_had_forgotten_when_its_mailbox_withdrew_does_not_come_back(
    site: Flask, backed_up: BackUp, mail_server: MailServer, older: str
) -> None:
    client = site.test_client()
    for number in range(1 if older == "closed and purged" else 4):
        sign(client, name=f"Older {number}")
    restore = backed_up()
    run(site, "outbox", "work", "--once")
    later = sent_draft(site, name="Who Goes")
    confirm(site, later)
    assert open_drafts(site) == []
    with site.app_context():
        with transaction() as session:
            session.execute(update(Draft).values(expires_at=clock.now() - timedelta(days=1)))
        assert purge_drafts() > 0
    assert withdraw(client, link_to(site, later)).status_code == 410
    sent = len(mail_server.letters)
    new = restore()
    assert open_drafts(new) == []
    send_letters(new)
    assert (len(mail_server.letters), sound_count(new)) == (sent, 0)


@pytest.mark.parametrize("moment", ["draft", "signature"])
def test_a_line_of_an_older_version_that_names_no_mailbox_takes_its_other_forms_away_too(
    site: Flask, places: Places, new_site: NewSite, moment: str
) -> None:
    goes = sent_draft(site, name="Who Goes") if moment == "draft" else make_signature(site)
    sent_draft(site, name="Of the same mailbox")
    sent_draft(site, email="ben@example.org", name="Somebody Else")
    manifest = back_up(site, places)
    with site.app_context(), transaction() as session:
        enter(session, Change.WITHDRAWN, goes)
    write_out(site)
    new = new_site()
    restored(new, manifest)
    assert (open_drafts(new), names(new)) == (["Somebody Else"], set())


def test_what_is_withdrawn_again_is_entered_with_its_first_moment(site: Flask, backed_up: BackUp) -> None:
    goes = make_signature(site)
    restore = backed_up()
    withdraw(site.test_client(), link_to(site, goes))
    with site.app_context():
        first = db.session.execute(select(JournalEntry.key, JournalEntry.at)).all()
    with restore().app_context():
        assert db.session.execute(select(JournalEntry.key, JournalEntry.at)).all() == first, "later forms stay"


def test_nobody_is_asked_about_a_form_from_before_withdrawing(
    site: Flask, backed_up: BackUp, mail_server: MailServer
) -> None:
    goes = make_signature(site)
    sign(site.test_client())
    restore = backed_up()
    run(site, "outbox", "work", "--once")
    assert withdraw(site.test_client(), link_to(site, goes)).status_code == 410
    sent = len(mail_server.letters)
    new = restore()
    assert open_drafts(new) == []
    send_letters(new)
    assert len(mail_server.letters) == sent


def test_a_form_from_after_withdrawing_stays_where_the_journal_is_found_late(
    site: Flask, places: Places, new_site: NewSite
) -> None:
    draft = sent_draft(site)
    manifest = back_up(site, places)
    confirm(site, draft)
    withdraw(site.test_client(), link_to(site, draft))
    new = new_site()
    restored(new, manifest)
    sent_draft(new, name="After All")
    write_out(site)
    done = run(new, "restore", "--loaded")
    assert "taken back again, of 1 lines in the journal: 1 withdrawn" in done.output
    assert open_drafts(new) == ["After All"]
    assert "in the journal: nothing" in run(new, "restore", "--loaded").output


def test_what_was_confirmed_since_and_not_taken_back_can_be_confirmed_again(site: Flask, backed_up: BackUp) -> None:
    confirmed = sent_draft(site, name="Confirmed")
    sent_draft(site, name="Closed By That")
    restore = backed_up()
    confirm(site, confirmed)
    assert open_drafts(site) == []
    new = restore()
    assert open_drafts(new) == ["Closed By That", "Confirmed"]
    confirm(new, confirmed)
    assert (names(new), open_drafts(new), sound_count(new)) == ({"Confirmed"}, [], 1)


@pytest.mark.parametrize("letter", ["waits", "was sent"])
def test_a_form_that_was_sent_on_since_is_not_shown_to_the_mistyped_mailbox(
    site: Flask, backed_up: BackUp, mail_server: MailServer, letter: str
) -> None:
    page = sign(site.test_client(), email=WRONG, name="Who Mistyped").location
    if letter == "was sent":
        run(site, "outbox", "work", "--once")
    restore = backed_up()
    send_on(site.test_client(), page)
    new = restore()
    assert open_drafts(new) == []
    send_letters(new)
    assert len(mail_server.to(WRONG)) == (1 if letter == "was sent" else 0)
    for sent in mail_server.to(WRONG):
        found = new.test_client().get(link_in(sent))
        assert (found.status_code, "Who Mistyped" in found.text) == (410, False)


def test_it_can_be_sent_on_again_by_its_page_as_what_went_to_the_right_address_is_lost(
    site: Flask, backed_up: BackUp, mail_server: MailServer
) -> None:
    page = sign(site.test_client(), email=WRONG, name="Who Mistyped").location
    restore = backed_up()
    send_on(site.test_client(), page)
    new = restore()
    send_on(new.test_client(), page)
    send_letters(new)
    assert [letter["To"] for letter in mail_server.letters] == [RIGHT]
    confirm_by(new.test_client(), link_in(mail_server.letters[0]))
    assert (names(new), sound_count(new)) == ({"Who Mistyped"}, 1)


def test_an_empty_form_that_the_backup_has_opens_on(site: Flask, backed_up: BackUp, mail_server: MailServer) -> None:
    page = sign(site.test_client(), email=WRONG, name="Who Mistyped").location
    run(site, "outbox", "work", "--once")
    send_on(site.test_client(), page)
    new = backed_up()()
    assert open_drafts(new) == ["", "Who Mistyped"]
    assert new.test_client().get(link_in(mail_server.to(WRONG)[0])).status_code == 200


def test_who_sends_a_form_on_takes_no_signature_away(site: Flask, backed_up: BackUp, mail_server: MailServer) -> None:
    page = sign(site.test_client(), email=WRONG, name="Confirmed It").location
    run(site, "outbox", "work", "--once")
    confirm_by(site.test_client(), link_in(mail_server.letters[0]))
    restore = backed_up()
    send_on(site.test_client(), page)
    new = restore()
    assert (names(new), sound_count(new)) == ({"Confirmed It"}, 1)


def test_forms_that_declining_had_closed_stay_closed_though_it_was_undone(site: Flask, backed_up: BackUp) -> None:
    draft = sent_draft(site)
    restore = backed_up()
    with site.app_context():
        assert decline(draft) and undo_decline(draft)
    new = restore()
    assert open_drafts(new) == []
    with new.app_context():
        assert db.session.scalars(select(Declined)).all() == []


def test_who_confirmed_and_corrected_since_is_asked_anew_who_may_see_the_name(site: Flask, backed_up: BackUp) -> None:
    draft = sent_draft(site)
    restore = backed_up()
    confirm(site, draft)
    save(site.test_client(), link_to(site, draft), name="Ann Example", visibility="organisers")
    new = restore()
    with new.app_context():
        assert db.session.get_one(Draft, draft).visibility == Visibility.ORGANISERS
    confirm(new, draft)
    assert [(row.state, row.visibility) for row in signatures(new)] == [(State.VERIFIED, Visibility.ORGANISERS)]


@pytest.mark.parametrize("moment", ["draft", "signature"])
def test_consent_that_opting_out_had_ended_does_not_come_back_with_undoing_that(
    site: Flask, backed_up: BackUp, moment: str
) -> None:
    public_id = sent_draft(site)
    with site.app_context(), transaction() as session:
        row = session.get_one(Draft, public_id)
        petition = session.get_one(Petition, row.petition_id)
        said = signer_of(row)
        row.updates, row.sealed = True, replace(said, updates=True).sealed_for(public_id, petition.public_id)
    restore = backed_up() if moment == "draft" else None
    confirm(site, public_id)
    restore = restore or backed_up()
    opt_out_and_undo(site, ends_consent=True)
    new = restore()
    if moment == "draft":
        confirm(new, public_id)
    assert [row.updates for row in signatures(new)] == [False]


def test_consent_that_was_not_ended_as_opting_out_was_undone_at_once_stays(site: Flask, backed_up: BackUp) -> None:
    make_signature(site)
    change_signers(site, updates=True)
    restore = backed_up()
    opt_out_and_undo(site, ends_consent=False)
    assert [row.updates for row in signatures(restore())] == [True]


def opt_out_and_undo(site: Flask, *, ends_consent: bool) -> None:
    with site.app_context():
        with transaction() as session:
            mailbox = unwanted.mailbox_of(session, "ann@example.org")
            unwanted.stop_emails(session, mailbox, clock.now())
        if ends_consent:
            assert end_consent() == 1
        with transaction() as session:
            assert unwanted.resume_emails(session, mailbox)


def test_forms_and_their_copies_go_with_a_petition_that_was_erased_since(site: Flask, backed_up: BackUp) -> None:
    make_signature(site, email="signer@example.org")
    sign(site.test_client())
    with site.app_context(), transaction() as session:
        for table in (Draft, Signature):
            session.execute(update(table).values(signed_at=clock.now() - timedelta(days=92)))
    restore = backed_up()
    with site.app_context():
        with transaction() as session:
            session.execute(update(Petition).values(closes_at=clock.now() - timedelta(days=91)))
        assert erase_after_closing() == 1
    new = restore()
    with new.app_context():
        for table in (Draft, FormCopy):
            assert db.session.scalars(select(func.count()).select_from(table)).one() == 0
    assert names(new) == set()


def test_a_pdf_in_the_backup_that_names_who_withdrew_since_is_gone(site: Flask, backed_up: BackUp) -> None:
    goes = make_signature(site)
    ask(site)
    make(site)
    restore = backed_up()
    withdraw(site.test_client(), link_to(site, goes))
    new = restore()
    with new.app_context():
        assert db.session.scalars(select(DeliveryVolume)).all() == []
