"""Importing petition files: all or nothing, and idempotent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from app.crypto import sealing
from app.db import db
from app.petition_files import importing, saving
from app.petition_files.file import BadPetitionFile
from app.petition_files.importing import Outcome, import_file, import_if_new
from tests.factories import SLUG, make_petition, make_signature, petition_file, verified
from tests.petitions.conftest import Import
from tests.petitions.stored import everything, notices, texts, the_petition

pytestmark = pytest.mark.both_databases

INITIATOR = '[[initiators]]\nname = "Ann Example"\n'


def test_a_new_petition_is_open_at_once_with_a_count_of_zero(app: Flask, client: FlaskClient, bring: Import) -> None:
    assert bring() == Outcome.OPENED
    assert client.get(f"/petitions/{SLUG}").status_code == 200
    assert verified(client) == 0
    assert [text.version for text in texts(app)] == [1]
    assert [notice.version for notice in notices(app)] == [1]


def test_importing_the_same_file_again_changes_no_row(app: Flask, bring: Import) -> None:
    full = (
        "Books.",
        INITIATOR
        + '[[donations]]\nrecipient = "Club"\niban = "DE89370400440532013000"\n[[links]]\ntitle = "Read"\n'
        + '[elsewhere]\ncount = 3\nsource = "On paper"\n[fields]\ncomment = "off"\n',
    )
    front = {"goal": "500", "started_on": "2026-11-01", "closes_on": "2999-12-31", "privacy": '"More."'}
    assert bring(*full, **front) == Outcome.OPENED
    make_signature(app)
    before = everything(app)
    assert bring(*full, **front) == Outcome.UNCHANGED
    assert everything(app) == before


def test_a_changed_file_updates_the_petition_and_keeps_its_identity(
    app: Flask, client: FlaskClient, bring: Import
) -> None:
    bring(tables=INITIATOR, goal="500")
    make_signature(app)
    old = the_petition(app)
    changed = {"started_by": '"Others"', "started_on": "2026-11-02", "contact": '"new@example.org"', "discreet": "true"}
    assert (
        bring(tables='[fields]\ncomment = "off"\n[elsewhere]\ncount = 7\nsource = "On paper"', **changed)
        == Outcome.UPDATED
    )
    new = the_petition(app)
    assert (new.started_by, new.contact, new.discreet, new.comment_field) == ("Others", "new@example.org", True, "off")
    assert (new.goal, new.initiators) == (None, [])
    assert new.elsewhere == {"count": 7, "source": "On paper", "url": ""}
    for column in ("id", "public_id", "slug", "language", "mailbox_key", "opened_at"):
        assert getattr(new, column) == getattr(old, column)
    assert (len(texts(app)), len(notices(app)), verified(client)) == (1, 1, 1)


def test_a_petition_can_be_signed_until_the_end_of_its_last_day(app: Flask, bring: Import) -> None:
    bring(closes_on="2999-12-31")
    petition = the_petition(app)
    midnight = datetime(3000, 1, 1, tzinfo=UTC)
    assert petition.closes_at == midnight
    assert petition.is_open(midnight - timedelta(seconds=1))
    assert not petition.is_open(midnight)


def test_every_petition_has_a_sealed_mailbox_key_of_its_own(app: Flask) -> None:
    keys = []
    for slug in ("first-petition", "second-petition"):
        make_petition(app, slug=f'"{slug}"')
        petition = the_petition(app, slug)
        with app.app_context():
            key, sealed_slug = sealing.unseal("mailbox-key", petition.public_id, petition.mailbox_key).fields
        assert len(bytes.fromhex(key)) == 32
        assert sealed_slug == slug
        assert key.encode() not in petition.mailbox_key
        keys.append(key)
    assert keys[0] != keys[1]


def test_a_file_with_an_error_changes_nothing(app: Flask, bring: Import) -> None:
    empty = everything(app)
    with pytest.raises(BadPetitionFile, match=r"petition\.md: initiators\[2\]\.country: must be"):
        bring(tables=INITIATOR + '[[initiators]]\nname = "Bo"\ncountry = "Atlantis"')
    assert everything(app) == empty
    bring()
    before = everything(app)
    with pytest.raises(BadPetitionFile, match=r"petition\.md: links\[1\]\.url: must be"):
        bring("New words.", '[[links]]\ntitle = "x"\nurl = "x"', goal="900", addressed_to='"The Mayor"')
    assert everything(app) == before


def test_a_file_in_another_language_is_refused(app: Flask, bring: Import) -> None:
    bring()
    before = everything(app)
    with pytest.raises(BadPetitionFile, match=r"petition\.md: language: this petition is in 'en', and stays so"):
        bring("Nya ord.", language='"sv"', goal="900")
    assert everything(app) == before


@pytest.mark.parametrize("known", [False, True])
def test_an_error_in_the_middle_of_an_import_changes_nothing(
    app: Flask, bring: Import, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    if known:
        bring()
    before = everything(app)

    def fail(*_: object, **__: object) -> None:
        db.session.flush()
        raise RuntimeError("the power fails")

    monkeypatch.setattr(saving, "record", fail)
    monkeypatch.setattr(importing, "record", fail)
    with pytest.raises(RuntimeError, match="the power fails"):
        bring("New words.", goal="900")
    assert everything(app) == before


def test_many_imports_at_once_make_one_petition(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "petition.md"
    path.write_text(petition_file(), "utf-8")
    start = Barrier(6)

    def run(_: int) -> Outcome:
        with app.app_context():
            start.wait()
            return import_file(path).outcome

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(run, range(6)))
    assert sorted(outcomes) == [Outcome.UNCHANGED] * 5 + [Outcome.OPENED]
    assert len(texts(app)) == 1
    assert the_petition(app)


def test_import_if_new_does_not_change_an_existing_petition(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "petition.md"
    path.write_text(petition_file(), "utf-8")
    with app.app_context():
        assert import_if_new(path) == SLUG
    before = everything(app)
    path.write_text(petition_file("New words.", goal="900"), "utf-8")
    with app.app_context():
        assert import_if_new(path) == SLUG
    assert everything(app) == before


def test_the_command_reports_what_it_did_or_what_is_wrong(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    path = tmp_path / "petition.md"
    for text, code, words in (
        (petition_file(goal='"many"'), 1, f"Error: {path}: goal: must be a whole number from 1 to 2000000000"),
        (petition_file(), 0, f"{SLUG}: opened\n"),
        (petition_file(), 0, f"{SLUG}: nothing new\n"),
        (petition_file("New words."), 0, f"{SLUG}: a new version of the text\n"),
        (petition_file("New words.", goal="900"), 0, f"{SLUG}: updated\n"),
    ):
        path.write_text(text, "utf-8")
        result = runner.invoke(args=["petition", "import", str(path)])
        assert result.exit_code == code
        assert result.output.startswith(words)
    make_signature(app)
    assert runner.invoke(args=["petition", "list"]).output == f"{SLUG}\topen\t1\tSave the test library\n"
