"""What the logs say: one JSON object a line, and never a name, an address or a link.

Not python-json-logger or structlog, which are well kept: they are good at writing whatever context a record has, and
here nothing but what is named may be written.
"""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

OUR_PREFIX = "app."  # Flask's own logger is `app`, and its lines have addresses of pages in them
correlation_id: ContextVar[str] = ContextVar("under", default="")  # of the request, or the turn of the worker


class JsonFormatter(logging.Formatter):
    """Formats a record as a line of JSON; of an exception only its class and the lines it passed through.

    Of a library's record only place and level are written, since its message may hold anything.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record; the dict `about` of one of ours adds to it."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "id": correlation_id.get(),
        }
        if record.name.startswith(OUR_PREFIX):
            line["message"] = record.getMessage()
            line |= getattr(record, "about", {})
        else:
            line["place"] = f"{record.filename}:{record.lineno}"
        if record.exc_info and record.exc_info[1]:
            line["error"] = describe_error(record.exc_info[1])
        return json.dumps(line)


def init(level: int) -> None:
    """Let this process log to standard error: ours from `level` on, libraries' warnings; unless it logs already."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger(OUR_PREFIX.rstrip(".")).setLevel(level)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # or it would log each request itself


def describe_error(error: BaseException) -> str:
    """Return an error's class and the lines it passed through, the innermost first: its message may name a signer."""
    places = " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
        for frame in reversed(traceback.extract_tb(error.__traceback__))
    )
    return f"{type(error).__name__} at {places}"
