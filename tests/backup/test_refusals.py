"""A backup in one place, a restore with the wrong keys, of half a file or onto what is there: refused in words."""

import base64
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect, text

from app import clock
from app.data_keys.check import check_keys
from app.db import db
from tests.backup.conftest import NewSite
from tests.backup.site_to_lose import Places, back_up, everything_in, refused, restored, run
from tests.conftest import make_app
from tests.factories import make_signature

OTHER_KEY = base64.urlsafe_b64encode(bytes(range(50, 82))).decode().rstrip("=")


def is_untouched(app: Flask) -> bool:
    with app.app_context():
        return not inspect(db.engine).get_table_names()


def dump_of(manifest: Path) -> Path:
    return manifest.parent / json.loads(manifest.read_text())["dump"]


def rewrite(manifest: Path, **said: object) -> Path:
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **said}))
    return manifest


def test_a_backup_without_a_place_for_the_keys_is_refused(site: Flask, places: Places) -> None:
    done = run(site, "backup", places.data)
    assert done.exit_code == 2 and "--keys" in done.output
    assert not places.data.exists()


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        ("one", "one"),
        ("one", "one/keys"),
        ("one/data", "one"),
        ("one", "elsewhere/../one"),
        ("one", "link"),
        ("instance/backups", "one"),
        ("one", "instance"),
        (".", "one"),
        ("one", "database/keys"),
    ],
)
def test_data_and_keys_in_one_place_are_refused(site: Flask, tmp_path: Path, data: str, keys: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "one")
    site.config["INSTANCE_DIR"] = str(tmp_path / "instance")
    with site.app_context():
        (tmp_path / "database").symlink_to(Path(str(db.engine.url.database)).parent)
    done = run(site, "backup", tmp_path / data, "--keys", tmp_path / keys)
    assert done.exit_code == 1 and "give two folders" in done.output
    assert not (tmp_path / "one").exists()


def test_two_places_on_one_disk_are_taken_with_a_word_about_it(site: Flask, places: Places) -> None:
    done = run(site, "backup", places.data, "--keys", places.keys)
    assert (done.exit_code, done.stderr) == (0, f"Both folders are on one disk: move {places.keys} away from it.\n")


def test_two_backups_in_one_second_do_not_mix(site: Flask, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 29, 12, tzinfo=UTC))
    first = back_up(site, places)
    before = everything_in(places.data)
    done = run(site, "backup", places.data, "--keys", places.keys)
    assert done.exit_code == 1 and "try again in a second" in done.output
    assert everything_in(places.data) == before
    assert first.name == "countersign-20261129T120000Z.json"


def test_a_backup_that_fails_leaves_no_half_of_one(
    site: Flask, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = run(site, "backup", places.data, "--keys", places.keys)
    assert done.exit_code == 1 and "No space left" in done.output
    assert list(places.data.iterdir()) == []


@pytest.mark.both_databases
def test_the_wrong_keys_are_refused_and_the_right_ones_named(site: Flask, places: Places, new_site: NewSite) -> None:
    make_signature(site)
    manifest = back_up(site, places)
    (keys,) = places.keys.iterdir()
    new = new_site(DATA_KEYS=[bytes(range(50, 82))])
    said = refused(new, manifest)
    assert "these are not the keys of this backup" in said and keys.name in said
    assert OTHER_KEY not in said and is_untouched(new)


def test_one_of_two_keys_is_not_enough(new_site: NewSite, places: Places) -> None:
    first, second = bytes(range(32)), bytes(range(50, 82))
    old = new_site(DATA_KEYS=[first])
    run(old, "db", "upgrade")
    with old.app_context():
        check_keys()
        old.config["DATA_KEYS"] = [second, first]
        check_keys()
    manifest = back_up(old, places)
    new = new_site(DATA_KEYS=[second])
    assert "these are not the keys of this backup" in refused(new, manifest)
    assert is_untouched(new)


def test_another_secret_key_is_told(site: Flask, places: Places, new_site: NewSite) -> None:
    new = new_site(SECRET_KEY="another-secret-for-tests-only-9876543210")
    assert "links in letters under way" in restored(new, back_up(site, places))
    assert "links in letters under way" not in restored(new_site(), next(places.data.glob("*.json")))


@pytest.mark.parametrize(("damage", "why"), [("cut", "was cut off"), ("flip", "is damaged"), ("lose", "is missing")])
def test_half_a_file_or_a_damaged_one_is_refused(
    site: Flask, places: Places, new_site: NewSite, damage: str, why: str
) -> None:
    manifest = back_up(site, places)
    dump = dump_of(manifest)
    whole = dump.read_bytes()
    middle = len(whole) // 2
    dump.write_bytes(whole[:middle] if damage == "cut" else whole[:middle] + b"\0\1\2\3" + whole[middle + 4 :])
    if damage == "lose":
        dump.unlink()
    new = new_site()
    assert why in refused(new, manifest) and is_untouched(new)


def test_a_backup_that_somebody_altered_is_refused(site: Flask, places: Places, new_site: NewSite) -> None:
    manifest = rewrite(back_up(site, places), sha256="0" * 64)
    assert "was altered since it was made" in refused(new_site(), manifest)
    rewrite(manifest, seal=base64.b64encode(b"forged").decode())
    assert "not the keys of this backup" in refused(new_site(), manifest)


@pytest.mark.parametrize("words", ["", "{}", "[]", "[1]", "null", '{"seal": "x"}', '{"seal": 1}', "\xff"])
def test_what_is_no_manifest_is_refused(new_site: NewSite, tmp_path: Path, words: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(words, "latin-1")
    assert "is no manifest of a backup" in refused(new_site(), path)


@pytest.mark.both_databases
def test_a_backup_of_a_newer_version_is_refused(site: Flask, places: Places, new_site: NewSite) -> None:
    with site.app_context(), db.engine.begin() as connection:
        before = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '20991231_0000'"))
    try:
        manifest = back_up(site, places)
    finally:
        with site.app_context(), db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :before"), {"before": before})
    new = new_site()
    said = refused(new, manifest)
    assert "at version 20991231_0000, which this version of Countersign does not know" in said and is_untouched(new)


@pytest.mark.both_databases
def test_a_database_that_is_not_empty_is_left_as_it_is(site: Flask, places: Places, new_site: NewSite) -> None:
    manifest = back_up(site, places)
    make_signature(site, name="Who Came Later")
    assert "is not empty, and nothing in it was changed" in refused(site, manifest)
    new = new_site()
    restored(new, manifest)
    assert "is not empty" in refused(new, manifest)


def test_a_backup_of_the_other_database_is_refused(
    site: Flask, places: Places, new_site: NewSite, postgres: str
) -> None:
    new = new_site("postgresql")
    assert "this backup is of sqlite" in refused(new, back_up(site, places)) and is_untouched(new)


@pytest.mark.postgresql_alone
def test_without_postgresqls_programs_it_says_what_to_install(
    site: Flask, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run(site, "backup", places.data, "--keys", places.keys)
    assert done.exit_code == 1 and "install the package postgresql-client-" in done.output
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    old.chmod(0o700)
    done = run(site, "backup", places.data, "--keys", places.keys)
    assert done.exit_code == 1 and "is older than the server" in done.output
    assert list(places.data.iterdir()) == []


@pytest.mark.postgresql_alone
def test_no_password_and_no_key_reaches_what_others_can_read_of_a_program(
    database_url: str, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    spy = tmp_path / "pg_dump"
    spy.write_text(f'#!/bin/sh\ncase $1 in --version) echo 99;; *) echo "$@" > {told}; env >> {told}; exit 3;; esac\n')
    spy.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("DATA_KEYS", "kept-from-it")
    site = make_app(tmp_path / "site", database_url.replace(":@", ":p4ss%20word@"))
    done = run(site, "backup", places.data, "--keys", places.keys)
    assert done.exit_code == 1 and "pg_dump failed" in done.output
    with site.app_context():
        db.engine.dispose()
    arguments, *environment = told.read_text().splitlines()
    assert "p4ss" not in arguments and "PGPASSWORD=p4ss word" in environment
    assert "kept-from-it" not in told.read_text()
