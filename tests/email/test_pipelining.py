"""Handing messages over with their envelope in one go, whatever a server answers in the middle of it."""

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from app.email.pipelining import ReadyMessage, hand_over
from tests.mail_server import MailServer

MESSAGE = ReadyMessage("site@example.org", "ann@example.org", b"Subject: a letter\r\n\r\n.\r\n..two\r\nend\r\n")


@contextmanager
def server(answers: dict[str, str]) -> Iterator[tuple[smtplib.SMTP, list[str]]]:
    """Give a connection to a server that takes pipelined commands, and what it heard.

    It answers 250, or what `answers` has for a command; to a message what it has for the first line of that. It hangs
    up after a 421.
    """
    heard: list[str] = []
    usual = {"EHLO": "250-test\r\n250 PIPELINING", "DATA": "354 go on", "QUIT": "221 bye"}

    def converse(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 test\r\n")
            while line := lines.readline().decode().strip():
                heard.append(line)
                command = line.partition(":")[0] if ":" in line else line.partition(" ")[0].upper()
                reply = (usual | answers).get(command, "250 ok")
                connection.sendall(f"{reply}\r\n".encode())
                if reply.startswith("421"):
                    return
                if reply.startswith("354"):
                    content = list(iter(lines.readline, b".\r\n"))
                    heard.append(f"<{len(content)} lines>")
                    first = content[0].decode().strip() if content else ""
                    connection.sendall(f"{answers.get(first, '250 taken')}\r\n".encode())

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=lambda: converse(listening.accept()[0]), daemon=True).start()
        with smtplib.SMTP("127.0.0.1", listening.getsockname()[1], timeout=5) as host:
            yield host, heard


def test_dots_and_line_ends_arrive_as_they_were(mail_server: MailServer) -> None:
    with smtplib.SMTP("127.0.0.1", mail_server.port) as host:
        for _ in range(2):
            hand_over(host, MESSAGE)
        assert host.has_extn("pipelining")
    assert mail_server.raw == [MESSAGE.content] * 2
    assert mail_server.connections == 1


def test_of_a_refused_sender_one_is_told_and_nothing_is_sent() -> None:
    answers = {"MAIL FROM": "550 5.7.1 not from here", "DATA": "503 no"}
    with server(answers) as (host, heard), pytest.raises(smtplib.SMTPSenderRefused) as refused:
        hand_over(host, MESSAGE)
    assert refused.value.smtp_code == 550
    assert not any(line.endswith("lines>") for line in heard)


def test_a_server_that_waits_for_a_message_after_refusing_its_recipient_gets_an_empty_one() -> None:
    with server({"RCPT TO": "550 5.1.1 nobody", "": "554 no valid recipients"}) as (host, heard):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            hand_over(host, MESSAGE)
        assert refused.value.recipients["ann@example.org"][0] == 550
        assert "<0 lines>" in heard
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            hand_over(host, MESSAGE)  # the connection is ready for the next one


def test_of_a_refused_message_one_is_told() -> None:
    answers = {"Subject: a letter": "552 5.2.2 full"}
    with server(answers) as (host, _), pytest.raises(smtplib.SMTPDataError) as refused:
        hand_over(host, MESSAGE)
    assert refused.value.smtp_code == 552


@pytest.mark.parametrize("command", ["MAIL FROM", "RCPT TO", "DATA"])
def test_a_server_that_hangs_up_has_its_answer_told(command: str) -> None:
    answers = {command: "421 4.3.2 closing"}
    with server(answers) as (host, _), pytest.raises(smtplib.SMTPException, match=r"4\.3\.2 closing") as refused:
        hand_over(host, MESSAGE)
    assert not isinstance(refused.value, smtplib.SMTPServerDisconnected)
