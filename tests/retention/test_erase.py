"""Erasing some days after closing: state, month, text version and count stay, and the petition never opens again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import func, select, update

from app import clock
from app.crypto import tokens
from app.db import db, transaction
from app.ledger.audit import audit
from app.models import (
    Declined,
    HandOverBlock,
    OutboxRow,
    Petition,
    PetitionText,
    PrivacyNotice,
    Role,
    Signature,
    State,
    Visibility,
)
from app.petition_files.importing import BadPetitionFile, import_file
from app.publishing import opening
from app.retention import erase
from app.retention.erase import erase_after_closing
from app.retention.purge import forget_declined
from tests.concurrency.test_races import at_once
from tests.factories import (
    SLUG,
    change_signers,
    drafts,
    make_mailbox,
    make_signature,
    petition_file,
    press_confirm,
    sign,
    signatures,
    verified,
)
from tests.mail_server import MailServer, link_in
from tests.organisers.people import make_organiser, signed_in
from tests.watching.people import petition_id_of

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]


def close(app: Flask, **ago: float) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Petition).values(closes_at=clock.now() - timedelta(**ago)))


def erase_due(app: Flask) -> int:
    with app.app_context():
        return erase_after_closing()


@pytest.fixture
def everybody(app: Flask, petition: str) -> dict[State, bytes]:
    """A signature in each state, a draft, and a mailbox that declined."""
    make_mailbox(app, "draft", "draft@example.org")
    make_mailbox(app, "declined", "declined@example.org")
    return {state: make_signature(app, state=state, email=f"{state}@example.org") for state in State}


def test_nothing_is_erased_before_the_promised_days_are_over(app: Flask, everybody: dict[State, bytes]) -> None:
    assert erase_due(app) == 0
    close(app, days=89, hours=23)
    assert erase_due(app) == 0
    assert all(one.sealed for one in signatures(app) if one.state == State.VERIFIED)


def test_then_everything_is_erased_except_state_month_and_text_version(
    app: Flask, client: FlaskClient, everybody: dict[State, bytes]
) -> None:
    moment = datetime(2026, 3, 17, 12, 34, 56, 789, tzinfo=UTC)
    change_signers(app, updates=True)
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).values(signed_at=moment))
        session.execute(update(Signature).values(verified_at=moment))
    before = {one.public_id: one for one in signatures(app)}
    close(app, days=90, seconds=1)
    with app.app_context():
        forget_declined()
    assert erase_due(app) == len(State)
    assert verified(client) == 1
    left = signatures(app)
    assert {one.state for one in left} == {*State}
    assert drafts(app) == []
    for one in left:
        assert (one.sealed, one.note_sealed, one.email_key) == (None,) * 3
        assert (one.text_id, one.state, one.reason) == (
            before[one.public_id].text_id,
            before[one.public_id].state,
            before[one.public_id].reason,
        )
        assert (one.country, one.updates, one.visibility) == ("", False, Visibility.ORGANISERS)
        assert one.signed_at == datetime(2026, 3, 1, tzinfo=UTC)
        assert one.verified_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert erase_due(app) == 0
    with app.app_context():
        assert audit(db.session.scalars(select(Petition)).one()).sound
        assert db.session.scalars(select(Declined)).all() == []


def test_which_rows_lists_had_is_deleted_with_the_last_signer(
    app: Flask, petition: str, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    make_signature(app)
    runner.invoke(args=["signatures", "export", SLUG, "--country", "SE", "-o", str(tmp_path / "list.csv")])

    def blocks() -> int:
        with app.app_context():
            return db.session.scalars(select(func.count()).select_from(HandOverBlock)).one()

    assert blocks() == 1
    close(app, days=89)
    erase_due(app)
    assert blocks() == 1
    close(app, days=91)
    erase_due(app)
    assert blocks() == 0


def test_the_language_that_stays_is_that_of_the_signed_text(app: Flask, petition: str) -> None:
    make_signature(app)
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).values(language="sv"))
    close(app, days=90)
    erase_due(app)
    with app.app_context():
        assert signatures(app)[0].language == db.session.scalars(select(PetitionText.language)).one() == "en"


def test_each_signer_is_erased_when_their_own_notice_says(app: Flask, petition: str) -> None:
    early = make_signature(app, email="early@example.org")
    with app.app_context(), transaction() as session:
        notice = session.scalars(select(PrivacyNotice)).one()
        longer = PrivacyNotice(petition_id=notice.petition_id, version=2, made_at=clock.now())
        for column, value in (notice.says() | {"erase_after_days": 365}).items():
            setattr(longer, column, value)
        session.add(longer)
    late = make_signature(app, email="late@example.org")
    with app.app_context(), transaction() as session:
        newer = select(PrivacyNotice.id).where(PrivacyNotice.version == 2).scalar_subquery()
        session.execute(update(Signature).where(Signature.public_id == late).values(notice_id=newer))
    close(app, days=100)
    assert erase_due(app) == 1
    assert {one.public_id: one.sealed is None for one in signatures(app)} == {early: True, late: False}
    close(app, days=365)
    assert erase_due(app) == 1


def test_signers_of_an_open_or_reopened_petition_are_not_erased(app: Flask, petition: str) -> None:
    make_signature(app)
    owner = make_organiser(app, role=Role.OWNER, may_open=True)
    close(app, days=30)
    with app.app_context():
        assert opening.reopen_petition(petition_id_of(), None, owner)
    assert erase_due(app) == 0
    assert signatures(app)[0].sealed


def test_a_file_cannot_close_an_open_petition_in_the_past(
    app: Flask, tmp_path: Path, everybody: dict[State, bytes]
) -> None:
    path = tmp_path / "past.md"
    path.write_text(petition_file(closes_on="2020-01-01"), "utf-8")
    with app.app_context():
        with pytest.raises(BadPetitionFile, match="this day is over"):
            import_file(path)
        assert erase_after_closing() == 0


def test_after_erasing_the_petition_cannot_be_reopened_or_signed(
    app: Flask, client: FlaskClient, tmp_path: Path, everybody: dict[State, bytes]
) -> None:
    owner = make_organiser(app, role=Role.OWNER, may_open=True)
    close(app, days=91)
    erase_due(app)
    with app.app_context():
        with pytest.raises(opening.Erased):
            opening.reopen_petition(petition_id_of(), None, owner)
        path = tmp_path / "again.md"
        path.write_text(petition_file(closes_on="2099-12-31"), "utf-8")
        with pytest.raises(BadPetitionFile, match="closes_on"):
            import_file(path)
        with transaction() as session:  # whatever else may move the day
            session.execute(update(Petition).values(closes_at=None))
    assert sign(client).status_code == 409
    assert len(signatures(app)) == len(State)


def test_owners_see_that_signers_were_erased(app: Flask, everybody: dict[State, bytes]) -> None:
    make_organiser(app, role=Role.OWNER)
    close(app, days=91)
    erase_due(app)
    page = signed_in(app).get(f"/organise/petitions/{SLUG}/publishing").text
    assert "cannot be opened again" in page
    assert "Open it again" not in page
    for place in ("", "/signatures", "/export"):
        assert signed_in(app).get(f"/organise/petitions/{SLUG}{place}").status_code == 200


def test_links_in_letters_say_that_the_signature_was_erased(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    sign(client)
    work()
    press_confirm(client, link_in(mail_server.letters[0]))
    work()
    own = link_in(mail_server.letters[1], "signature")
    close(app, days=91)
    erase_due(app)
    answer = client.get(own)
    assert answer.status_code == 410
    assert "It is erased, as was promised" in answer.text
    for letter_link in (link_in(mail_server.letters[0]), link_in(mail_server.letters[0], "not-me")):
        assert client.get(letter_link).status_code == client.post(letter_link).status_code == 200
    assert verified(client) == 1


def test_a_waiting_letter_to_an_erased_signer_is_not_sent(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    make_signature(app)
    client.post(f"/petitions/{petition}/my-signature", data={"email": "ann@example.org"})
    close(app, days=91)
    erase_due(app)
    work()
    assert mail_server.letters == []
    with app.app_context():
        assert db.session.scalars(select(OutboxRow.progress)).one() == "silent"


def test_more_than_one_batch_is_erased(app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "BATCH_SIZE", 2)
    for which in range(5):
        make_signature(app, email=f"person{which}@example.org")
    close(app, days=91)
    assert erase_due(app) == 5


def test_many_workers_at_once_and_a_signer_who_withdraws_leave_the_count_right(
    app: Flask, client: FlaskClient, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "BATCH_SIZE", 3)
    ids = [make_signature(app, email=f"person{which}@example.org") for which in range(12)]
    close(app, days=91)
    with app.app_context():
        links = [f"/signature/{tokens.make_token(tokens.Purpose.ENTRY, one)}" for one in ids[:4]]

    def act(which: int) -> None:
        if which < len(links):
            app.test_client().post(links[which], data={"act": "withdraw"})
        else:
            erase_due(app)

    at_once(8, act)
    with app.app_context():
        rows = db.session.scalars(select(func.count()).where(Signature.state == State.VERIFIED)).one()
        assert audit(db.session.scalars(select(Petition)).one()).sound
        assert not db.session.scalars(select(Signature.id).where(Signature.sealed.is_not(None))).all()
    assert verified(client) == rows
