"""A mail server that does what a test wants when it gets the end of an e-mail, and how far e-mails of news are."""

import socket
import threading
from collections.abc import Callable
from typing import IO

from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.db import db, transaction
from app.models import OutboxRow
from tests.updates.conftest import Make, agree, make_news  # noqa: F401 - a fixture

Work = Callable[[], int]


class Server:
    """A mail server that does `at_the_dot` what it is told, and else takes everything."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.at_the_dot: Callable[[], bytes | None] = lambda: b"250 taken"
        self.before_the_dot: Callable[[], None] = lambda: None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                self._converse(connection, lines)

    def _converse(self, connection: socket.socket, lines: IO[bytes]) -> None:
        connection.sendall(b"220 here\r\n")
        for line in lines:
            if line[:4].upper() != b"DATA":
                connection.sendall(b"250 ok\r\n")
                continue
            connection.sendall(b"354 go on\r\n")
            content = b""
            for part in lines:
                if part == b".\r\n":
                    break
                content += part
            else:
                return  # it hung up before the end: nothing was taken
            answer = self.at_the_dot()
            if answer is None or answer.startswith(b"250"):
                self.taken.append(content)
            if answer is None:
                return
            connection.sendall(answer + b"\r\n")

    def close(self) -> None:
        self._listener.close()


def rows(app: Flask) -> list[tuple[str, str, int]]:
    with app.app_context():
        found = db.session.execute(
            select(OutboxRow.progress, OutboxRow.reply, OutboxRow.attempts).where(OutboxRow.news_id.is_not(None))
        )
        return sorted((progress.value, reply, attempts) for progress, reply, attempts in found)


def make_due(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now(), claim=None, leased_until=None))
