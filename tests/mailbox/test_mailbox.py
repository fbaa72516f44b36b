"""The mailbox of `make run`: it shows every letter to the one person at this machine, and is not there for others."""

import smtplib
import stat
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import config
from app import create_app
from app.db import db
from app.mailbox import catcher, caught_emails
from app.worker import work_once
from tests.conftest import SECRETS, make_app
from tests.factories import make_petition, press_confirm, sign, verified
from tests.html_page import HtmlPage

FORWARDING = [
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Host": "localhost"},
    {"X-Forwarded-Proto": "http"},
    {"Forwarded": "for=127.0.0.1"},
    {"X-Real-IP": "127.0.0.1"},
    {"Via": "1.1 proxy.example.org"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where letters are kept."""
    return tmp_path / "mailbox"


@pytest.fixture
def here(tmp_path: Path, folder: Path) -> Flask:
    """The app as `make run` starts it, but for a database, which the mailbox has no need of."""
    return make_app(tmp_path, f"sqlite:///{tmp_path}/none.db", MAILBOX_DIR=str(folder))


@pytest.fixture
def mailbox(folder: Path) -> Iterator[int]:
    """The port of a catcher that keeps its letters in `folder`."""
    controller = catcher.start(folder, catcher.free_port())
    yield controller.port
    controller.stop()


def post(port: int, subject: str = "Hello", words: str = "plain words", html: str = "<p>rich words</p>") -> None:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = subject, "us@example.org", "ann@example.org"
    letter.set_content(words)
    letter.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as server:
        server.send_message(letter)


def statuses(client: FlaskClient, number: str, **asked: object) -> set[int]:
    paths = ("/dev/mailbox", f"/dev/mailbox/{number}.html")
    return {client.get(path, **asked).status_code for path in paths}  # type: ignore[arg-type]


@pytest.fixture
def number(mailbox: int, folder: Path) -> str:
    """The number of a letter that was caught."""
    post(mailbox)
    (letter,) = caught_emails.list_emails(folder)
    return letter.number


def test_the_person_at_this_machine_sees_it(here: Flask, number: str) -> None:
    client = here.test_client()
    assert statuses(client, number) == {200}
    for peer, host in (("::1", "[::1]:8000"), ("127.0.0.1", "127.0.0.1:8000"), ("127.8.8.8", "localhost")):
        assert statuses(client, number, environ_base={"REMOTE_ADDR": peer}, headers={"Host": host}) == {200}


def test_there_is_none_unless_the_catcher_runs(tmp_path: Path, number: str) -> None:
    app = make_app(tmp_path, f"sqlite:///{tmp_path}/none.db")
    assert app.config["MAILBOX_DIR"] is None
    assert statuses(app.test_client(), number) == {404}


def test_there_is_none_on_a_site_that_people_reach(tmp_path: Path, folder: Path, number: str) -> None:
    env = {**SECRETS, "DATABASE_URL": f"sqlite:///{tmp_path}/none.db", "BASE_URL": "https://petitions.example.org"}
    settings = config.load({**env, "MAIL_SERVER": "127.0.0.1", "COUNTERSIGN_MAILBOX": str(folder)}, instance=tmp_path)
    client = create_app(settings).test_client()
    assert settings["MAILBOX_DIR"] == str(folder)
    assert statuses(client, number, headers={"Host": "localhost:8000"}) == {404}


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.0.0.1", "169.254.1.1", "2001:db8::1", "", "unix:"])
def test_there_is_none_for_another_machine(here: Flask, number: str, peer: str) -> None:
    assert statuses(here.test_client(), number, environ_base={"REMOTE_ADDR": peer}) == {404}


@pytest.mark.parametrize(
    "host",
    ["petitions.example.org", "evil.example:8000", "localhost.evil.example", "192.0.2.7", "[", "[::1", "a b", ""],
)
def test_there_is_none_under_another_name(here: Flask, number: str, host: str) -> None:
    assert statuses(here.test_client(), number, headers={"Host": host}) == {404}


@pytest.mark.parametrize("header", FORWARDING, ids=lambda header: next(iter(header)))
def test_there_is_none_behind_a_proxy(
    tmp_path: Path, here: Flask, folder: Path, number: str, header: dict[str, str]
) -> None:
    assert statuses(here.test_client(), number, headers=header) == {404}
    trusting = make_app(tmp_path, f"sqlite:///{tmp_path}/none.db", MAILBOX_DIR=str(folder), TRUSTED_PROXIES=1)
    far = {"REMOTE_ADDR": "192.0.2.7"}
    assert statuses(trusting.test_client(), number, headers=header, environ_base=far) == {404}


def test_letters_come_newest_first(here: Flask, mailbox: int) -> None:
    client = here.test_client()
    assert "No e-mail yet" in client.get("/dev/mailbox").text
    for subject in ("First", "Second <b>&", "Third"):
        post(mailbox, subject, words=f"Words of {subject}. See http://localhost:8000/confirm/abc")
    answer = client.get("/dev/mailbox")
    page = HtmlPage(answer.text)
    assert [heading.words() for heading in page.all("h2")] == ["Third", "Second <b>&", "First"]
    assert [one.words().split(". ")[0] for one in page.all("pre")] == [
        "Words of " + s for s in ("Third", "Second <b>&", "First")
    ]
    assert len(page.all("a", href="http://localhost:8000/confirm/abc")) == 3
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_letters_html_is_shown_where_it_can_do_nothing(here: Flask, mailbox: int, folder: Path) -> None:
    post(mailbox, html="<p>rich words</p><script>alert(1)</script><img src='https://tracker.example/x.png'>")
    (letter,) = caught_emails.list_emails(folder)
    answer = here.test_client().get(f"/dev/mailbox/{letter.number}.html")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "<p>rich words</p>" in answer.text
    policy = dict((part.strip() + " ").split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"].strip() == "'none'"
    assert policy.keys() == {"default-src", "style-src", "sandbox"}, "nothing but its styles is let in"
    assert "allow-scripts" not in policy["sandbox"]
    assert "allow-same-origin" not in policy["sandbox"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_numbers_lead_nowhere_else(here: Flask, folder: Path, number: str) -> None:
    (folder.parent / "secret.eml").write_bytes(b"Subject: secret\r\n\r\nsecret\r\n")
    (folder.parent / "1.eml").write_bytes(b"Subject: secret\r\n\r\nsecret\r\n")
    (folder / ".1.eml").write_bytes(b"Subject: draft\r\n\r\ndraft\r\n")
    client = here.test_client()
    tricks = [
        "../secret",
        "..%2Fsecret",
        "%2e%2e%2f1",
        "../1",
        str(folder.parent / "1"),
        "%2F1",
        ".1",
        "..",
        "*",
        "%3F",
    ]
    tricks += ["0", "-1", "+1", "1e3", "%00", f"{number}%00", f"{number}.eml", f" {number}", "²", "१२", "9" * 400]
    for trick in tricks:
        assert client.get(f"/dev/mailbox/{trick}.html", follow_redirects=True).status_code == 404, trick
    for spelt in (f"./{number}", f"../mailbox/{number}"):
        assert client.get("/dev/mailbox/" + spelt.replace("/", "%2F") + ".html").status_code == 404, spelt


def test_only_the_owner_can_read_what_was_caught(mailbox: int, folder: Path) -> None:
    post(mailbox)
    (kept,) = folder.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_oldest_letters_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caught_emails, "MAX_KEPT", 3)
    for number in range(5):
        caught_emails.store_email(folder, f"Subject: {number}\r\n\r\nwords\r\n".encode())
    assert [letter.message["Subject"] for letter in caught_emails.list_emails(folder)] == ["4", "3", "2"]


def test_the_catcher_listens_on_this_machine_alone(folder: Path) -> None:
    controller = catcher.start(folder, catcher.free_port())
    try:
        assert controller.server is not None
        assert {name[0] for name in (socket.getsockname() for socket in controller.server.sockets)} == {"127.0.0.1"}
    finally:
        controller.stop()


@pytest.fixture
def site(database_url: str, tmp_path: Path, mailbox: int, folder: Path) -> Iterator[Flask]:
    """The whole site with its mailbox."""
    app = make_app(tmp_path, database_url, mailbox, MAILBOX_DIR=str(folder))
    yield app
    with app.app_context():
        db.engine.dispose()


def test_a_signature_can_be_confirmed_with_the_letter_in_it(site: Flask) -> None:
    client = site.test_client()
    make_petition(site)
    sign(client)
    with site.app_context():
        work_once()
    page = HtmlPage(client.get("/dev/mailbox").text)
    assert [one.words() for one in page.all("h2")] == ["Please confirm your signature: Save the test library"]
    (link,) = {link.get("href") or "" for link in page.all("a") if "/confirm/" in (link.get("href") or "")}
    assert press_confirm(client, link.removeprefix("http://localhost:8000")).status_code == 303
    assert verified(client) == 1
