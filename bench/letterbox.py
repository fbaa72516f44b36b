"""Where letters of a site under load arrive: a mail server that tells the links in them."""

import asyncio
import threading
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from bench.stage import Stage, free_port

LETTERS_SECONDS = 60  # in which the last letters come


class Inexact(Exception):
    """The count was wrong, or something was lost."""


class Letterbox:
    """The links that reach mailboxes, as a mail server on `port` takes them from the workers."""

    def __init__(self, stage: Stage) -> None:
        self.port = free_port()
        self._sink = stage.start("-m", "bench.sink", str(self.port), "links")
        assert self._sink.stdout
        self._sink.stdout.readline()
        self._came: asyncio.Queue[str] = asyncio.Queue()
        self._paths: set[str] = set()
        self._expected: int | None = None

    def expect(self, many: int) -> None:
        """Say how many there will be in all."""
        self._expected = many

    async def come(self) -> AsyncIterator[tuple[int, str]]:
        """Yield each letter's number and link until all that are expected have come; raise Inexact if they do not."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(loop,), daemon=True).start()
        silent = 0
        while self._expected is None or len(self._paths) < self._expected:
            try:
                path = await asyncio.wait_for(self._came.get(), 1)
            except TimeoutError:
                silent = silent + 1 if self._expected is not None else 0
                if silent > LETTERS_SECONDS:
                    raise Inexact(f"{self._expected} signed, {len(self._paths)} letters came") from None
                continue
            if path in self._paths:
                raise Inexact("a letter came twice")
            self._paths.add(path)
            yield len(self._paths), path

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._sink.stdout
        for line in self._sink.stdout:
            if loop.is_closed():
                return
            loop.call_soon_threadsafe(self._came.put_nowait, urlsplit(line.strip()).path)
