"""A mail server that remembers every e-mail it took, and can be away, silent, slow, or of bad temper."""

import email
import email.policy
import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable
from email.message import EmailMessage
from enum import StrEnum
from itertools import count

from bench.stage import free_port

REFUSALS = (b"421 closing", b"450 later", b"550 never", b"250 ok")
SLOWNESS = 0.2
HEADER = re.compile(rb"^(To|Message-ID): *<?([^<>\r\n]+)>?\r?$", re.IGNORECASE | re.MULTILINE)
LINK = re.compile(r"https?://[^/\s]+(/(?:confirm|signature)/\S+)")


class Mood(StrEnum):
    """How it treats who brings an e-mail."""

    TAKES = "takes everything"
    HANGS = "hangs"
    SLOW = "slow"
    REFUSES = "421, 450 or 550"
    DROPS = "drops after DATA"  # having taken the e-mail or not, as chance will have it


class TakenEmail:
    """An e-mail that was taken, in an SMTP session of this number: a worker sends each batch in one of its own."""

    def __init__(self, content: bytes, session: int) -> None:
        self.session = session
        headers = content.partition(b"\r\n\r\n")[0]
        found = {name.lower(): value.decode() for name, value in HEADER.findall(headers)}
        self.recipient, self.message_id = found[b"to"].lower(), found[b"message-id"]
        message = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
        part = message.get_body(("plain",))
        link = LINK.search(part.get_content()) if part else None
        self.link = link[1] if link else ""
        self.kind = self.link.split("/")[1] if link else "other"


class Sink:
    """Listens on a port of loopback. Its `mood` can be set while it listens."""

    def __init__(self, chance: random.Random) -> None:
        self.port = free_port()
        self.mood = Mood.TAKES
        self.taken: list[TakenEmail] = []
        self.by_recipient: dict[tuple[str, str], list[TakenEmail]] = {}
        self.tempers: Counter[str] = Counter()
        self._chance = chance
        self._sessions = count()
        self._listener: socket.socket | None = None
        self.come()

    def come(self) -> None:
        """Listen."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=100)
        threading.Thread(target=self._listen, args=[self._listener], daemon=True).start()

    def go_away(self) -> None:
        """Listen no more: who knocks is refused at once."""
        if self._listener:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def ids(self) -> list[str]:
        """Return the Message-ID of each e-mail that was taken, as often as it was."""
        return [one.message_id for one in list(self.taken)]

    def link_for(self, recipient: str, kind: str) -> str:
        """Return the path of the link in an e-mail of a kind (`confirm`, `signature`) to this recipient, or ""."""
        found = self.by_recipient.get((recipient, kind))
        return found[-1].link if found else ""

    def message_ids_for(self, recipient: str, kind: str) -> set[str]:
        """Return under which Message-IDs this recipient's e-mail of a kind came."""
        return {one.message_id for one in self.by_recipient.get((recipient, kind), [])}

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=[connection, next(self._sessions)], daemon=True).start()

    def _converse(self, connection: socket.socket, session: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as lines:
                self._answer(connection, b"220 sink")
                self._take(connection, lines, session)
        except OSError:
            return  # the worker was killed, or waits no longer

    def _take(self, connection: socket.socket, lines: Iterable[bytes], session: int) -> None:
        has_recipient = False
        for line in lines:
            verb = line[:4].strip().upper()
            answer = b"250 ok"
            if verb == b"EHLO":
                answer = b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME"
            elif verb == b"RCPT":
                answer = self._chance.choice(REFUSALS) if self.mood == Mood.REFUSES else answer
                has_recipient = answer.startswith(b"250")
            elif verb == b"DATA" and not has_recipient:
                answer = b"554 no recipient"
            elif verb == b"DATA":
                self._answer(connection, b"354 go on")
                if not self._keep(lines, session):
                    return
                has_recipient = False
            self._answer(connection, answer)
            if verb == b"QUIT" or answer.startswith(b"421"):
                return

    def _answer(self, connection: socket.socket, answer: bytes) -> None:
        while self.mood == Mood.HANGS:
            time.sleep(0.05)
        if self.mood == Mood.SLOW:
            time.sleep(SLOWNESS)
        if answer[:3] in (b"421", b"450", b"550"):
            self.tempers[answer[:3].decode()] += 1
        connection.sendall(answer + b"\r\n")

    def _keep(self, lines: Iterable[bytes], session: int) -> bool:
        """Read an e-mail and keep it; return whether to say so."""
        content = bytearray()
        for line in lines:
            if line == b".\r\n":
                break
            content += line.removeprefix(b".")
        else:
            return False  # cut off in the middle: never taken
        drops = self.mood == Mood.DROPS and self._chance.random() < 0.5
        if not drops or self._chance.random() < 0.5:
            one = TakenEmail(bytes(content), session)
            self.by_recipient.setdefault((one.recipient, one.kind), []).append(one)
            self.taken.append(one)
        self.tempers["dropped"] += drops
        return not drops
