"""E-mails caught, one file each in a folder of this machine."""

import email
import email.policy
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

NUMBER = re.compile("[0-9]{20}")
MAX_KEPT = 1000


@dataclass(frozen=True, slots=True)
class CaughtEmail:
    """An e-mail as it came over SMTP."""

    number: str
    caught_at: datetime
    message: EmailMessage

    def part(self, kind: str) -> str:
        """Return the words of its `plain` or `html` part."""
        body = self.message.get_body((kind,))
        return str(body.get_content()) if body else ""


def store_email(folder: Path, raw: bytes) -> None:
    """Store an e-mail; the oldest go once there are more than a thousand."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{time.time_ns():020d}"
    draft = folder / f".{name}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(raw)
    draft.rename(folder / f"{name}.eml")
    for old in sorted(folder.glob("*.eml"))[:-MAX_KEPT]:
        old.unlink(missing_ok=True)


def list_emails(folder: Path) -> list[CaughtEmail]:
    """Return all e-mails, the newest first."""
    files = sorted(folder.glob("*.eml"), reverse=True) if folder.is_dir() else []
    return [_read(path) for path in files if NUMBER.fullmatch(path.stem)]


def find_email(folder: Path, number: str) -> CaughtEmail | None:
    """Return the e-mail with this number, if it is there."""
    path = folder / f"{number}.eml"
    return _read(path) if NUMBER.fullmatch(number) and path.is_file() else None


def _read(path: Path) -> CaughtEmail:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return CaughtEmail(path.stem, datetime.fromtimestamp(int(path.stem) / 1e9, UTC), message)
