"""A mailbox by IMAP (RFC 3501), by the library IMAPClient: encrypted, with a verified certificate and time-outs."""

import ssl
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from flask import current_app
from imapclient import DELETED, SEEN, IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from app.bounces.parts import MAX_BYTES
from app.bounces.place import CannotRead, Take
from app.web.this_machine import is_loopback

AT_ONCE = 500  # the next turn takes the others
MAX_CONNECTIONS = 20  # in one turn, with a server that ends each over one message
_PART = f"BODY.PEEK[]<0.{MAX_BYTES}>".encode()


def read_imap(url: str, take: Take, stopping: Callable[[], bool]) -> None:
    """Have the unread messages taken in the folder that the URL names, as `imaps://user:password@host/INBOX`.

    Those that are done with are deleted, others marked as seen. Raises CannotRead. What the server does not give out or
    have marked is passed over, stays unread, and is told at the end, as CannotRead too.
    """
    folder = unquote(urlsplit(url).path.strip("/")) or "INBOX"
    refused: set[int] = set()
    try:
        for _ in range(MAX_CONNECTIONS):
            client = _connect(url)
            try:
                if _read(client, folder, take, stopping, refused):
                    break
            finally:
                _leave(client)
    except ssl.SSLError as error:
        raise CannotRead(f"the IMAP server cannot be trusted: {error.reason or type(error).__name__}") from error
    except IMAPClientError as error:
        # Its text is the server's, which may repeat the user's name.
        raise CannotRead(f"the IMAP server refused: {type(error).__name__}") from error
    except OSError as error:
        raise CannotRead(f"the IMAP server cannot be reached: {error.strerror or type(error).__name__}") from error
    if refused:
        raise CannotRead(f"the IMAP server refused {len(refused)} of the messages")


def _connect(url: str) -> IMAPClient:
    parts = urlsplit(url)
    is_encrypted, context = parts.scheme == "imaps", ssl.create_default_context()
    timeout = current_app.config["SMTP_TIMEOUT_SECONDS"]
    client = IMAPClient(parts.hostname, parts.port, ssl=is_encrypted, ssl_context=context, timeout=timeout)
    try:
        if not is_encrypted and not is_loopback(parts.hostname or ""):
            client.starttls(context)
        client.login(unquote(parts.username or ""), unquote(parts.password or ""))
    except BaseException:
        client.shutdown()
        raise
    return client


def _read(client: IMAPClient, folder: str, take: Take, stopping: Callable[[], bool], refused: set[int]) -> bool:
    """Read all but what was refused before; add what is refused now, and return False if that ended the connection."""
    client.select_folder(folder)
    left = AT_ONCE
    for uid in sorted({*client.search("UNSEEN UNDELETED")} - refused):
        if stopping() or not left:
            break
        try:
            _take_one(client, uid, take)
            left -= 1
        except (IMAPClientAbortError, OSError):  # Dovecot does so when it cannot open the message's file
            refused.add(uid)
            return False
        except IMAPClientError:
            refused.add(uid)
    return True


def _take_one(client: IMAPClient, uid: int, take: Take) -> None:
    message = client.fetch([uid], [_PART]).get(uid)
    if message is None:  # another reader was quicker
        return
    raw = message.get(b"BODY[]<0>")
    if raw is None:  # so is what Dovecot gives for what is no file
        raise IMAPClientError("a message without content")
    if take(raw):
        client.add_flags([uid], [DELETED, SEEN], silent=True)
        if client.has_capability("UIDPLUS"):
            client.uid_expunge([uid])
    else:
        client.add_flags([uid], [SEEN], silent=True)


def _leave(client: IMAPClient) -> None:
    try:
        client.logout()
    except (IMAPClientError, OSError):
        client.shutdown()
