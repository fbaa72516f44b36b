"""What the logs say: one JSON object a line, and never a name, an address or a link.

Written here rather than with python-json-logger or structlog, which are well kept: what they are good at is to bring
along whatever a line is given, and what is wanted here is that nothing comes along.
"""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

OURS = "app."  # Flask's own logger is `app`, and its lines have addresses of pages in them
under: ContextVar[str] = ContextVar("under", default="")  # the number of the request or the worker's turn at hand


class Lines(logging.Formatter):
    """Writes a record as a line; of an exception only its kind and the places it went through.

    Of what a library says only where and how gravely it said it is written, since its words may hold anything.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record; the dict `about` of one of ours adds to it."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "id": under.get(),
        }
        if record.name.startswith(OURS):
            line["message"] = record.getMessage()
            line |= getattr(record, "about", {})
        else:
            line["place"] = f"{record.filename}:{record.lineno}"
        if record.exc_info and record.exc_info[1]:
            line["error"] = told(record.exc_info[1])
        return json.dumps(line)


def init(level: int) -> None:
    """Let this process log to standard error: ours from `level` on, libraries' warnings; unless it logs already."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger(OURS.rstrip(".")).setLevel(level)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it would raise its own to INFO, to tell of each visit


def told(error: BaseException) -> str:
    """Return an error's kind and the places it passed through, the innermost first. Its own text may name a signer."""
    places = " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
        for frame in reversed(traceback.extract_tb(error.__traceback__))
    )
    return f"{type(error).__name__} at {places}"
