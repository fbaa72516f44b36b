"""What people took back after the backup was made is taken back again when it is restored, on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app import clock
from app.crypto import tokens
from app.db import db, transaction
from app.models import (
    Change,
    Declined,
    Draft,
    JournalEntry,
    Membership,
    Organiser,
    Petition,
    Role,
    Signature,
    State,
    Unwanted,
    Visibility,
)
from app.organisers.members import end_account
from app.outbox import unwanted
from app.retention.erase import erase_after_closing
from app.signers.decline import decline, undo_decline
from tests.backup.conftest import NewSite
from tests.backup.site_to_lose import Places, back_up, names, restored, run, sound_count, write_out
from tests.factories import change_signers, make_draft, make_signature, sign, signatures
from tests.mail_server import MailServer
from tests.organisers.people import make_organiser
from tests.signers.own_entry import ledger, link_to, save, withdraw

DAY = timedelta(days=1)


def lost_and_restored(site: Flask, manifest: Path, new: Flask) -> str:
    """Let the worker write its journal, lose the site, and restore it from this backup."""
    write_out(site)
    return restored(new, manifest)


def replayed(site: Flask, manifest: Path, new_site: NewSite) -> Flask:
    new = new_site()
    lost_and_restored(site, manifest, new)
    return new


def journal_of(places: Places) -> str:
    return "".join(path.read_text() for path in places.erasures.iterdir())


@pytest.mark.both_databases
def test_who_withdrew_since_the_backup_is_erased_again_and_not_counted(
    site: Flask, places: Places, new_site: NewSite
) -> None:
    stays = make_signature(site, email="stays@example.org", name="Who Stays")
    goes = make_signature(site, email="goes@example.org", name="Who Goes")
    manifest = back_up(site, places)
    assert withdraw(site.test_client(), link_to(site, goes)).status_code == 410
    new = new_site()
    assert "taken back again, of 1 lines in the journal: 1 withdrawn" in lost_and_restored(site, manifest, new)
    assert names(new) == {"Who Stays"}
    assert {row.public_id: row.state for row in signatures(new)} == {stays: State.VERIFIED, goes: State.WITHDRAWN}
    assert len(ledger(new)) == 3
    assert sound_count(new) == 1


def test_replaying_once_more_changes_nothing(site: Flask, places: Places, new_site: NewSite) -> None:
    goes = make_signature(site)
    manifest = back_up(site, places)
    withdraw(site.test_client(), link_to(site, goes))
    new = replayed(site, manifest, new_site)
    rows = ledger(new)
    write_out(new)
    done = run(new, "restore", "--loaded")
    assert done.exit_code == 0 and "of 2 lines in the journal: nothing" in done.output
    assert (ledger(new), sound_count(new)) == (rows, 0)


def test_who_withdrew_and_signed_anew_before_the_backup_keeps_the_new_signature(
    site: Flask, places: Places, new_site: NewSite
) -> None:
    withdraw(site.test_client(), link_to(site, make_signature(site, name="At First")))
    make_signature(site, name="After All")
    new = replayed(site, back_up(site, places), new_site)
    assert (names(new), sound_count(new)) == ({"After All"}, 1)


def test_an_invalidated_entry_that_was_withdrawn_stays_invalidated_without_its_data(
    site: Flask, places: Places, new_site: NewSite
) -> None:
    entry = make_signature(site, state=State.INVALIDATED)
    manifest = back_up(site, places)
    withdraw(site.test_client(), link_to(site, entry))
    new = replayed(site, manifest, new_site)
    (row,) = signatures(new)
    assert (row.state, row.sealed, row.email_key is None) == (State.INVALIDATED, None, False)


@pytest.mark.both_databases
def test_who_corrected_her_entry_since_is_counted_and_neither_shown_nor_handed_over(
    site: Flask, places: Places, new_site: NewSite
) -> None:
    shy = make_signature(site, name="Who Hides")
    make_signature(site, email="open@example.org", name="Who Shows")
    change_signers(site, updates=True)
    manifest = back_up(site, places)
    save(site.test_client(), link_to(site, shy), name="Who Hides", visibility="organisers")
    new = replayed(site, manifest, new_site)
    found = {row.public_id == shy: (row.visibility, row.updates) for row in signatures(new)}
    assert found == {True: (Visibility.ORGANISERS, False), False: (Visibility.PUBLIC, True)}
    page = new.test_client().get("/petitions/save-the-test-library/signatures").text
    assert "Who Shows" in page and "Who Hides" not in page
    assert sound_count(new) == 2


def test_a_correction_that_the_backup_has_already_hides_nothing(site: Flask, places: Places, new_site: NewSite) -> None:
    entry = make_signature(site)
    save(site.test_client(), link_to(site, entry), name="Ann Corrected", visibility="public")
    new = replayed(site, back_up(site, places), new_site)
    assert signatures(new)[0].visibility == Visibility.PUBLIC
    assert names(new) == {"Ann Corrected"}


@pytest.mark.both_databases
def test_it_was_not_me_erases_the_draft_again_and_no_letter_follows(
    site: Flask, places: Places, new_site: NewSite, mail_server: MailServer
) -> None:
    draft = make_draft(site, expires_at=clock.now() + DAY)
    manifest = back_up(site, places)
    later = make_draft(site, expires_at=clock.now() + DAY)
    with site.app_context():
        assert decline(later, never_again=False)
    new = replayed(site, manifest, new_site)
    with new.app_context():
        assert db.session.get_one(Draft, draft).sealed is None
        assert db.session.scalars(select(func.count()).select_from(Declined)).one() == 1
    sign(new.test_client())
    run(new, "outbox", "work", "--once")
    assert mail_server.letters == []


def test_declining_that_was_undone_is_not_declined_after_a_restore(
    site: Flask, places: Places, new_site: NewSite
) -> None:
    before = back_up(site, places)
    draft = make_draft(site, expires_at=clock.now() + DAY)
    with site.app_context():
        assert decline(draft) and undo_decline(draft)
    again = make_draft(site, expires_at=clock.now() + DAY)
    after = places._replace(data=places.data / "after")
    manifest = back_up(site, after)
    for backup in (before, manifest):
        new = replayed(site, backup, new_site)
        with new.app_context():
            assert db.session.scalars(select(Declined)).all() == []
            kept = db.session.get(Draft, again)
            assert (kept is not None and kept.sealed is not None) == (backup == manifest)


@pytest.mark.both_databases
def test_who_wants_no_more_letters_gets_none_after_a_restore(site: Flask, places: Places, new_site: NewSite) -> None:
    make_signature(site)
    change_signers(site, updates=True)
    with site.app_context(), transaction() as session:
        mailbox, other = (unwanted.mailbox_of(session, name) for name in ("ann@example.org", "ben@example.org"))
        unwanted.stop_emails(session, other, clock.now())
    manifest = back_up(site, places)

    def press(client: FlaskClient, hashed: bytes, **form: str) -> None:
        with site.app_context():
            link = f"/unsubscribe/{tokens.make_token(tokens.Purpose.UNSUBSCRIBE, hashed)}"
        assert client.post(link, data=form).status_code == 200

    press(site.test_client(), mailbox)
    press(site.test_client(), other, act="undo")
    new = replayed(site, manifest, new_site)
    with new.app_context():
        assert db.session.scalars(select(Unwanted.mailbox)).all() == [mailbox]
    assert signatures(new)[0].updates is False, "their consent to updates has ended too"


@pytest.mark.both_databases
def test_an_account_that_ended_is_erased_again_with_its_roles(site: Flask, places: Places, new_site: NewSite) -> None:
    actor = make_organiser(site, role=Role.OWNER, administrator=True)
    leaver = make_organiser(site, "leaver@example.org", Role.EDITOR)
    manifest = back_up(site, places)
    with site.app_context():
        end_account(leaver, db.session.get_one(Organiser, actor))
    new = replayed(site, manifest, new_site)
    with new.app_context():
        gone = db.session.get_one(Organiser, leaver)
        assert (gone.active, gone.sealed_email, gone.email_key) == (False, None, None)
        assert db.session.scalars(select(Membership.organiser_id)).all() == [actor]
        assert db.session.get_one(Organiser, actor).is_genuine


@pytest.mark.both_databases
def test_who_was_erased_after_a_closing_that_the_backup_knows_nothing_of_is_erased_again(
    site: Flask, places: Places, new_site: NewSite
) -> None:
    make_signature(site)
    closed_at = clock.now() - timedelta(days=91)
    with site.app_context(), transaction() as session:
        session.execute(update(Signature).values(signed_at=closed_at - timedelta(days=1)))
    manifest = back_up(site, places)
    with site.app_context():
        with transaction() as session:
            session.execute(update(Petition).values(closes_at=closed_at))
        assert erase_after_closing() == 1
    new = replayed(site, manifest, new_site)
    assert names(new) == set()
    with new.app_context():
        petition = db.session.scalars(select(Petition)).one()
        assert petition.erased_at is not None and petition.closes_at == closed_at.replace(microsecond=0)
    assert sound_count(new) == 1


def test_the_journal_names_nobody(site: Flask, places: Places) -> None:
    withdraw(site.test_client(), link_to(site, make_signature(site)))
    draft = make_draft(site, email="ben@example.org", expires_at=clock.now() + DAY)
    with site.app_context():
        decline(draft, never_again=True)
    write_out(site)
    lines = [line.split(" ") for line in journal_of(places).split("\n") if line]
    assert {len(mac) for *_, mac in lines} == {64}
    assert [(word, len(key)) for _, word, key, _ in lines] == [("withdrawn", 128), ("unwanted", 32), ("declined", 96)]


def test_damaged_lines_are_told_and_spoil_no_other(site: Flask, places: Places, new_site: NewSite) -> None:
    goes = make_signature(site)
    manifest = back_up(site, places)
    places.erasures.mkdir()
    (places.erasures / "2026-01-01.log").write_bytes(b"\n2026-01-01T00:00:00 withd\xff\n\nx\n\n2026-01-01 odd 00")
    withdraw(site.test_client(), link_to(site, goes))
    new = new_site()
    said = lost_and_restored(site, manifest, new)
    assert "3 lines of the journal are damaged, and were left out" in said
    assert (names(new), sound_count(new)) == (set(), 0)


@pytest.mark.both_databases
def test_rows_that_somebody_wrote_into_the_database_are_replayed_nowhere(
    site: Flask, places: Places, new_site: NewSite, caplog: pytest.LogCaptureFixture
) -> None:
    stays = make_signature(site)
    manifest = back_up(site, places)
    with site.app_context(), transaction() as session:
        petition_id = session.scalars(select(Petition.public_id)).one()
        forged = [(Change.ENDED, petition_id + bytes(8)), (Change.ENDED, petition_id + b"\xff" * 8)]
        for change, key in (*forged, (Change.WITHDRAWN, stays)):
            session.add(JournalEntry(change=change, key=key, at=clock.now(), mac=b"m" * 32))
    new = new_site()
    write_out(site)
    assert "3 rows in the journal of erasures are not the site's own" in caplog.text
    places.erasures.mkdir(exist_ok=True)
    line = f"{clock.now().isoformat()} withdrawn {stays.hex()} {'00' * 32}\n"
    (places.erasures / "2026-01-01.log").write_text(line)
    assert "1 lines of the journal are not of this site" in restored(new, manifest)
    assert (len(names(new)), sound_count(new)) == (1, 1)


def test_journals_of_several_machines_are_replayed_together(
    site: Flask, places: Places, new_site: NewSite, tmp_path: Path
) -> None:
    entries = [make_signature(site, email=f"ann{number}@example.org") for number in range(2)]
    manifest = back_up(site, places)
    for number, entry in enumerate(entries):
        site.config["ERASURES_DIR"] = tmp_path / f"machine{number}"
        withdraw(site.test_client(), link_to(site, entry))
        write_out(site)
    new = new_site()
    folders = ("--erasures", tmp_path / "machine0", "--erasures", tmp_path / "machine1")
    assert run(new, "restore", manifest, *folders).exit_code == 0
    assert (names(new), sound_count(new)) == (set(), 0)
