"""Runs a command of the app in this process, throws away its output, and prints the most memory it took, in KiB."""

import contextlib
import os
import re
import sys
from pathlib import Path

from flask.cli import main


def run(arguments: list[str]) -> int:
    """Return the peak of this process in KiB after the command, as the kernel counts it since the process began."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.suppress(SystemExit):
        sys.argv = ["flask", "--app", "wsgi", *arguments]
        main()
    # Not getrusage: that also counts the process that started this one.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])


if __name__ == "__main__":
    print(run(sys.argv[1:]))
