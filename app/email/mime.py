"""An e-mail's headers and parts as they travel: in 7-bit lines that no server need convert, in every script.

A relay that has to convert 8-bit lines for a server without 8BITMIME (RFC 6152) breaks the DKIM signature over them.
"""

import binascii
import re
from collections.abc import Iterable
from email.header import Header
from email.utils import formataddr, parseaddr
from textwrap import wrap

MAX_LINE = 78  # RFC 5322, 2.1.1: what lines should keep to
MAX_ENCODED_LINE = 76  # RFC 2045, 6.7 and 6.8; RFC 2047, 2
# It cannot stand in a part: in quoted-printable hexadecimal digits or the line's end follow on "=", base64 has no "_",
# and a part with "=_" in it is never sent as it is.
BOUNDARY = "=_part"

_ONE_LINE = re.compile("[ -~]*")
# Words that can be folded, and parts whose lines can be sent as they are.
_FOLDABLE = re.compile("[!-~]{1,60}(?: [!-~]{1,60})*")
_AS_IT_IS = re.compile(f"(?:[\t -~]{{0,{MAX_LINE}}}\n)*")
_ASCII = bytes(range(128))
_LINE_END = re.compile("\r\n?")


class BadHeader(ValueError):
    """What would stand in a header is no single line: it could add headers of its own."""


def header(name: str, value: str) -> str:
    """Return a header that programs read, with CRLF at its end: in one line, as a link in it must not be folded.

    Raises BadHeader for a line break, or anything beyond ASCII.
    """
    if _ONE_LINE.fullmatch(value) is None:
        raise BadHeader(name)
    return f"{name}: {value}\r\n"


def text_header(name: str, value: str) -> str:
    """Return a header that people read, folded, and where it needs that in encoded words (RFC 2047).

    Raises BadHeader for a line break.
    """
    if "\r" in value or "\n" in value:
        raise BadHeader(name)
    if _FOLDABLE.fullmatch(value) and "=?" not in value:
        lines = wrap(f"{name}: {value}", MAX_LINE - 1, break_long_words=False, break_on_hyphens=False)
        return "\r\n ".join(lines) + "\r\n"
    return f"{name}: {_encoded(name, value)}\r\n"


def mailbox_header(name: str, mailbox: str) -> str:
    """Return a header with a mailbox in it, as `Site <a@b>` or the address alone; a name is encoded if it needs that.

    Raises BadHeader for a line break.
    """
    if "\r" in mailbox or "\n" in mailbox:
        raise BadHeader(name)
    shown, address = parseaddr(mailbox)
    address = ascii_address(address)
    line = header(name, formataddr((shown, address))) if _ONE_LINE.fullmatch(shown) else ""
    if line and "=?" not in shown and (not shown or len(line) <= MAX_LINE + len("\r\n")):
        return line
    encoded = _encoded(name, shown)
    last_line = encoded.rpartition("\r\n")[2]
    fold = "" if len(f"{name}: {last_line} <{address}>") <= MAX_LINE else "\r\n"
    return f"{name}: {encoded}{fold} <{address}>\r\n"


def ascii_address(address: str) -> str:
    """Return an address with its domain in ASCII."""
    local, at, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}{at}{domain.encode('idna').decode()}"


def lay_out(headers: Iterable[str], text: str, html: str) -> bytes:
    """Return the e-mail of these headers, plain text, and the same in HTML, unless that is empty (RFC 2046, 5.1.4)."""
    parts = [_part("plain", text), *([_part("html", html)] if html else [])]
    if len(parts) > 1:
        kind = f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'
        body = "".join(f"--{BOUNDARY}\r\n{part}\r\n" for part in parts)
        parts = [f"{kind}{body}--{BOUNDARY}--\r\n"]
    return "".join((*headers, "MIME-Version: 1.0\r\n", *parts)).encode("ascii")


def _part(kind: str, text: str) -> str:
    encoding, body = encode(text)
    return f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}"


def encode(text: str) -> tuple[str, str]:
    """Return the name of a Content-Transfer-Encoding (RFC 2045, 6), and a text in it, in lines that end with CRLF.

    What is ASCII in short lines stays as it is. Of the others whichever is about the shorter is taken: quoted-printable
    for what is mostly ASCII, which can be read as it travels, else base64.
    """
    text = _LINE_END.sub("\n", text)
    if not text.endswith("\n"):
        text += "\n"
    if text.isascii() and _AS_IT_IS.fullmatch(text) and "=_" not in text:
        return "7bit", text.replace("\n", "\r\n")
    octets = text.encode()
    if 6 * len(octets.translate(None, _ASCII)) <= len(octets):  # each takes three characters; else three take four
        return "quoted-printable", binascii.b2a_qp(octets).decode("ascii").replace("\n", "\r\n")
    # RFC 2045, 6.8: line breaks are part of the text, and encoded.
    encoded = binascii.b2a_base64(octets.replace(b"\n", b"\r\n"), newline=False).decode("ascii")
    lines = [encoded[start : start + MAX_ENCODED_LINE] for start in range(0, len(encoded), MAX_ENCODED_LINE)]
    return "base64", "\r\n".join(lines) + "\r\n"


def _encoded(name: str, value: str) -> str:
    """Return a value in encoded words, folded so that its name has room in the first line."""
    return Header(value, "utf-8", MAX_ENCODED_LINE, name).encode(linesep="\r\n")
