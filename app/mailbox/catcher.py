"""An SMTP server on loopback that keeps every letter and sends none on."""

import socket
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.mailbox.caught_emails import store_email


class _Keeper:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        store_email(self._folder, content if isinstance(content, bytes) else content.encode())
        return "250 caught"


def start(folder: Path, port: int) -> Controller:
    """Start catching letters on `port` into `folder`, in a thread of this process; the controller can `stop`."""
    controller = Controller(_Keeper(folder), hostname="127.0.0.1", port=port)
    controller.start()
    return controller


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
