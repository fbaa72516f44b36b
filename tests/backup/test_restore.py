"""What was backed up is put back, on both databases: every signature, every count, and nobody else's data."""

import base64
import json
import stat
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from app.crypto.base64url import decode_base64url
from app.db import db, transaction
from app.ledger import ledger
from app.models import OutboxRow, SignIn, State
from app.models.outbox import Occasion
from app.signers.withdraw import withdraw
from tests.apps import SECRETS
from tests.backup.conftest import NewSite
from tests.backup.site_to_lose import Places, back_up, everything_in, names, restored, run, sound_count
from tests.concurrency.test_races import at_once
from tests.factories import SLUG, make_signature, press_confirm, sign, verified
from tests.mail_server import MailServer, link_in
from tests.organisers.people import signed_in


@pytest.mark.both_databases
def test_a_restored_site_has_every_signature_and_its_count(site: Flask, places: Places, new_site: NewSite) -> None:
    for number in range(3):
        make_signature(site, email=f"ann{number}@example.org", name=f"Ann {number}")
    make_signature(site, state=State.INVALIDATED, email="made-up@example.org", name="Made Up")
    with site.app_context():
        ledger.fold_all()
    manifest = back_up(site, places)
    new = new_site()
    said = restored(new, manifest)
    assert "3 verified signatures" in said and f"{SLUG}: sound: shown 3" in said
    assert names(new) == {"Ann 0", "Ann 1", "Ann 2", "Made Up"}
    assert sound_count(new) == 3
    assert run(new, "count", "audit").exit_code == 0
    assert run(new, "db", "current").exit_code == 0


@pytest.mark.both_databases
def test_a_restored_site_goes_on_where_it_was(
    site: Flask, places: Places, new_site: NewSite, mail_server: MailServer
) -> None:
    assert sign(site.test_client()).status_code == 303
    assert run(site, "outbox", "work", "--once").exit_code == 0
    new = new_site()
    restored(new, back_up(site, places))
    press_confirm(new.test_client(), link_in(mail_server.letters[0]))
    assert (sound_count(new), names(new)) == (1, {"Ann Example"})
    assert verified(new.test_client()) == 1


@pytest.mark.both_databases
def test_a_backup_made_while_people_sign_and_withdraw_is_of_one_moment(
    site: Flask, places: Places, new_site: NewSite
) -> None:
    def live(which: int) -> None:
        if which == 0:
            back_up(site, places)
            return
        for number in range(12):
            name = f"ann{which}.{number}"
            entry = make_signature(site, email=f"{name}@example.org", name=name)
            if number % 3 == 0:
                with site.app_context():
                    withdraw(entry)

    at_once(4, live)
    new = new_site()
    (manifest,) = places.data.glob("*.json")
    restored(new, manifest)
    assert sound_count(new) == len(names(new)) == json.loads(manifest.read_text())["facts"]["verified"][SLUG]


@pytest.mark.both_databases
def test_no_key_lies_with_the_data_and_no_data_with_the_keys(site: Flask, places: Places) -> None:
    make_signature(site)
    back_up(site, places)
    data, keys = everything_in(places.data), everything_in(places.keys)
    raw = decode_base64url(SECRETS["DATA_KEYS"])
    for key in (raw, raw.hex().encode(), base64.b64encode(raw)[:-2], *(secret.encode() for secret in SECRETS.values())):
        assert key not in data
    assert SLUG.encode() in data
    assert SLUG.encode() not in keys
    (file,) = places.keys.iterdir()
    assert file.read_text().splitlines() == [
        f"SECRET_KEY={SECRETS['SECRET_KEY']}",
        "SECRET_KEY_FALLBACKS=",
        f"DATA_KEYS={SECRETS['DATA_KEYS']}",
    ]


def test_backups_are_read_by_their_owner_alone_and_the_keys_are_written_once(site: Flask, places: Places) -> None:
    first = back_up(site, places)
    for path in (places.data, places.keys, *places.data.iterdir(), *places.keys.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    for path in places.data.iterdir():
        path.rename(path.with_name(f"earlier{path.suffix}"))
    assert back_up(site, places).parent == first.parent
    assert len(list(places.data.iterdir())) == 4
    assert len(list(places.keys.iterdir())) == 1


def test_a_backup_holds_nothing_of_what_was_deleted_before_it(site: Flask, places: Places, new_site: NewSite) -> None:
    with site.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT)"))
            connection.execute(text("INSERT INTO note VALUES (1, 'remembered no more')"))
            connection.execute(text("DELETE FROM note"))
        try:
            back_up(site, places)
            assert b"remembered no more" not in everything_in(places.data)
        finally:
            with db.engine.begin() as connection:
                connection.execute(text("DROP TABLE note"))


def test_organisers_sign_in_anew_after_a_restore(site: Flask, places: Places, new_site: NewSite) -> None:
    assert signed_in(site, administrator=True).get("/organise").status_code == 200
    new = new_site()
    restored(new, back_up(site, places))
    with new.app_context():
        assert db.session.scalars(select(func.count()).select_from(SignIn)).one() == 0


def test_a_backup_of_an_older_version_is_upgraded(new_site: NewSite, places: Places) -> None:
    old, new = new_site(), new_site()
    assert run(old, "db", "upgrade", "20261129_1040").exit_code == 0
    manifest = back_up(old, places)
    assert "upgraded from version 20261129_1040 to " in restored(new, manifest)
    with new.app_context(), transaction() as session:
        session.execute(text("SELECT count(*) FROM erasure_journal"))


@pytest.mark.both_databases
def test_letters_that_waited_go_out_once_they_are_released(
    site: Flask, places: Places, new_site: NewSite, mail_server: MailServer
) -> None:
    sign(site.test_client())
    new = new_site()
    assert "1 letters that waited are held" in restored(new, back_up(site, places))
    assert run(new, "outbox", "work", "--once").exit_code == 0
    assert run(new, "outbox", "retry").output == "0 due now\n"
    assert mail_server.letters == []
    assert "signed\theld\t1" in run(new, "outbox", "status").output
    sign(new.test_client(), email="new@example.org")
    run(new, "outbox", "work", "--once")
    assert [letter["To"] for letter in mail_server.letters] == ["new@example.org"]
    assert run(new, "outbox", "release").output == "1 released\n"
    run(new, "outbox", "work", "--once")
    assert len(mail_server.to("ann@example.org")) == 1
    press_confirm(new.test_client(), link_in(mail_server.to("ann@example.org")[0]))
    assert sound_count(new) == 1


@pytest.mark.both_databases
def test_letters_that_are_discarded_stay_here_and_their_links_work_for_a_week(
    site: Flask, places: Places, new_site: NewSite, mail_server: MailServer
) -> None:
    sign(site.test_client())
    manifest = back_up(site, places)
    run(site, "outbox", "work", "--once")
    (sent,) = mail_server.letters
    new = new_site()
    restored(new, manifest)
    assert run(new, "outbox", "discard").output == "1 discarded\n"
    run(new, "outbox", "work", "--once")
    assert mail_server.letters == [sent]
    with new.app_context():
        (expires_at,) = db.session.execute(text("SELECT expires_at FROM draft")).one()
        assert expires_at is not None
    press_confirm(new.test_client(), link_in(sent))
    assert sound_count(new) == 1


def test_a_letter_in_a_workers_hand_when_the_backup_was_made_is_held_too(
    site: Flask, places: Places, new_site: NewSite
) -> None:
    sign(site.test_client())
    with site.app_context(), transaction() as session:
        session.execute(text("UPDATE outbox SET claim = :claim, leased_until = queued_at"), {"claim": bytes(16)})
    new = new_site()
    restored(new, back_up(site, places))
    with new.app_context():
        row = db.session.scalars(select(OutboxRow)).one()
        assert (row.progress, row.claim, row.leased_until) == ("held", None, None)


def test_what_strangers_asked_for_is_not_held_as_it_can_be_asked_for_again(
    site: Flask, places: Places, new_site: NewSite
) -> None:
    sign(site.test_client())
    with site.app_context(), transaction() as session:
        change = text("UPDATE outbox SET priority = 10000, occasion = :occasion")
        session.execute(change, {"occasion": Occasion.ORGANISER})
    new = new_site()
    restored(new, back_up(site, places))
    with new.app_context():
        assert db.session.scalars(select(OutboxRow)).all() == []


@pytest.mark.both_databases
def test_a_database_that_was_put_back_otherwise_is_finished_by_the_same_steps(
    site: Flask, places: Places, mail_server: MailServer
) -> None:
    make_signature(site)
    sign(site.test_client(), email="waits@example.org")
    done = run(site, "restore", "--loaded")
    assert done.exit_code == 0, done.output
    assert "1 letters that waited are held" in done.output and f"{SLUG}: sound: shown 1" in done.output
    assert "NO JOURNAL of erasures" in done.output
    again = run(site, "restore", "--loaded")
    assert (again.exit_code, mail_server.letters) == (0, [])


@pytest.mark.parametrize("words", [(), ("--loaded", __file__)])
def test_restore_is_told_either_a_manifest_or_that_all_is_back(site: Flask, words: tuple[str, ...]) -> None:
    done = run(site, "restore", *words)
    assert done.exit_code == 2 and "--loaded" in done.output


@pytest.mark.both_databases
def test_a_command_without_a_database_says_so(new_site: NewSite, places: Places) -> None:
    done = run(new_site(), "backup", places.data, "--keys", places.keys)
    assert done.exit_code == 1 and "alembic_version" in done.output
    assert list(places.data.iterdir()) == list(Path(places.keys).iterdir()) == []
