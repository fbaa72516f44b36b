"""What DNS says, each question asked once in a run; all questions together wait for a bounded time."""

import time

import dns.rdata
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from app.email.dns import NoDnsAnswer, look_up

MAX_WAITED_SECONDS = 12.0


class Records:
    """DNS as one run of `doctor` sees it. Each method raises NoDnsAnswer, once it waited too long without asking."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[dns.rdata.Rdata] | None] = {}
        self._failed: dict[tuple[str, str], NoDnsAnswer] = {}
        self._waited = 0.0

    def of(self, name: str, kind: str) -> list[dns.rdata.Rdata] | None:
        """Return the records of this kind at a name; None if there is no such name."""
        question = name.lower().rstrip("."), kind
        if question in self._failed:
            raise self._failed[question]
        if question not in self._found:
            if self._waited > MAX_WAITED_SECONDS:
                raise NoDnsAnswer("no more was asked")
            began = time.monotonic()
            try:
                self._found[question] = look_up(question[0], kind)
            except NoDnsAnswer as error:
                self._failed[question] = error
                raise
            finally:
                self._waited += time.monotonic() - began
        return self._found[question]

    def texts(self, name: str, beginning: str) -> list[str]:
        """Return the TXT records at a name that begin so, in whatever case, each joined of its strings."""
        records = [one for one in self.of(name, "TXT") or () if isinstance(one, TXT)]
        found = [b"".join(one.strings).decode("utf-8", "replace") for one in records]
        return [text for text in found if text.lower().startswith(beginning.lower())]

    def exchangers(self, name: str) -> list[str]:
        """Return the mail exchangers of a domain, the preferred first; an empty name is RFC 7505's "no mail"."""
        found = [one for one in self.of(name, "MX") or () if isinstance(one, MX)]
        found.sort(key=lambda one: one.preference)
        return [str(one.exchange).rstrip(".") for one in found]

    def addresses(self, name: str) -> list[str]:
        """Return the IPv4 and IPv6 addresses of a host."""
        return [one.to_text() for kind in ("A", "AAAA") for one in self.of(name, kind) or ()]
