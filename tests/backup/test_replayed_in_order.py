"""Of what was taken back and given again in turn the last counts, wherever it was written, whatever the clock said."""

from datetime import timedelta
from itertools import permutations
from pathlib import Path
from shutil import copytree

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.models import Declined, Unwanted
from app.outbox import unwanted
from app.signers.decline import decline, undo_decline
from tests.backup.conftest import BackUp, NewSite
from tests.backup.site_to_lose import Places, back_up, run, write_out
from tests.backup.test_replayed_lives import sent_draft

pytestmark = pytest.mark.both_databases


def set_clock_back(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() - by)


def declined(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Declined)).all())


@pytest.mark.parametrize("written", ["together", "apart"])
def test_it_was_not_me_pressed_again_after_the_clock_was_set_back_holds(
    site: Flask, backed_up: BackUp, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    draft = sent_draft(site)
    restore = backed_up()
    with site.app_context():
        assert decline(draft) and undo_decline(draft)
    if written == "apart":
        write_out(site)
    again = sent_draft(site)
    with monkeypatch.context() as patched:
        set_clock_back(patched, timedelta(hours=1))
        with site.app_context():
            assert decline(again)
    assert declined(restore()) == 1


def test_no_more_letters_pressed_again_after_the_clock_was_set_back_holds(
    site: Flask, backed_up: BackUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore = backed_up()
    with site.app_context():
        with transaction() as session:
            mailbox = unwanted.mailbox_of(session, "ann@example.org")
            unwanted.stop_emails(session, mailbox, clock.now())
        with transaction() as session:
            unwanted.resume_emails(session, mailbox)
        with monkeypatch.context() as patched, transaction() as session:
            set_clock_back(patched, timedelta(hours=1))
            unwanted.stop_emails(session, mailbox, clock.now())
    with restore().app_context():
        assert db.session.scalars(select(Unwanted.mailbox)).all() == [mailbox]


@pytest.mark.parametrize("undone", [True, False])
def test_what_machines_wrote_is_put_in_order_by_its_moments_copies_of_a_folder_too(
    site: Flask, places: Places, new_site: NewSite, tmp_path: Path, undone: bool
) -> None:
    draft = sent_draft(site)
    manifest = back_up(site, places)
    one, other, copy = (tmp_path / name for name in ("one", "other", "copy"))
    site.config["ERASURES_DIR"] = one
    with site.app_context():
        assert decline(draft)
        write_out(site)
        copytree(one, copy)
        site.config["ERASURES_DIR"] = other
        assert undo_decline(draft)
    write_out(site)
    if not undone:
        again = sent_draft(site)
        with site.app_context():
            assert decline(again)
        site.config["ERASURES_DIR"] = one
        write_out(site)
    for folders in permutations((one, other, copy)):
        new = new_site()
        named = [word for folder in folders for word in ("--erasures", folder)]
        assert run(new, "restore", manifest, *named).exit_code == 0
        assert declined(new) == (0 if undone else 1)
