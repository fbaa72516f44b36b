"""Asks at a pace that does not wait for answers, as crowds do: what is late counts from when it was due (asyncio)."""

import asyncio
import ssl
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

SILENCE_SECONDS = 30


@dataclass(slots=True)
class Answer:
    """What a server answered: status, where it leads to, and the body as it was sent."""

    status: int
    location: str
    body: bytes


class Broken(Exception):
    """The connection ended before the answer did."""


@dataclass(slots=True)
class Door:
    """A port that is asked over kept connections, each with one request under way; `client` is whom they come from."""

    port: int
    tls: ssl.SSLContext | None = None
    client: str = "127.0.0.1"
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def ask(self, request: bytes) -> Answer:
        """Send a request, anew over a new connection if a kept one turns out to be closed; raise Broken."""
        is_kept = bool(self._idle)
        reader, writer = self._idle.pop() if is_kept else await self._connect()
        try:
            return await asyncio.wait_for(self._exchange(reader, writer, request), SILENCE_SECONDS)
        except (OSError, EOFError, asyncio.IncompleteReadError) as error:
            writer.close()
            if is_kept and request.startswith(b"GET"):
                return await self.ask(request)
            raise Broken(f"{self.port}: {error!r}") from error

    async def close(self) -> None:
        """Close what is open."""
        for _, writer in self._idle:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        self._idle.clear()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls, local_addr=(self.client, 0))

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Answer:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"])) if "content-length" in headers else b""
        if headers.get("connection") == "close" or "content-length" not in headers:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return Answer(int(status[9:12]), headers.get("location", ""), body)


async def at_a_pace(per_second: float, seconds: float, do: Callable[[int, float], Coroutine[Any, Any, None]]) -> None:
    """Begin `do(number, when it was due)` at this pace, whether or not the ones before have ended; wait for all.

    Raises what the first that failed raised.
    """
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(round(per_second * seconds)):
            due = began + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(do(number, due))


def percentile(values: list[float], share: float) -> float:
    """Return the value that this share of them does not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]
