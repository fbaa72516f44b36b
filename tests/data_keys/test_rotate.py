"""Rotating data keys: everything is resealed with the newest key while the site runs, and it can be resumed."""

import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from flask_migrate import upgrade
from sqlalchemy import LargeBinary, select, update

import config
from app import clock, create_app
from app.crypto import sealing
from app.data_keys import rotate as rotating
from app.data_keys.check import check_keys
from app.data_keys.rotate import Unfinished, rotate
from app.data_keys.sealed_columns import SEALED_COLUMNS, SealedColumn
from app.db import Base, db, transaction
from app.export import pdf_job
from app.export.handover import begin_handover
from app.export.rows import Choice
from app.ledger.audit import audit
from app.models import DataKey, Format, Membership, Organiser, Passkey, Petition, Role, Signature, State
from app.models.signer import salt_and_signer, sealed_note, signer_of
from app.organisers import accounts
from app.signers.withdraw import withdraw
from tests.conftest import SECRETS
from tests.factories import drafts, make_draft, make_petition, make_signature, press_confirm, sign, signatures, verified
from tests.mail_server import MailServer, link_in
from tests.organisers.people import make_organiser

pytestmark = pytest.mark.both_databases

OLD = config._data_key(SECRETS["DATA_KEYS"])
NEW = bytes(range(100, 132))


@pytest.fixture
def reports() -> list[str]:
    """The messages to the operator."""
    return []


def rotated(app: Flask, reports: list[str]) -> None:
    with app.app_context():
        rotate(reports.append)


def start_with(app: Flask, *keys: bytes) -> None:
    """Start the site with these keys."""
    app.config["DATA_KEYS"] = list(keys)
    with app.app_context():
        check_keys()


def values(app: Flask, place: SealedColumn) -> list[tuple[bytes, bytes]]:
    """Return the sealed values of a column with the public ids that they are bound to, in the order of these."""
    chosen = select(*place.bound, place.column).where(place.column.is_not(None)).order_by(place.public_id)
    for other in {column.class_ for column in place.bound} - {place.column.class_}:
        chosen = chosen.join_from(place.column.class_, other)
    with app.app_context():
        return [(b"".join(row[:-1]), row[-1]) for row in db.session.execute(chosen)]


def heads(app: Flask) -> set[bytes]:
    return {sealed[:5] for place in SEALED_COLUMNS for _, sealed in values(app, place)}


def fill_every_column(app: Flask) -> None:
    """Have the site's own code seal a value in each column."""
    make_petition(app)
    for at in range(3):
        make_signature(app, email=f"ann{at}@example.org", name=f"Ann {at}")
        make_draft(app, email=f"ann{at}@example.org", name=f"Ann Again {at}")
    make_organiser(app, "olga@example.org", Role.OWNER)
    sign(app.test_client(), email="zoe@example.org")
    with app.app_context():
        petition = db.session.scalars(select(Petition)).one()
        accounts.invite(
            "piet@example.org", petition, Role.EDITOR, inviter=db.session.scalars(select(Organiser)).first()
        )
        begin_handover(petition, None, Format.PDF, Choice(), "The Town Council")
        pdf_job.run_due()
        with transaction() as session:
            olga = session.scalars(select(Organiser).order_by(Organiser.id)).first()
            assert olga
            olga.name, olga.tf_totp_secret, olga.mf_recovery_codes = "Olga", "a secret", ["one", "two"]
            passkey = Passkey(
                "my phone", olga.public_id,
                credential_id=b"c", public_key=b"k", backup_state=False, device_type="single_device",
                usage="first", lastuse_datetime=clock.now(),
            )  # fmt: skip
            olga.webauthn.append(passkey)
        invalid = make_signature(app, state=State.INVALIDATED, email="eve@example.org")
        with transaction() as session:
            note = {"note_sealed": sealed_note("Nobody knows her.", invalid)}
            session.execute(update(Signature).where(Signature.public_id == invalid).values(**note))


def test_every_sealed_column_is_rotated() -> None:
    named = {(place.column.class_.__tablename__, place.column.key) for place in SEALED_COLUMNS}
    sealed = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and ("sealed" in column.name or column.name == "mailbox_key")
    }
    assert named == sealed - {("form_copy", "sealed")}  # each under a key of its own, for an hour


def test_after_rotating_everything_opens_with_the_new_key_alone(app: Flask, reports: list[str]) -> None:
    fill_every_column(app)

    def opened() -> dict[str, list[tuple[bytes, bytes]]]:
        with app.app_context():
            return {
                str(place.column): [
                    (public_id, sealing._decrypter(place.purpose)(public_id, sealed))
                    for public_id, sealed in values(app, place)
                ]
                for place in SEALED_COLUMNS
            }

    before = opened()
    assert all(before.values()), "each column holds something"
    start_with(app, NEW, OLD)
    rotated(app, reports)
    app.config["DATA_KEYS"] = [NEW]
    assert opened() == before
    with app.app_context():
        assert db.session.scalars(select(Membership.sealed_address).where(Membership.sealed_address.is_not(None))).one()
        check_keys()
    total = sum(len(rows) for rows in before.values())
    assert f"{total} sealed anew with {sealing.key_id(NEW).hex()}. Nothing is sealed with" in reports[-2]


def test_the_old_key_can_be_removed_a_day_later_if_nothing_new_was_sealed_with_it(
    app: Flask, reports: list[str]
) -> None:
    make_petition(app)
    make_signature(app)
    start_with(app, NEW, OLD)
    rotated(app, reports)
    assert reports[-1].startswith(f"Keep {sealing.key_id(OLD).hex()} until ")

    start_with(app, OLD, NEW)  # as a process does that was not started anew
    make_signature(app, email="late@example.org")
    start_with(app, NEW, OLD)
    a_day_passes(app)
    rotated(app, reports)
    assert "1 sealed anew" in reports[-2]
    assert reports[-1].startswith("Keep")

    a_day_passes(app)
    rotated(app, reports)
    assert reports[-2].startswith("0 sealed anew")
    assert (
        reports[-1]
        == f"{sealing.key_id(OLD).hex()} can be taken out of DATA_KEYS now: do so, and restart site and worker."
    )
    start_with(app, NEW)
    rotated(app, reports)
    assert "DATA_KEYS has one key" in reports[-1] and "put a new key in front of it" in reports[-1]


def a_day_passes(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(
            update(DataKey).where(DataKey.retired_at.is_not(None)).values(retired_at=clock.now() - timedelta(days=1))
        )


def test_the_command_rotates_the_sites_own_key_while_processes_run(tmp_path: Path, reports: list[str]) -> None:
    env = {"DATABASE_URL": f"sqlite:///{tmp_path}/site.db"}
    app, running = (create_app(config.load(env, instance=tmp_path)) for _ in range(2))
    with app.app_context():
        upgrade()
    make_petition(app)
    make_signature(running)
    with running.app_context():
        open_one = sealing.opener("signature")
        petition_public_id = db.session.scalars(select(Petition.public_id)).one()
    file = tmp_path / "data_keys"
    (first,) = app.config["DATA_KEYS_FILE"].keys()

    rotated(app, reports)
    assert f"{file} has a new key" in reports[0]
    new, old = app.config["DATA_KEYS_FILE"].keys()
    assert old == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.glob("data_keys*")} == {"data_keys"}
    make_signature(running, email="bob@example.org", name="Bob")
    assert heads(app) == {sealing.prefix(new)}
    with running.app_context():
        assert [signer_of(row).name for row in signatures(running)] == ["Ann Example", "Bob"]
    assert [open_one(row.public_id + petition_public_id, row.sealed or b"")[1][0] for row in signatures(app)] == [
        "Ann Example",
        "Bob",
    ]

    rotated(app, reports)
    assert app.config["DATA_KEYS_FILE"].keys() == [new, old], "run again, it makes no further key"
    a_day_passes(app)
    rotated(app, reports)
    assert app.config["DATA_KEYS_FILE"].keys() == running.config["DATA_KEYS_FILE"].keys() == [new]
    assert "was taken out of" in reports[-1]
    for one in (app, running):
        with one.app_context():
            check_keys()


def test_a_rotation_does_not_remove_the_key_of_a_concurrent_one(
    tmp_path: Path, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(config.load({"DATABASE_URL": f"sqlite:///{tmp_path}/site.db"}, instance=tmp_path))
    with app.app_context():
        upgrade()
    make_petition(app)
    make_signature(app)
    rotated(app, reports)
    a_day_passes(app)
    whole = rotating._reseal_all

    def overtaken(newest: bytes, tell: Callable[[str], None]) -> int:
        monkeypatch.setattr(rotating, "_reseal_all", whole)
        number = whole(newest, tell)
        rotate(tell)  # drops the old key
        rotate(tell)  # makes a newer one, and seals everything with that
        return number

    monkeypatch.setattr(rotating, "_reseal_all", overtaken)
    rotated(app, reports)
    with app.app_context():
        check_keys()
        assert [signer_of(row).name for row in signatures(app)] == ["Ann Example"]


def test_a_lost_or_damaged_key_file_does_not_stop_running_processes(tmp_path: Path) -> None:
    app = create_app(config.load({}, instance=tmp_path))
    with app.app_context():
        before = sealing.data_keys()
        (tmp_path / "data_keys").write_text("damaged")
        assert sealing.data_keys() == before
        (tmp_path / "data_keys").unlink()
        assert sealing.data_keys() == before


def test_an_interrupted_rotation_can_be_resumed(
    app: Flask, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_petition(app)
    for at in range(10):
        make_signature(app, email=f"ann{at}@example.org")
    start_with(app, NEW, OLD)
    small = SealedColumn(Signature.sealed, "signature", Signature.public_id, Petition.public_id, batch_size=3)
    monkeypatch.setattr(rotating, "SEALED_COLUMNS", (small,))
    write, calls = rotating._replace, []

    def interrupted(place: SealedColumn, changes: list[dict[str, object]]) -> int:
        calls.append(len(changes))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return write(place, changes)

    monkeypatch.setattr(rotating, "_replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rotated(app, reports)
    assert [sealed[:5] == sealing.prefix(NEW) for _, sealed in values(app, small)].count(True) == 6
    with app.app_context():
        assert db.session.scalars(select(DataKey).where(DataKey.retired_at.is_not(None))).all() == []
    rotated(app, reports)
    assert "4 sealed anew" in reports[-2]
    assert sum(calls[3:]) == 4, "what was sealed anew before is not touched again"


def test_a_value_that_changes_meanwhile_is_not_overwritten(
    app: Flask, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_petition(app)
    public_id = make_signature(app)
    start_with(app, NEW, OLD)
    write, corrected = rotating._replace, []

    def after_a_correction(place: SealedColumn, changes: list[dict[str, object]]) -> int:
        if changes and place.column is Signature.sealed and not corrected:
            corrected.append(place)
            with transaction() as session:
                row = session.scalars(select(Signature)).one()
                salt, signer = salt_and_signer(row)
                corrected_signer = replace(signer, name="Ann Corrected")
                petition = session.get_one(Petition, row.petition_id)
                row.sealed = corrected_signer.sealed_for(public_id, petition.public_id, salt)
        return write(place, changes)

    monkeypatch.setattr(rotating, "_replace", after_a_correction)
    rotated(app, reports)
    app.config["DATA_KEYS"] = [NEW]
    with app.app_context():
        assert signer_of(signatures(app)[0]).name == "Ann Corrected"
        assert heads(app) == {sealing.prefix(NEW)}


def test_a_value_that_does_not_open_keeps_its_key_and_the_others_are_resealed(app: Flask, reports: list[str]) -> None:
    make_petition(app)
    broken = make_signature(app)
    make_signature(app, email="bob@example.org")
    with app.app_context(), transaction() as session:
        row = session.scalars(select(Signature).where(Signature.public_id == broken)).one()
        row.sealed = (row.sealed or b"")[:-1] + b"?"
    start_with(app, NEW, OLD)
    with pytest.raises(Unfinished, match="1 values do not open"):
        rotated(app, reports)
    assert "Signature.sealed: 1 sealed anew" in reports
    with app.app_context():
        assert db.session.scalars(select(DataKey).where(DataKey.retired_at.is_not(None))).all() == []


def test_the_command_reports_what_it_did_and_exits_with_1_if_something_is_left(
    app: Flask, petition: str, runner: FlaskCliRunner
) -> None:
    start_with(app, NEW, OLD)
    done = runner.invoke(args=["data-keys", "rotate"])
    assert done.exit_code == 0
    assert "Petition.mailbox_key: 1 sealed anew\n3 sealed anew with" in done.output
    make_signature(app)
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).values(sealed=sealing.prefix(OLD) + bytes(300)))
    left = runner.invoke(args=["data-keys", "rotate"])
    assert left.exit_code == 1
    assert "Error: 1 values do not open" in left.output


def test_a_process_that_still_seals_with_the_old_key_is_reported(
    app: Flask, petition: str, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start_with(app, NEW, OLD)
    reseal, at = rotating._reseal, iter(range(100))

    def beside_another(place: SealedColumn, head: bytes) -> object:
        if place.column is Signature.sealed:
            app.config["DATA_KEYS"] = [OLD, NEW]
            make_signature(app, email=f"ann{next(at)}@example.org")
            app.config["DATA_KEYS"] = [NEW, OLD]
        return reseal(place, head)

    monkeypatch.setattr(rotating, "_reseal", beside_another)
    with pytest.raises(Unfinished, match="a process still runs with other DATA_KEYS"):
        rotated(app, reports)


@pytest.fixture
def many(app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]) -> list[str]:
    """The links in the letters to thirty signers."""
    for at in range(30):
        sign(client, email=f"person{at}@example.org", name=f"Person {at}")
    work()
    return [link_in(letter) for letter in mail_server.letters]


def test_during_a_rotation_each_mailbox_still_has_one_signature(
    app: Flask,
    client: FlaskClient,
    many: list[str],
    reports: list[str],
    monkeypatch: pytest.MonkeyPatch,
    mail_server: MailServer,
    work: Callable[[], int],
) -> None:
    for link in many[:10]:
        press_confirm(client, link)
    monkeypatch.setattr(
        rotating,
        "SEALED_COLUMNS",
        tuple(replace(one, batch_size=2) for one in SEALED_COLUMNS),
    )
    app.config["DATA_KEYS"] = [NEW, OLD]
    with app.app_context():
        public_ids = {signer_of(row).email: row.public_id for row in [*signatures(app), *drafts(app)]}
    begun, done = threading.Event(), threading.Event()
    troubles: list[str] = []

    def people(which: int) -> None:
        browser = app.test_client()
        browser.environ_base["REMOTE_ADDR"] = f"192.0.2.{which}"
        begun.wait()
        for at in range(which, 30, 3):
            answers = [
                sign(browser, email=f"Person{at}@EXAMPLE.org", name=f"Again {at}").status_code,
                press_confirm(browser, many[at], name=f"Person {at}").status_code,
                sign(browser, email=f"new{at}@example.org").status_code,
            ]
            if at % 5 == 4:
                with app.app_context():
                    answers.append(200 if withdraw(public_ids[f"person{at}@example.org"]) else 0)
                answers.append(sign(browser, email=f"person{at}@example.org").status_code)
            if not set(answers) <= {200, 303}:
                troubles.append(str(answers))

    def keys() -> None:
        with app.app_context():
            begun.set()
            while not done.is_set():
                rotate(reports.append)
            rotate(reports.append)

    threads = [threading.Thread(target=people, args=(which,)) for which in range(3)]
    rotator = threading.Thread(target=keys)
    for thread in (*threads, rotator):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    rotator.join()

    assert troubles == []
    app.config["DATA_KEYS"] = [NEW]
    assert heads(app) == {sealing.prefix(NEW)}
    confirmed = signatures(app)
    with app.app_context():
        mailboxes = [signer_of(row).email.lower() for row in confirmed if row.sealed]
        said_again = [signer_of(row).email.lower() for row in drafts(app) if row.sealed]
        assert audit(db.session.scalars(select(Petition)).one()).sound
    assert verified(client) == len(set(mailboxes)) == len(mailboxes) == 24
    assert [row.state for row in confirmed].count(State.WITHDRAWN) == 6
    assert len(confirmed) == 30
    # Of 30 new mailboxes, of 10 that had confirmed before, and of 6 that had withdrawn; those of others are closed.
    assert len(said_again) == 46
    assert len(drafts(app)) == 66
    work()
    told = [letter["Subject"] for letter in mail_server.to("person3@example.org")]
    assert "You have already signed: Save the test library" in told, "who signed before the rotation is known after it"
    press_confirm(client, link_in(mail_server.to("new3@example.org")[0]))
    assert verified(client) == 25
