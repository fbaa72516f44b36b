"""Hand over one message with the commands of its envelope in one go, where the server takes that (RFC 2920)."""

import re
import smtplib
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

_OK = {250, 251}
_CLOSING = 421
_SEND_CONTENT = 354
_DOT_AT_START = re.compile(rb"(?m)^\.")

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")

_Reply = tuple[int, bytes]
_quoted = lru_cache(maxsize=8)(smtplib.quoteaddr)  # it reads an address as slowly as a server takes a letter


class ReadyMessage(NamedTuple):
    """A message for one recipient as SMTP takes it: its lines end with CRLF."""

    sender: str
    recipient: str
    content: bytes


def is_plain_address(address: str) -> bool:
    """Tell whether it stands in a header and in a command exactly as it is. Any other address is smtplib's to spell."""
    return _PLAIN_ADDRESS.fullmatch(address) is not None and "=?" not in address


def hand_over(host: smtplib.SMTP, message: ReadyMessage) -> None:
    """Send a message; return when the server has accepted it. Raises smtplib's exceptions as its `sendmail` does."""
    sender, recipient, content = message
    host.ehlo_or_helo_if_needed()
    if not host.has_extn("pipelining") or not is_plain_address(recipient):
        host.sendmail(sender, [recipient], content)
        return
    size = f" SIZE={len(content)}" if host.has_extn("size") else ""
    from_path = f"<{sender}>" if is_plain_address(sender) else _quoted(sender)
    commands = f"MAIL FROM:{from_path}{size}", f"RCPT TO:<{recipient}>", "DATA"
    host.send("".join(f"{command}\r\n" for command in commands).encode("ascii"))
    mail, rcpt, data = _replies(host, len(commands))
    if data[0] == _SEND_CONTENT:
        # Refused a recipient and yet waiting for a message, it gets one that is empty: RFC 2920, 3.1.
        is_wanted = mail[0] in _OK and rcpt[0] in _OK
        host.send((_DOT_AT_START.sub(b"..", content) if is_wanted else b"") + b".\r\n")
        data = host.getreply()
    if mail[0] in _OK and rcpt[0] in _OK and data[0] in _OK:
        return
    _end(host, mail, rcpt, data)
    if mail[0] not in _OK:
        raise smtplib.SMTPSenderRefused(*mail, sender)
    if rcpt[0] not in _OK:
        raise smtplib.SMTPRecipientsRefused({recipient: rcpt})
    raise smtplib.SMTPDataError(*data)


def _replies(host: smtplib.SMTP, number: int) -> list[_Reply]:
    """Return the replies to as many commands; the one with which the server hangs up stands for those after it."""
    replies: list[_Reply] = []
    while len(replies) < number:
        reply = host.getreply()
        replies += [reply] * (number - len(replies) if reply[0] == _CLOSING else 1)
    return replies


def _end(host: smtplib.SMTP, *replies: _Reply) -> None:
    """Make the connection ready for the next message, unless the server hangs up."""
    if any(code == _CLOSING for code, _ in replies):
        host.close()
        return
    with suppress(smtplib.SMTPServerDisconnected):
        host.rset()
