"""The parts of a message that came back: any bytes are read, in bounded time and memory, as far as they make sense."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from html import unescape

MAX_BYTES = 128 * 1024  # a returned message with its attachments is cut off; what is said of it comes before it
MAX_LINE_BYTES = 998  # RFC 5322, 2.1.1; some patterns take time by the square of a line's length
MAX_HEADER_BYTES = 4 * 1024  # Python's e-mail package takes time by the square of the length of a header's parameters
MAX_WORDS = 32 * 1024
MAX_PARTS = 60
_NEWLINE = re.compile(rb"\r\n?|\n")
# Wherever it stands, as any line may be in the headers of some part.
_HEADER = re.compile(rb"(?m)^[!-9;-~]*:.*(?:\n[ \t].*)*")
# Each nests further, and each level of it costs time on every line: what has more is read as one text. The words alone
# are looked for, as there are many ways to write what stands around them, such as boundary*0= (RFC 2231).
_NESTING = re.compile(rb"(?i)boundary|message/")
# Not every charset that Python knows: some of its codecs are no charsets, and take long.
_CHARSET = re.compile(
    r"(?i)(utf-?8|(us-)?ascii|(iso-?8859|windows|cp|ibm)-?\d+(-\d+)?|koi8-[ru]|shift[_-]?jis|sjis|euc-?(jp|kr|tw)"
    r"|iso-2022-(jp|kr)|gb(k|2312|18030)|big5)"
)
_TAG = re.compile(r"(?s)<(?:style|script)\b[^<]*</|<[^<>]*>")
# Where the returned message begins that stands in the same text: its headers, in any language.
_RETURNED = re.compile(r"(?im)^(?:return-path|received|message-id|delivered-to|dkim-signature|x-original-to):")
_QUOTED = re.compile(r"(?m)^>.*$")


@dataclass
class Parts:
    """What matters of a message.

    `headers` are its own; `words` what it says in words, without what it quotes; `delivery` the fields for each
    recipient (RFC 3464) and `feedback` those of a feedback report (RFC 5965); `everything` all its text for a search.
    """

    message: Message
    headers: dict[str, str] = field(default_factory=dict)
    words: str = ""
    delivery: list[dict[str, str]] = field(default_factory=list)
    feedback: dict[str, str] | None = None
    everything: str = ""


def read_parts(raw: bytes) -> Parts:
    """Return the parts of what may be a message."""
    clipped = clip(raw)
    message = _parse(_HEADER.sub(lambda header: header[0][:MAX_HEADER_BYTES], clipped))
    parts = Parts(message, _fields(message), everything=clipped.decode("ascii", "replace"))
    for part in _leaves(message):
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            parts.delivery += _blocks(part)
        elif kind == "message/feedback-report":
            parts.feedback = (_blocks(part) or [{}])[0]
        elif kind in {"text/plain", "text/html"} and len(parts.words) < MAX_WORDS:
            parts.words += f"{_text(part)}\n"
    parts.everything += parts.words
    returned = _RETURNED.search(parts.words)
    parts.words = _QUOTED.sub("", parts.words[: returned.start() if returned else None])
    return parts


def clip(raw: bytes) -> bytes:
    """Return as much of a message and of each of its lines as is looked at, with the same end to all lines."""
    return b"\n".join(line[:MAX_LINE_BYTES] for line in _NEWLINE.split(raw[:MAX_BYTES]))


def _parse(raw: bytes) -> Message:
    if sum(1 for _ in _NESTING.finditer(raw)) <= MAX_PARTS:
        return message_from_bytes(raw)
    headers: Message = BytesHeaderParser().parsebytes(raw)
    return headers


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts of a message, but not those of a message that it returns."""
    left, number = [message], 0
    while left and number < MAX_PARTS:
        part, number = left.pop(0), number + 1
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            left = _inside(part) + left
        elif part.get_content_type() != "text/rfc822-headers":
            yield part


def _blocks(part: Message) -> list[dict[str, str]]:
    """Return the groups of fields of a report's machine-readable part, however it was encoded."""
    text = "\n\n".join(map(_block, _inside(part))) if part.is_multipart() else _text(part)
    return list(fields_in(text))


def _block(group: Message) -> str:
    headers = "".join(f"{name}: {value}\n" for name, value in group.raw_items())
    return f"{headers.encode('ascii', 'surrogateescape').decode('utf-8', 'replace')}\n{decoded(group)}"


def _inside(part: Message) -> list[Message]:
    """Return what is in a part that is_multipart: of any other, get_payload() decodes by whatever codec it names."""
    return [one for one in part.get_payload() if isinstance(one, Message)]


def fields_in(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each group in a text: names in lower case, with continued lines joined (RFC 5322, 2.2.3)."""
    for group in re.split(r"\n[ \t]*\n", text[:MAX_WORDS]):
        fields: dict[str, str] = {}
        name = ""
        for line in group.splitlines():
            if line[:1] in {" ", "\t"} and name:
                fields[name] += f" {line.strip()}"
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields.setdefault(name, value.strip())
        if fields:
            yield fields


def _fields(message: Message) -> dict[str, str]:
    """Return the headers by name in lower case; of those that come twice, the first."""
    headers: dict[str, str] = {}
    for name, value in message.items():
        headers.setdefault(name.lower(), str(value))
    return headers


def _text(part: Message) -> str:
    text = decoded(part)
    return unescape(_TAG.sub(" ", text)) if part.get_content_type() == "text/html" else text


def decoded(part: Message) -> str:
    """Return the beginning of what a part holds, as text."""
    content = part.get_payload(decode=True)
    raw = content if isinstance(content, bytes) else b""
    given = part.get_content_charset("utf-8")
    charset = given if _CHARSET.fullmatch(given) and _is_known(given) else "utf-8"
    return raw[: 4 * MAX_WORDS].decode(charset, "replace")[:MAX_WORDS]


def _is_known(charset: str) -> bool:
    try:
        codecs.lookup(charset)
    except LookupError:
        return False
    return True
