"""Who writes in the database without keys has the site's own journal empty no older backup, and nobody else's form."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Update, select, update

from app import clock
from app.db import db, transaction
from app.models import Change, Declined, Draft, JournalEntry, Petition, Signature, State
from app.models.draft import CLOSED
from app.retention.erase import erase_after_closing
from app.signers.decline import decline, undo_decline
from tests.backup.conftest import BackUp, NewSite
from tests.backup.site_to_lose import Places, back_up, names, restored, write_out
from tests.backup.test_replayed_lives import open_drafts, sent_draft
from tests.factories import make_signature, signatures
from tests.signers.own_entry import link_to, withdraw

pytestmark = pytest.mark.both_databases

MALLORY = "mallory@example.org"


def write(site: Flask, statement: Update) -> None:
    """Write in the database, past the site."""
    with site.app_context(), transaction() as session:
        session.execute(statement.execution_options(synchronize_session=False))


def erase_everybody(site: Flask, days: int) -> None:
    """Have the site erase who signed, as if it had closed so many days ago."""
    write(site, update(Petition).values(closes_at=clock.now() - timedelta(days=days)))
    with site.app_context():
        assert erase_after_closing() > 0


@pytest.mark.parametrize("kept", ["signature", "draft"])
def test_a_closing_that_never_was_empties_no_older_backup(
    site: Flask, places: Places, new_site: NewSite, kept: str
) -> None:
    long_ago = clock.now() - timedelta(days=300)
    make_signature(site, name="Long Ago")
    write(site, update(Signature).values(signed_at=long_ago, verified_at=long_ago))
    if kept == "signature":
        make_signature(site, email="newer@example.org", name="Newer")
    else:
        sent_draft(site, email="newer@example.org")
    manifest = back_up(site, places)
    before = names(site)
    erase_everybody(site, 200)
    write_out(site)
    new = new_site()
    said = restored(new, manifest)
    assert "save-the-test-library: NOT ERASED, though the journal says that it closed on" in said
    assert " ended" not in said
    with new.app_context():
        assert db.session.scalars(select(Petition.closes_at)).all() == [None]
    assert (names(new), len(open_drafts(new))) == (before, 1 if kept == "draft" else 0)


def test_who_confirmed_long_after_closing_as_the_letter_was_late_is_erased_again(
    site: Flask, backed_up: BackUp
) -> None:
    make_signature(site)
    closed = clock.now() - timedelta(days=200)
    write(site, update(Signature).values(signed_at=closed - timedelta(hours=1), verified_at=closed + timedelta(days=4)))
    restore = backed_up()
    erase_everybody(site, 200)
    assert names(restore()) == set()


def test_forms_that_are_made_to_look_closed_by_a_signature_do_not_go_with_it(site: Flask, backed_up: BackUp) -> None:
    for name in ("Ann", "Ben"):
        sent_draft(site, email=f"{name}@example.org", name=name)
    own = make_signature(site, email=MALLORY)
    restore = backed_up()
    mine = select(Signature.id).where(Signature.public_id == own).scalar_subquery()
    write(site, update(Draft).values({**CLOSED, "email_key": None, "signature_id": mine}))
    assert withdraw(site.test_client(), link_to(site, own)).status_code == 410
    assert open_drafts(restore()) == ["Ann", "Ben"]


def test_who_withdraws_under_the_key_of_another_mailbox_takes_none_of_its_forms(site: Flask, backed_up: BackUp) -> None:
    victim = sent_draft(site, name="Victim")
    own = make_signature(site, email=MALLORY)
    restore = backed_up()
    theirs = select(Draft.email_key).where(Draft.public_id == victim).scalar_subquery()
    write(site, update(Signature).values(email_key=theirs))
    assert withdraw(site.test_client(), link_to(site, own)).status_code == 410
    new = restore()
    assert (open_drafts(new), names(new)) == (["Victim"], set())


def test_who_declines_with_the_key_of_another_mailbox_declines_for_his_own(site: Flask, backed_up: BackUp) -> None:
    victim = sent_draft(site, name="Victim")
    restore = backed_up()
    own = sent_draft(site, email=MALLORY)
    theirs = select(Draft.email_key).where(Draft.public_id == victim).scalar_subquery()
    write(site, update(Draft).where(Draft.public_id == own).values(email_key=theirs))
    with site.app_context():
        assert decline(own)
    new = restore()
    for app in (site, new):
        assert open_drafts(app) == ["Victim"]
        with app.app_context():
            (mark,) = db.session.scalars(select(Declined)).all()
            assert mark.email_key != db.session.scalars(select(Draft.email_key).where(Draft.public_id == victim)).one()


def test_an_altered_signature_can_be_withdrawn_and_is_so_again(site: Flask, backed_up: BackUp) -> None:
    sent_draft(site, name="Of the same mailbox")
    own = make_signature(site)
    restore = backed_up()
    write(site, update(Signature).values(country="FI"))
    assert withdraw(site.test_client(), link_to(site, own)).status_code == 410
    with site.app_context():
        assert db.session.scalars(select(JournalEntry.key)).all() == [own], "only what is proved"
    new = restore()
    assert ([row.state for row in signatures(new)], open_drafts(new)) == ([State.WITHDRAWN], [])


def test_an_old_line_that_is_put_in_once_more_lifts_no_newer_mark(site: Flask, backed_up: BackUp) -> None:
    draft = sent_draft(site)
    restore = backed_up()
    with site.app_context():
        assert decline(draft) and undo_decline(draft)
        lifted = db.session.scalars(select(JournalEntry).where(JournalEntry.change == Change.LIFTED)).one()
        old = {"change": lifted.change, "key": lifted.key, "at": lifted.at, "mac": lifted.mac}
    newer = sent_draft(site)
    with site.app_context():
        assert decline(newer)
        with transaction() as session:
            session.add(JournalEntry(**old))
    new = restore()
    with new.app_context():
        assert len(db.session.scalars(select(Declined)).all()) == 1
