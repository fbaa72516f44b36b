"""Sets pages with Typst, each part of a document in a process of its own.

The typesetter keeps whatever it has laid out until its process ends (about 45 KB for each row), and an error that it
cannot get over would take the worker along; so it runs as a child. What is printed goes through pipes, never a file.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

TEMPLATE = Path(__file__).with_name("delivery.typ")
PATIENCE = 600  # seconds for one part, which takes about one
BEAT = 15  # seconds between two signs of life


class NotTypeset(Exception):
    """The typesetter ended without a PDF."""


def typeset(
    said: dict[str, object], folders: list[str], made_at: datetime, *, tagged: bool, still_at_it: Callable[[], None]
) -> bytes:
    """Return as a PDF what `delivery.typ` makes of `said`, with the fonts in `folders`.

    `tagged` adds the structure that screen readers go by. `still_at_it` is called every BEAT seconds; what it raises
    ends the typesetter. Raises NotTypeset where that failed or took too long.
    """
    order = {"said": json.dumps(said), "folders": folders, "made_at": int(made_at.timestamp()), "tagged": tagged}
    # Isolated (-I), it sees the installed packages and neither this folder nor anybody's environment. What it says
    # about an error may quote a row, so nobody hears it.
    command = [sys.executable, "-I", __file__]
    with subprocess.Popen(
        command,
        env={},  # it needs nothing of ours, least of all the keys
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            pdf = _written_by(child, json.dumps(order).encode(), still_at_it)
        finally:
            child.kill()
    if child.returncode or not pdf.startswith(b"%PDF"):
        raise NotTypeset(f"the typesetter ended with {child.returncode}")
    return pdf


def _written_by(child: subprocess.Popen[bytes], order: bytes, still_at_it: Callable[[], None]) -> bytes:
    given: bytes | None = order
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            return child.communicate(given, timeout=BEAT)[0]
        except subprocess.TimeoutExpired:
            given = None  # it goes on where it was
            still_at_it()
    raise NotTypeset(f"the typesetter took more than {PATIENCE} seconds")


def main() -> None:
    """Read an order from standard input, write the PDF to standard output: what the child does."""
    import typst

    order = json.loads(sys.stdin.buffer.read())
    pdf = typst.compile(
        TEMPLATE.read_bytes(),
        font_paths=typst.Fonts(False, False, order["folders"]),
        sys_inputs={"said": order["said"]},
        timestamp=order["made_at"],
        pdf_tags=order["tagged"],
    )
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
