"""Loads a web server on loopback: a few kept-open connections, each asking again as soon as it was answered.

`rate` runs this module as a program of its own, so that it never shares an interpreter with what it measures.
"""

import pickle
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST_SILENCE = 15
NO_BODY = {204, 304}
BUFFER = bytearray(1 << 18)  # one for all: making a large one anew costs more than the rest of a request
VIEW = memoryview(BUFFER)


def rate(port: int, requests: Iterable[bytes], status: int, connections: int, seconds: float, again: bool) -> float:
    """Return how many requests a second were answered, all with `status`, or raise RuntimeError.

    It ends after `seconds`, or when all requests were sent, unless they are to be sent `again`.
    """
    job = pickle.dumps((port, list(requests), connections, seconds, again))
    program = subprocess.run(
        [sys.executable, "-m", "bench.load"], cwd=ROOT, input=job, stdout=subprocess.PIPE, check=True
    )
    answered, took = pickle.loads(program.stdout)
    if set(answered) != {status}:
        raise RuntimeError(f"port {port} answered {answered} where {status} was expected")
    return float(answered[status] / took)


def get(path: str, **headers: str) -> bytes:
    """Return a GET request; `headers` are spelt with underscores."""
    return _request("GET", path, b"", headers)


def post(path: str, form: str, **headers: str) -> bytes:
    """Return a POST of an encoded form."""
    body = form.encode()
    headers |= {"Content_Type": "application/x-www-form-urlencoded", "Content_Length": str(len(body))}
    return _request("POST", path, body, headers)


def _request(method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    headers = {"Host": "localhost", **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


class Asker:
    """One connection with one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LONGEST_SILENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = b""
        self._status = self._missing = 0

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self._head, self._status = b"", 0
        self.socket.sendall(request)

    def listen(self) -> int | None:
        """Read what has come; return the status once the answer is whole."""
        size = self.socket.recv_into(BUFFER)
        if not size:
            raise RuntimeError("the server closed the connection")
        if self._status:
            self._missing -= size
        else:
            self._read_head(bytes(VIEW[:size]))
        return self._status if self._status and not self._missing else None

    def _read_head(self, part: bytes) -> None:
        self._head += part
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._head[:end].lower()
        self._status = int(head[9:12])
        length = 0 if self._status in NO_BODY else int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        self._missing = length - (len(self._head) - end - 4)


def load(
    port: int, requests: list[bytes], connections: int, seconds: float, again: bool
) -> tuple[dict[int, int], float]:
    """Ask until the time or the requests are through; return how often each status came, and the seconds it took."""
    supply: Iterator[bytes] = cycle(requests) if again else iter(requests)
    answered: Counter[int] = Counter()
    with selectors.DefaultSelector() as selector:
        askers = [Asker(port) for _ in range(connections)]
        began = time.perf_counter()
        for asker in askers:
            asker.ask(next(supply))
            selector.register(asker.socket, selectors.EVENT_READ, asker)
        asking = len(askers)
        while asking:
            ready = selector.select(LONGEST_SILENCE)
            if not ready:
                raise RuntimeError("the server fell silent")
            for key, _ in ready:
                status = key.data.listen()
                if status is None:
                    continue
                answered[status] += 1
                request = next(supply, None) if time.perf_counter() - began < seconds else None
                if request is None:
                    asking -= 1
                else:
                    key.data.ask(request)
        took = time.perf_counter() - began
        for asker in askers:
            asker.socket.close()
    return dict(answered), took


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(load(*pickle.load(sys.stdin.buffer))))
