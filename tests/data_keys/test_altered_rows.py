"""What somebody who writes in the database but has no keys can do to a signature: nothing that goes unnoticed."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import func, select, update

from app import clock
from app.crypto import sealing
from app.crypto.tokens import Purpose, make_token
from app.data_keys.sealed_columns import SEALED_COLUMNS
from app.db import db, transaction
from app.export.rows import Choice, read_rows
from app.export.sent_rows import SentRows
from app.ledger.audit import audit
from app.models import Declined, Draft, JournalEntry, Petition, Role, Signature, State, Visibility
from app.models.signer import AlteredRow, signer_of
from tests.confirmation.test_confirm import link_of
from tests.data_keys.test_rotate import fill_every_column, values
from tests.factories import SLUG, make_draft, make_petition, make_signature, press_confirm, verified
from tests.signers.own_entry import link_to
from tests.watching.organiser import BASE, signed_in

pytestmark = pytest.mark.both_databases

ALTERED = {
    "shown to everybody": {"visibility": Visibility.PUBLIC},
    "from elsewhere": {"country": "FI"},
    "consent": {"updates": True},
    "the key it is sealed with": {"sealed": b"rubbish" * 40},
    "a byte of what is sealed": {"sealed": func.substr(Signature.sealed, 1, 60)},
}


def alter(app: Flask, public_id: bytes, **columns: object) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).where(Signature.public_id == public_id).values(columns))


@pytest.fixture(params=ALTERED)
def ann(request: pytest.FixtureRequest, app: Flask, petition: str) -> bytes:
    """A signature for the addressee alone, altered in the database; its id. Bob's beside it is as he left it."""
    public_id = make_signature(app, visibility=Visibility.DELIVERY)
    make_signature(app, email="bob@example.org", name="Bob Example")
    alter(app, public_id, **ALTERED[request.param])
    return public_id


def test_no_page_shows_it(app: Flask, client: FlaskClient, ann: bytes) -> None:
    for page in (f"/petitions/{SLUG}", f"/petitions/{SLUG}/signatures"):
        text = client.get(page).text
        assert "Ann Example" not in text
        assert "Bob Example" in text
    assert "Ann Example" not in client.get(link_to(app, ann)).text
    listed = signed_in(app, Role.EDITOR).get(f"{BASE}/signatures").text
    assert "Ann Example" not in listed
    assert "Altered in the database" in listed
    assert "Bob Example" in listed


def test_a_list_stops_there_and_says_which_row_it_was(app: Flask, ann: bytes, runner: FlaskCliRunner) -> None:
    with app.app_context():
        petition_id = db.session.scalars(select(Petition.id)).one()
        for choice in (Choice(), Choice(for_addressee=True), Choice(with_email=True)):
            with pytest.raises(AlteredRow, match=ann.hex()):
                list(read_rows(petition_id, choice, SentRows().add))
    result = runner.invoke(args=["signatures", "export", SLUG])
    assert result.exit_code == 1
    assert ann.hex() in result.output
    assert "altered in the database" in result.output


def test_the_audit_finds_it(app: Flask, client: FlaskClient, ann: bytes, runner: FlaskCliRunner) -> None:
    with app.app_context():
        found = audit(db.session.scalars(select(Petition)).one())
    assert found.altered == (ann.hex(),)
    assert not found.sound
    result = runner.invoke(args=["count", "audit"])
    assert result.exit_code == 1
    assert ann.hex() in result.output
    assert verified(client) == 2


def test_a_signature_moved_to_another_petition_is_noticed_there(app: Flask, client: FlaskClient, petition: str) -> None:
    other = make_petition(app, slug='"another"')
    moved = make_signature(app)
    with app.app_context():
        other_id = db.session.scalars(select(Petition.id).where(Petition.slug == other)).one()
    alter(app, moved, petition_id=other_id)
    assert "Ann Example" not in client.get(f"/petitions/{other}/signatures").text
    with app.app_context():
        assert audit(db.session.get_one(Petition, other_id)).altered == (moved.hex(),)


def test_what_is_sealed_in_one_row_does_not_open_in_another(app: Flask, client: FlaskClient, petition: str) -> None:
    one, other = make_signature(app), make_signature(app, email="bob@example.org", name="Bob Example")
    with app.app_context():
        sealed = db.session.scalars(select(Signature.sealed).where(Signature.public_id == one)).one()
    alter(app, other, sealed=sealed)
    text = client.get(f"/petitions/{SLUG}/signatures").text
    assert text.count("Ann Example") == 1


@pytest.mark.parametrize("columns", [{"visibility": Visibility.ORGANISERS}, {"country": "FI"}, {"updates": True}])
def test_an_altered_draft_is_not_confirmed(
    app: Flask, client: FlaskClient, petition: str, columns: dict[str, object]
) -> None:
    public_id = make_draft(app)
    with app.app_context(), transaction() as session:
        session.execute(update(Draft).values(columns))
    assert "Ann Example" not in client.get(link_of(app, public_id)).text
    assert press_confirm(client, link_of(app, public_id)).status_code == 409
    assert verified(client) == 0


def test_a_draft_under_the_key_of_another_mailbox_does_not_decline_for_it(app: Flask, client: FlaskClient) -> None:
    make_petition(app)
    own, other = (
        make_draft(app, email=f"{name}@example.org", expires_at=clock.now() + timedelta(days=7))
        for name in ("own", "other")
    )
    with app.app_context(), transaction() as session:
        theirs = select(Draft.email_key).where(Draft.public_id == other).scalar_subquery()
        session.execute(update(Draft).where(Draft.public_id == own).values(email_key=theirs))
        link = f"/not-me/{make_token(Purpose.NOT_ME, own)}"
    assert client.post(link, data={"never": "1"}).status_code < 500
    with app.app_context():
        drafts = {draft.public_id: draft for draft in db.session.scalars(select(Draft))}
        assert drafts[own].sealed is None
        assert drafts[other].sealed is not None
        (mark,) = db.session.scalars(select(Declined)).all()
        assert mark.email_key != drafts[other].email_key
        assert not any(str(drafts[other].email_key) in str(one.key) for one in db.session.scalars(select(JournalEntry)))


def test_rows_as_their_signers_left_them_are_sound(app: Flask, petition: str) -> None:
    for state in State:
        make_signature(app, state=state, email=f"{state}@example.org")
    with app.app_context():
        assert audit(db.session.scalars(select(Petition)).one()).sound
        assert all(signer_of(row) for row in db.session.scalars(select(Signature).where(Signature.sealed.is_not(None))))


def test_nothing_that_is_sealed_opens_once_it_was_altered_or_moved(app: Flask) -> None:
    fill_every_column(app)
    for place in SEALED_COLUMNS:
        found = values(app, place)
        assert found, place
        with app.app_context():
            for bound, sealed in found:
                for wrong in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:5] + sealed[4:]):
                    with pytest.raises(sealing.AlteredValue):
                        sealing._decrypter(place.purpose)(bound, wrong)
                with pytest.raises(sealing.AlteredValue):
                    sealing._decrypter(place.purpose)(bytes(len(bound)), sealed)
