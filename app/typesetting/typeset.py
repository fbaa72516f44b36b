"""Runs Typst, each part of a document in a process of its own.

Typst frees its memory (about 45 KB per row) only when its process ends, and a crash would end the worker; so it runs as
a subprocess. Personal data goes through pipes, never through files.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

TEMPLATE = Path(__file__).with_name("delivery.typ")
TIMEOUT_SECONDS = 600  # for one part, which usually takes about one second
HEARTBEAT_SECONDS = 15


class NotTypeset(Exception):
    """The typesetter ended without a PDF."""


def typeset(
    data: dict[str, object],
    font_folders: list[str],
    made_at: datetime,
    *,
    tagged: bool,
    on_heartbeat: Callable[[], None],
) -> bytes:
    """Return the PDF of the template `delivery.typ` with `data` and the fonts in `font_folders`.

    `tagged` adds structure for screen readers (tagged PDF). `on_heartbeat` is called every HEARTBEAT_SECONDS; what it
    raises ends the subprocess. Raises NotTypeset on failure or timeout.
    """
    job = {
        "data": json.dumps(data),
        "font_folders": font_folders,
        "made_at": int(made_at.timestamp()),
        "tagged": tagged,
    }
    # Isolated mode (-I): installed packages only, without this folder and environment variables. Its error messages may
    # quote a row, so they are discarded.
    command = [sys.executable, "-I", __file__]
    with subprocess.Popen(
        command,
        env={},  # our environment holds the keys
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            pdf = _output_of(child, json.dumps(job).encode(), on_heartbeat)
        finally:
            child.kill()
    if child.returncode or not pdf.startswith(b"%PDF"):
        raise NotTypeset(f"the typesetter ended with {child.returncode}")
    return pdf


def _output_of(child: subprocess.Popen[bytes], job: bytes, on_heartbeat: Callable[[], None]) -> bytes:
    input_: bytes | None = job
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        try:
            return child.communicate(input_, timeout=HEARTBEAT_SECONDS)[0]
        except subprocess.TimeoutExpired:
            input_ = None  # communicate() continues after a timeout
            on_heartbeat()
    raise NotTypeset(f"the typesetter took more than {TIMEOUT_SECONDS} seconds")


def main() -> None:
    """Read a job from standard input and write the PDF to standard output (in the subprocess)."""
    import typst

    job = json.loads(sys.stdin.buffer.read())
    pdf = typst.compile(
        TEMPLATE.read_bytes(),
        font_paths=typst.Fonts(False, False, job["font_folders"]),
        sys_inputs={"data": job["data"]},
        timestamp=job["made_at"],
        pdf_tags=job["tagged"],
    )
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
