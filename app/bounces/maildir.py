"""A Maildir: each message is a file in `new` until somebody has seen it, who moves it to `cur`."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.bounces.parts import MAX_BYTES
from app.bounces.place import CannotRead, Take

SEEN = ":2,S"


def read_maildir(path: Path, take: Take, stopping: Callable[[], bool]) -> None:
    """Have all messages in `new` taken, the oldest first. Raises CannotRead, as when this is no Maildir.

    Those that are done with are removed, others moved to `cur` as seen. Several may read at once: what another was
    quicker with is passed over. So is what cannot be read or moved, which is told at the end, as CannotRead too.
    """
    new, seen = path / "new", path / "cur"
    if not new.is_dir() or not seen.is_dir():
        raise CannotRead(f"{path} is no Maildir: it needs the folders new and cur")
    try:
        files = sorted(one for one in new.iterdir() if one.is_file() and not one.name.startswith("."))
    except OSError as error:
        raise CannotRead(f"{path} cannot be read: {error.strerror}") from error
    reasons = []
    for file in files:
        if stopping():
            break
        try:
            _take_file(file, seen, take)
        except OSError as error:
            reasons.append(error.strerror or type(error).__name__)
    if reasons:
        raise CannotRead(f"{len(reasons)} in {path} cannot be read or moved: {', '.join(sorted(set(reasons)))}")


def _take_file(file: Path, seen: Path, take: Take) -> None:
    try:
        with file.open("rb") as message:
            raw = message.read(MAX_BYTES)
    except FileNotFoundError:
        return
    if take(raw):
        file.unlink(missing_ok=True)
    else:
        with suppress(FileNotFoundError):  # another reader was quicker
            file.rename(seen / f"{file.name}{SEEN}")
