"""Hand over one message with the commands of its envelope in one go, where the server takes that (RFC 2920)."""

import re
import smtplib
import socket
from collections.abc import Callable
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


def _spelt(address: str) -> str:
    return f"<{address}>" if is_plain_address(address) else _quoted(address)


class HeldBack(Exception):
    """The message was not to be finished after all: the server forgets it with the connection, which is closed."""


def hand_over(host: smtplib.SMTP, message: ReadyMessage, may_finish: Callable[[], bool] | None = None) -> None:
    """Send a message; return when the server has accepted it. Raises smtplib's exceptions as its `sendmail` does.

    With `may_finish` that is asked when all but the final dot is sent, without which the server has nothing to deliver
    (RFC 5321, 3.3). Raises HeldBack where it says no.
    """
    sender, recipient, content = message
    host.ehlo_or_helo_if_needed()
    is_pipelining = host.has_extn("pipelining") and is_plain_address(recipient)
    if not is_pipelining and may_finish is None:
        host.sendmail(sender, [recipient], content)
        return
    size = f" SIZE={len(content)}" if host.has_extn("size") else ""
    commands = f"MAIL FROM:{_spelt(sender)}{size}", f"RCPT TO:{_spelt(recipient)}", "DATA"
    mail, rcpt, data = (_all_at_once if is_pipelining else _one_by_one)(host, commands)
    if data[0] == _SEND_CONTENT:
        # Refused a recipient and yet waiting for a message, it gets one that is empty: RFC 2920, 3.1.
        is_wanted = mail[0] in _OK and rcpt[0] in _OK
        content = _DOT_AT_START.sub(b"..", content) if is_wanted else b""
        if may_finish and is_wanted:
            _send_unfinished(host, content, may_finish)
            content = b""
        host.send(content + b".\r\n")
        data = host.getreply()
    if mail[0] in _OK and rcpt[0] in _OK and data[0] in _OK:
        return
    _end(host, mail, rcpt, data)
    if mail[0] not in _OK:
        raise smtplib.SMTPSenderRefused(*mail, sender)
    if rcpt[0] not in _OK:
        raise smtplib.SMTPRecipientsRefused({recipient: rcpt})
    raise smtplib.SMTPDataError(*data)


def _send_unfinished(host: smtplib.SMTP, content: bytes, may_finish: Callable[[], bool]) -> None:
    assert host.sock is not None
    # Else the dot would wait until the server's machine has acknowledged what came before.
    host.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        host.send(content)
        if may_finish():
            return
    except BaseException:
        host.close()  # another command would be read as a part of the content
        raise
    host.close()
    raise HeldBack


def _all_at_once(host: smtplib.SMTP, commands: tuple[str, ...]) -> list[_Reply]:
    """Return the replies to these commands; the one with which the server hangs up stands for those after it."""
    host.send("".join(f"{command}\r\n" for command in commands).encode("ascii"))
    replies: list[_Reply] = []
    while len(replies) < len(commands):
        reply = host.getreply()
        replies += [reply] * (len(commands) - len(replies) if reply[0] == _CLOSING else 1)
    return replies


def _one_by_one(host: smtplib.SMTP, commands: tuple[str, ...]) -> list[_Reply]:
    """Return the replies to these commands; a refusal stands for those after it, which are not sent."""
    replies: list[_Reply] = []
    for command in commands:
        host.send(f"{command}\r\n".encode("ascii"))
        replies.append(host.getreply())
        if replies[-1][0] not in {*_OK, _SEND_CONTENT}:
            break
    return replies + replies[-1:] * (len(commands) - len(replies))


def _end(host: smtplib.SMTP, *replies: _Reply) -> None:
    """Make the connection ready for the next message, unless the server hangs up."""
    if any(code == _CLOSING for code, _ in replies):
        host.close()
        return
    with suppress(smtplib.SMTPServerDisconnected):
        host.rset()
