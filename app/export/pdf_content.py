"""The content of a PDF delivery: the signed texts with their hashes, and the signatures."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


def text_sha256(title: str, statement: str, body: str) -> str:
    """Return the SHA-256, in hexadecimal, of title, empty line, statement, empty line, body, in UTF-8.

    The body is the Markdown source; no line break is added at the end.
    """
    return hashlib.sha256(f"{title}\n\n{statement}\n\n{body}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedText:
    """A petition text, in one language and version, that somebody on the list signed; `body` is Markdown."""

    language: str
    version: int
    title: str
    statement: str
    body: str

    def sha256(self) -> str:
        """Return the text's hash, as `text_sha256`."""
        return text_sha256(self.title, self.statement, self.body)


@dataclass(frozen=True, slots=True)
class CoverPicture:
    """The petition's header image, as a JPEG, and what it shows in words."""

    width: int
    height: int
    data: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class PdfContent:
    """What the list is about: `count` verified signatures in all, `made_at` in UTC, each signed text in its order.

    `countries` has their number by ISO 3166-1 code, without the `withheld` ones, of which the addressee gets a number
    only. Unless it is `for_addressee`, it also names signers who asked to be seen by the organisers only.
    """

    title: str
    language: str
    started_by: str
    addressed_to: str
    count: int
    made_at: datetime
    texts: tuple[SignedText, ...]
    for_addressee: bool
    contact: str = ""
    countries: Mapping[str, int] = field(default_factory=dict)
    withheld: int = 0
    picture: CoverPicture | None = None


class PdfRow(Protocol):
    """One signature on the list; for a signer who is not to be named, all fields but the number are empty.

    `country` is an ISO 3166-1 code, `verified_at` is in UTC.
    """

    @property
    def number(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def affiliation(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def comment(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def verified_at(self) -> datetime | str | None: ...
