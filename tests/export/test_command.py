"""`flask signatures export`: writes the list to a file, atomically, or to standard output."""

import io
import json
import signal
import stat
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from pypdf import PdfReader
from sqlalchemy import select

from app import clock
from app.db import transaction
from app.export import cli_files, list_stream, pdf
from app.models import Delivery, Format, HandOver, Making, Petition, State, Visibility
from tests.export.listed import NOON, add, parsed
from tests.factories import make_draft

pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def _signed(app: Flask, petition: str) -> None:
    add(app, "Ann", email="ann@example.org", updates=True)
    add(app, "Bob", email="bob@example.org", country="FI", at=NOON.replace(day=24), visibility=Visibility.ORGANISERS)
    add(app, "Cleo", email="cleo@example.org", state=State.INVALIDATED, at=NOON.replace(day=25))
    make_draft(app, email="dora@example.org", name="Dora")


def names(runner: FlaskCliRunner, *options: str) -> list[str]:
    done = runner.invoke(args=["signatures", "export", "save-the-test-library", *options])
    assert done.exit_code == 0, done.output
    return [line[1] for line in parsed([done.stdout_bytes])[1:]]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("", ["Ann", "Bob"]),
        ("--for-addressee", ["Ann", ""]),
        ("--country FI", ["Bob"]),
        ("--country FI --country SE", ["Ann", "Bob"]),
        ("--since 2026-11-24", ["Bob"]),
        ("--until 2026-11-23", ["Ann"]),
        ("--state invalidated", ["Cleo"]),
        ("--state invalidated --state verified", ["Ann", "Bob", "Cleo"]),
    ],
)
def test_options_choose_the_rows_on_standard_output(runner: FlaskCliRunner, options: str, wanted: list[str]) -> None:
    assert names(runner, *options.split()) == wanted


def test_addresses_are_written_only_on_request(runner: FlaskCliRunner) -> None:
    command = ["signatures", "export", "save-the-test-library"]
    assert b"ann@example.org" not in runner.invoke(args=command).stdout_bytes
    with_email = runner.invoke(args=[*command, "--with-email"]).stdout_bytes
    assert b"ann@example.org" in with_email
    assert b"bob@example.org" not in with_email


def test_each_format_can_be_opened(runner: FlaskCliRunner) -> None:
    whole = {
        kind: runner.invoke(args=["signatures", "export", "save-the-test-library", "--format", kind.value]).stdout_bytes
        for kind in list_stream.MIMETYPES
    }
    assert [line[1] for line in parsed([whole["csv"]])] == ["name", "Ann", "Bob"]
    assert [one["name"] for one in json.loads(whole["json"])["rows"]] == ["Ann", "Bob"]
    assert openpyxl.load_workbook(io.BytesIO(whole["xlsx"])).active["B3"].value == "Bob"
    excel = runner.invoke(args=["signatures", "export", "save-the-test-library", "--excel"]).stdout_bytes
    assert '\t"Bob"\t' in excel.decode("utf-16")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["no-such-petition"], "there is no petition no-such-petition"),
        (["save-the-test-library", "--excel", "--format", "json"], "--excel is a way to write CSV"),
        (["save-the-test-library", "--country", "Sweden"], "Sweden: no country's code"),
        (["save-the-test-library", "--for-addressee", "--with-email"], "never an e-mail address"),
        (["save-the-test-library", "--for-addressee", "--state", "invalidated"], "verified signatures"),
    ],
)
def test_impossible_options_are_refused_with_a_message(
    runner: FlaskCliRunner, options: list[str], told: str, tmp_path: Path
) -> None:
    done = runner.invoke(args=["signatures", "export", *options, "-o", str(tmp_path / "list.csv")])
    assert done.exit_code == 1
    assert told in done.stderr
    assert not (tmp_path / "list.csv").exists()


def test_the_file_is_readable_by_its_owner_only_and_replaces_an_earlier_one(
    runner: FlaskCliRunner, tmp_path: Path
) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    path = folder / "list.csv"
    path.write_text("last week's")
    path.chmod(0o644)
    done = runner.invoke(args=["signatures", "export", "save-the-test-library", "-o", str(path)])
    assert (done.exit_code, done.output) == (0, "")
    assert len(parsed([path.read_bytes()])) == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("how", [OSError("gone"), KeyboardInterrupt(), signal.SIGTERM])
def test_a_failed_export_keeps_the_earlier_file(tmp_path: Path, how: BaseException | signal.Signals) -> None:
    path = tmp_path / "lists" / "list.csv"
    path.parent.mkdir()
    path.write_text("last week's")

    def pieces() -> Generator[bytes, None, None]:
        yield b"half a "
        assert len(list(path.parent.iterdir())) == 2
        if isinstance(how, signal.Signals):
            signal.raise_signal(how)
        else:
            raise how

    with pytest.raises((OSError, KeyboardInterrupt, SystemExit)):
        cli_files.write_file(pieces(), path)
    assert path.read_text() == "last week's"
    assert list(path.parent.iterdir()) == [path]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_pdf_is_built_and_written_volume_by_volume(
    runner: FlaskCliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "ROWS_PER_VOLUME", 1)
    path = tmp_path / "list.pdf"
    command = ["signatures", "export", "save-the-test-library", "--format", "pdf", "-o", str(path)]
    done = runner.invoke(args=[*command, "--to", "Registry of Testville"])
    assert done.exit_code == 0, done.output
    second = tmp_path / "list-2.pdf"
    assert done.output.split() == [str(path), str(second)]
    texts = [" ".join(page.extract_text() for page in PdfReader(one).pages) for one in (path, second)]
    assert ["Ann" in texts[0], "Bob" in texts[1]] == [True, True]
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, second)] == [0o600, 0o600]


def test_a_pdf_needs_a_file_and_cannot_have_addresses(runner: FlaskCliRunner, tmp_path: Path) -> None:
    command = ["signatures", "export", "save-the-test-library", "--format", "pdf"]
    to_nowhere = runner.invoke(args=command)
    assert (to_nowhere.exit_code, "name the first one with -o" in to_nowhere.output) == (1, True)
    with_addresses = runner.invoke(args=[*command, "-o", str(tmp_path / "x.pdf"), "--with-email"])
    assert (with_addresses.exit_code, "not in a PDF" in with_addresses.output) == (1, True)


def test_no_second_pdf_is_begun_while_one_is_unfinished(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    with app.app_context(), transaction() as session:
        petition = session.scalars(select(Petition)).one()
        record = HandOver(petition_id=petition.id, at=clock.now(), format=Format.PDF, choice={}, sealed_recipient=b"x")
        session.add(record)
        session.flush()
        session.add(
            Delivery(
                hand_over_id=record.id,
                petition_id=petition.id,
                language="en",
                rows_wanted=0,
                making=Making.MAKING,
                leased_until=clock.now() + timedelta(minutes=1),
            )
        )
    path = tmp_path / "list.pdf"
    done = runner.invoke(args=["signatures", "export", petition.slug, "--format", "pdf", "-o", str(path)])
    assert (done.exit_code, "another PDF of this petition is being made" in done.output) == (1, True)
    assert not path.exists()
