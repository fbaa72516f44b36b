"""`flask bounces read`: a mail server's pipe, a Maildir, and a mailbox by IMAP on a real server."""

import logging
import mailbox
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.exc import OperationalError

import config
from app.bounces import apply
from app.bounces.read import read_configured, take_all
from app.bounces.verdict import Kind
from app.outbox.returned import number_returned
from app.worker import Worker
from bench.certificates import self_signed
from tests.apps import SECRETS
from tests.bounces.conftest import coming_back
from tests.bounces.imap_server import DOVECOT, PASSWORD, USER, ImapServer, running
from tests.bounces.returned import ADDRESS, TOKEN
from tests.bounces.worked_forms import answer, exim, note, postfix
from tests.log import caught
from tests.mail_server import free_port

Sent = Callable[..., str]
NO_MAILBOX = exim("550 5.1.1 no such user")
LETTER = b"From: Ann <ann@mail.example>\nTo: petitions@petitions.example\nSubject: Hello\n\nThank you.\n"


def returned(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {str(kind): number for kind, number in number_returned().items()}


def test_a_mail_servers_pipe(app: Flask, runner: FlaskCliRunner, sent: Sent) -> None:
    sent()
    done = runner.invoke(args=["bounces", "read"], input=coming_back(app, NO_MAILBOX))
    assert (done.exit_code, done.output) == (0, "1 hard\n")
    assert returned(app) == {"hard": 1}


def test_the_pipe_tells_whom_it_came_to(app: Flask, runner: FlaskCliRunner, sent: Sent) -> None:
    sent()
    address = coming_back(app, ADDRESS.encode()).decode()
    bare = b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n550 5.1.1 user unknown\n"
    assert runner.invoke(args=["bounces", "read"], input=bare).output == "1 not of an e-mail of this site\n"
    assert runner.invoke(args=["bounces", "read", "--", address], input=bare).output == "1 hard\n"


@pytest.mark.parametrize("raw", [b"", LETTER, NO_MAILBOX, os.urandom(5000), b"\n" * 10**6], ids=len)
def test_what_is_not_ours_ends_well_and_changes_nothing(app: Flask, runner: FlaskCliRunner, raw: bytes) -> None:
    done = runner.invoke(args=["bounces", "read"], input=raw)
    assert (done.exit_code, done.output) == (0, "1 not of an e-mail of this site\n")
    assert returned(app) == {}


def test_a_message_of_30_mb_is_read_to_its_end(app: Flask, runner: FlaskCliRunner, sent: Sent) -> None:
    sent()
    done = runner.invoke(args=["bounces", "read"], input=coming_back(app, NO_MAILBOX) + b"x" * 76 * 400_000)
    assert (done.exit_code, done.output) == (0, "1 hard\n")


def test_a_mail_server_is_told_to_try_again_when_the_database_is_away(tmp_path: Path) -> None:
    env = {**config.environment(), **SECRETS, "DATABASE_URL": f"postgresql://x:y@127.0.0.1:{free_port()}/z"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "bounces", "read"]
    token = b"a" * 52  # whether it is ours, only the site's secret tells, which is in the database
    for raw, status in ((NO_MAILBOX.replace(TOKEN.encode(), token), os.EX_TEMPFAIL), (LETTER, 0)):
        done = subprocess.run(
            command, input=raw, env=env, cwd=config.ROOT, capture_output=True, check=False, timeout=60
        )
        assert done.returncode == status, done.stderr
        assert (b"to be tried again" in done.stderr) == bool(status)
        assert token not in done.stdout + done.stderr


def away(*_: object) -> None:
    raise OperationalError("SELECT ann@mail.example", {}, Exception())


def test_when_the_database_is_away_nothing_is_removed(
    app: Flask, runner: FlaskCliRunner, sent: Sent, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent()
    deliver(maildir, coming_back(app, NO_MAILBOX))
    monkeypatch.setattr(apply, "record_returned", away)
    for args in (["bounces", "read"], ["bounces", "read", "--maildir", str(maildir)]):
        done = runner.invoke(args=args, input=coming_back(app, NO_MAILBOX))
        assert done.exit_code == os.EX_TEMPFAIL
        assert "to be tried again" in done.output and "ann" not in done.output
    assert numbers(maildir) == (1, 0)
    monkeypatch.undo()
    assert runner.invoke(args=args).output == "1 hard\n"


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    mailbox.Maildir(tmp_path / "mail", create=True)
    return tmp_path / "mail"


def deliver(maildir: Path, *messages: bytes) -> None:
    for message in messages:
        mailbox.Maildir(maildir).add(message)


def numbers(maildir: Path) -> tuple[int, int]:
    """Return how many messages are new, and how many others there are."""
    return len([*(maildir / "new").iterdir()]), len([*(maildir / "cur").iterdir()])


def test_of_a_maildir_what_is_ours_is_removed_and_the_rest_stays_as_seen(
    app: Flask, runner: FlaskCliRunner, sent: Sent, maildir: Path
) -> None:
    sent()
    ours = [coming_back(app, one) for one in (NO_MAILBOX, NO_MAILBOX, note("Out of office | Away."))]
    deliver(maildir, *ours, LETTER, NO_MAILBOX, coming_back(app, answer("Re: Hello | Thank you.")))
    done = runner.invoke(args=["bounces", "read", "--maildir", str(maildir)])
    assert done.exit_code == 0
    assert sorted(done.output.splitlines()) == [
        "1 auto-reply", "1 hard", "1 nothing", "1 nothing new", "2 not of an e-mail of this site",
    ]  # fmt: skip
    assert numbers(maildir) == (0, 3)
    assert {message.get_flags() for message in mailbox.Maildir(maildir)} == {"S"}  # type: ignore[attr-defined]
    assert runner.invoke(args=["bounces", "read", "--maildir", str(maildir)]).output == ""


def test_what_is_no_maildir_is_told(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    done = runner.invoke(args=["bounces", "read", "--maildir", str(tmp_path)])
    assert done.exit_code == os.EX_TEMPFAIL and "is no Maildir" in done.output


def test_what_cannot_be_moved_or_read_in_a_maildir_is_passed_over_and_told(
    app: Flask, runner: FlaskCliRunner, sent: Sent, maildir: Path
) -> None:
    sent()
    too_long = maildir / "new" / ("0" * 252)  # with what marks it as seen, no name of a file
    too_long.write_bytes(LETTER)
    unreadable = maildir / "new" / "1"
    unreadable.symlink_to("/proc/self/mem")  # its beginning is read by nobody, not even by root
    deliver(maildir, coming_back(app, NO_MAILBOX), LETTER)
    done = runner.invoke(args=["bounces", "read", "--maildir", str(maildir)])
    assert done.exit_code == os.EX_TEMPFAIL
    assert done.stdout == "1 hard\n2 not of an e-mail of this site\n"
    assert f"2 in {maildir} cannot be read or moved: File name too long, Input/output error" in done.stderr
    assert too_long.name not in done.output
    assert returned(app) == {"hard": 1}
    assert numbers(maildir) == (2, 1)


def test_what_cannot_be_read_in_one_place_keeps_no_other_from_being_read(
    app: Flask, sent: Sent, imap: ImapServer, maildir: Path
) -> None:
    sent()
    (maildir / "new" / ("0" * 252)).write_bytes(LETTER)
    imap.deliver(coming_back(app, NO_MAILBOX))
    app.config["BOUNCE_MAILDIR"] = maildir
    with app.app_context(), caught(logging.WARNING) as log:
        assert Worker().bounces.turn() > 0
        assert number_returned() == {"hard": 1}
    (line,) = log.lines()
    assert line["level"] == "warning"
    assert line["message"].startswith(f"1 in {maildir} cannot be read or moved: File name too long; next try in")


def test_the_worker_reads_the_maildir_that_settings_name(app: Flask, sent: Sent, maildir: Path) -> None:
    sent()
    deliver(maildir, coming_back(app, NO_MAILBOX))
    app.config["BOUNCE_MAILDIR"] = maildir
    with app.app_context():
        working = Worker()
        assert working.bounces.turn() > 0
        assert number_returned() == {"hard": 1}
        app.config["BOUNCE_MAILDIR"] = maildir / "nowhere"
        assert working.bounces.turn() > 0, "it goes on"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    self_signed(path)
    return path


@pytest.fixture(scope="module")
def imap_running(certificate: Path) -> Iterator[ImapServer]:
    if not DOVECOT:
        if config.environment().get("CI"):
            pytest.fail("CI must have Dovecot: see tests/install-unstarted.sh")
        pytest.skip("NO DOVECOT HERE, SO NOTHING IS READ BY IMAP. On Debian: apt-get install dovecot-imapd")
    with running(certificate) as server:
        yield server


@pytest.fixture
def imap(app: Flask, imap_running: ImapServer) -> ImapServer:
    with imap_running.client() as client:
        client.delete_messages(client.search("ALL"))
        client.expunge()
    app.config["BOUNCE_IMAP_URL"] = url(imap_running)
    return imap_running


def url(server: ImapServer, scheme: str = "imap", password: str = PASSWORD, folder: str = "INBOX") -> str:
    port = server.tls_port if scheme == "imaps" else server.port
    return f"{scheme}://{quote(USER, safe='')}:{quote(password, safe='')}@127.0.0.1:{port}/{folder}"


def test_by_imap_what_is_ours_is_deleted_and_the_rest_stays_as_seen(
    app: Flask, runner: FlaskCliRunner, sent: Sent, imap: ImapServer
) -> None:
    sent()
    imap.deliver(coming_back(app, NO_MAILBOX), LETTER, coming_back(app, postfix("552 5.2.2 full")), NO_MAILBOX)
    done = runner.invoke(args=["bounces", "read", "--imap"])
    assert done.exit_code == 0, done.output
    assert sorted(done.output.splitlines()) == ["1 hard", "1 nothing new", "2 not of an e-mail of this site"]
    assert imap.unread_and_all() == (0, 2)
    assert returned(app) == {"hard": 1}
    assert runner.invoke(args=["bounces", "read", "--imap"]).output == ""


def test_by_imap_no_more_than_the_beginning_of_a_large_message_is_read(
    app: Flask, sent: Sent, imap: ImapServer
) -> None:
    sent()
    imap.deliver(coming_back(app, NO_MAILBOX) + b"x" * 70 * 100_000)
    with app.app_context():
        assert read_configured() == 1
    assert returned(app) == {"hard": 1}
    assert imap.unread_and_all() == (0, 0)


def test_by_imap_nothing_is_deleted_while_the_database_is_away(
    app: Flask, runner: FlaskCliRunner, sent: Sent, imap: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent()
    imap.deliver(coming_back(app, NO_MAILBOX))
    monkeypatch.setattr(apply, "record_returned", away)
    assert runner.invoke(args=["bounces", "read", "--imap"]).exit_code == os.EX_TEMPFAIL
    assert imap.unread_and_all() == (1, 1)


def test_by_imap_what_the_server_cannot_give_out_is_passed_over_and_told(
    app: Flask, runner: FlaskCliRunner, sent: Sent, imap: ImapServer
) -> None:
    sent()
    imap.deliver(LETTER, LETTER, LETTER, coming_back(app, NO_MAILBOX), LETTER)
    unreadable, no_file = imap.files()[:2], imap.files()[2]
    for file in unreadable:
        file.chmod(0)
    no_file.unlink()
    no_file.mkdir()
    done = runner.invoke(args=["bounces", "read", "--imap"])
    assert done.exit_code == os.EX_TEMPFAIL
    assert done.stdout == "1 hard\n1 not of an e-mail of this site\n"
    assert done.stderr == "the IMAP server refused 3 of the messages\n"
    for file in unreadable:
        file.chmod(0o600)
    assert imap.unread_and_all() == (2, 3)
    done = runner.invoke(args=["bounces", "read", "--imap"])
    assert (done.exit_code, done.output) == (0, "2 not of an e-mail of this site\n")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"scheme": "imaps"}, "cannot be trusted"),
        ({"password": "wrong"}, "refused"),
        ({"folder": "Nowhere"}, "refused"),
    ],
    ids=["a certificate of nobody", "a wrong password", "a folder that is not there"],
)
def test_an_imap_server_that_does_not_let_us_in(
    app: Flask, runner: FlaskCliRunner, imap: ImapServer, wrong: dict[str, str], told: str
) -> None:
    app.config["BOUNCE_IMAP_URL"] = url(imap, **wrong)
    done = runner.invoke(args=["bounces", "read", "--imap"])
    assert done.exit_code == os.EX_TEMPFAIL and told in done.output
    assert PASSWORD not in done.output and USER not in done.output


def test_with_a_certificate_that_is_trusted_the_connection_is_encrypted(
    app: Flask, sent: Sent, imap: ImapServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent()
    imap.deliver(coming_back(app, NO_MAILBOX))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    encrypted = url(imap, "imaps")
    with app.app_context():
        assert "cannot be trusted" in take_all(None, encrypted.replace("127.0.0.1", "localhost"))[1]  # another name
        assert take_all(None, encrypted) == ({Kind.HARD: 1}, "")
    assert imap.unread_and_all() == (0, 0)


def test_an_imap_server_that_is_not_there_is_told_and_tried_again(app: Flask, runner: FlaskCliRunner) -> None:
    app.config["BOUNCE_IMAP_URL"] = f"imap://u:p@127.0.0.1:{free_port()}/INBOX"
    done = runner.invoke(args=["bounces", "read", "--imap"])
    assert done.exit_code == os.EX_TEMPFAIL and "cannot be reached" in done.output
    app.config["BOUNCE_IMAP_URL"] = None
    done = runner.invoke(args=["bounces", "read", "--imap"])
    assert done.exit_code == 2 and "set BOUNCE_IMAP_URL" in done.output


def test_an_imap_server_that_never_answers_is_not_waited_for(app: Flask, runner: FlaskCliRunner) -> None:
    app.config["SMTP_TIMEOUT_SECONDS"] = 0.2
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app.config["BOUNCE_IMAP_URL"] = f"imap://somebody:words@127.0.0.1:{silent.getsockname()[1]}/INBOX"
        done = runner.invoke(args=["bounces", "read", "--imap"])
    assert done.exit_code == os.EX_TEMPFAIL and "cannot be reached" in done.output
