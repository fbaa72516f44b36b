"""The journal of erasures: rows go from the database to a file of the day, and are there before they are deleted."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock, jobs
from app.db import db, transaction
from app.jobs import JOBS
from app.models import Change, JournalEntry
from app.models.journal import enter
from app.retention.journal import Line, read_journal, write_journal
from tests.concurrency.test_races import at_once

pytestmark = pytest.mark.both_databases


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Path:
    """Where the journal goes."""
    app.config["ERASURES_DIR"] = tmp_path / "erasures"
    return tmp_path / "erasures"


def take_back(app: Flask, *changes: tuple[Change, bytes]) -> None:
    with app.app_context(), transaction() as session:
        for change, key in changes:
            enter(session, change, key)


def waiting(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(func.count()).select_from(JournalEntry)).one()


def written(folder: Path) -> list[tuple[Change, bytes]]:
    lines = list(read_journal(folder))
    assert None not in lines
    return [(line.change, line.key) for line in lines if isinstance(line, Line)]


def test_rows_are_moved_to_the_file_of_the_day(app: Flask, folder: Path) -> None:
    before = clock.now()
    take_back(app, (Change.WITHDRAWN, b"a" * 16), (Change.ACCOUNT, b"b" * 16))
    with app.app_context():
        assert write_journal() == 2
        assert write_journal() == 0
    take_back(app, (Change.WITHDRAWN, b"c" * 16))
    with app.app_context():
        write_journal()
    assert waiting(app) == 0
    assert written(folder) == [
        (Change.WITHDRAWN, b"a" * 16),
        (Change.ACCOUNT, b"b" * 16),
        (Change.WITHDRAWN, b"c" * 16),
    ]
    (file,) = folder.iterdir()
    assert file.name in {f"{moment:%Y-%m-%d}.log" for moment in (before, clock.now())}
    assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(file.stat().st_mode)) == (0o700, 0o600)
    first = next(read_journal(folder))
    assert first is not None and before <= first.at <= clock.now()


def test_what_cannot_be_written_stays_in_the_database(app: Flask, folder: Path) -> None:
    folder.write_text("a file where a folder should be")
    take_back(app, (Change.WITHDRAWN, b"a" * 16))
    (job,) = (one for one in JOBS if one.run is write_journal)
    with app.app_context():
        assert jobs.run(job) is None
    assert waiting(app) == 1
    folder.unlink()
    with app.app_context():
        assert jobs.run(job) == 1
    assert written(folder) == [(Change.WITHDRAWN, b"a" * 16)]


def test_of_what_is_done_and_undone_a_thousand_times_the_last_of_each_is_written(app: Flask, folder: Path) -> None:
    take_back(app, *[(change, b"m" * 16) for _ in range(100) for change in (Change.UNWANTED, Change.WANTED)])
    with app.app_context():
        assert write_journal() == 200
    assert written(folder) == [(Change.UNWANTED, b"m" * 16), (Change.WANTED, b"m" * 16)]
    first, last = read_journal(folder)
    assert first and last and first.at < last.at, "a replay ends as it had ended"


def test_lines_stay_in_order_as_the_clock_is_set_back_over_midnight(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    midnight = clock.now().replace(hour=0, minute=0)
    for number, moment in enumerate((midnight, midnight - timedelta(hours=1), midnight + timedelta(days=1))):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        take_back(app, (Change.WITHDRAWN, bytes([number]) * 16))
        with app.app_context():
            write_journal()
    assert written(folder) == [(Change.WITHDRAWN, bytes([number]) * 16) for number in range(3)]
    assert len(list(folder.iterdir())) == 2


def test_of_many_changes_those_that_stay_are_in_the_order_of_the_last(app: Flask, folder: Path) -> None:
    take_back(app, *[(change, b"m" * 16) for change in (Change.UNWANTED, Change.WANTED, Change.UNWANTED)])
    with app.app_context():
        write_journal()
    assert written(folder) == [(Change.WANTED, b"m" * 16), (Change.UNWANTED, b"m" * 16)]


def test_four_workers_write_each_line_once(app: Flask, folder: Path) -> None:
    take_back(app, *[(Change.WITHDRAWN, number.to_bytes(16, "big")) for number in range(1200)])

    def work(_: int) -> int:
        with app.app_context():
            return write_journal()

    at_once(4, work)
    with app.app_context():
        write_journal()
    assert waiting(app) == 0
    assert sorted(key for _, key in written(folder)) == [number.to_bytes(16, "big") for number in range(1200)]


def test_files_older_than_any_backup_should_be_are_deleted(app: Flask, folder: Path) -> None:
    folder.mkdir()
    days = [clock.now() - timedelta(days=number) for number in (365, 368, 4000)]
    for day in days:
        (folder / f"{day:%Y-%m-%d}.log").write_text("")
    (folder / "notes.txt").write_text("somebody's own")
    take_back(app, (Change.WITHDRAWN, b"a" * 16))
    with app.app_context():
        write_journal()
    left = {path.name for path in folder.iterdir()}
    assert left == {"notes.txt", f"{days[0]:%Y-%m-%d}.log", f"{clock.now():%Y-%m-%d}.log"}
