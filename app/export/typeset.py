"""Sets pages with Typst, each part of a document in a process of its own.

The typesetter keeps whatever it has laid out until its process ends (about 45 KB for each row), and an error that it
cannot get over would take the worker along; so it runs as a child. What is printed goes through pipes, never a file.
"""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

TEMPLATE = Path(__file__).with_name("delivery.typ")
PATIENCE = 600  # seconds for one part, which takes about one


class NotTypeset(Exception):
    """The typesetter ended without a PDF."""


def typeset(said: dict[str, object], folders: list[str], made_at: datetime, *, tagged: bool) -> bytes:
    """Return as a PDF what `delivery.typ` makes of `said`, with the fonts in `folders`.

    `tagged` adds the structure that screen readers go by. Raises NotTypeset where it failed or took too long.
    """
    order = {"said": json.dumps(said), "folders": folders, "made_at": int(made_at.timestamp()), "tagged": tagged}
    # Isolated (-I), it sees the installed packages and neither this folder nor anybody's environment. What it says
    # about an error may quote a row, so nobody hears it.
    command = [sys.executable, "-I", __file__]
    try:
        child = subprocess.run(
            command,
            input=json.dumps(order).encode(),
            env={},  # it needs nothing of ours, least of all the keys
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotTypeset(f"the typesetter took more than {PATIENCE} seconds") from None
    if child.returncode or not child.stdout.startswith(b"%PDF"):
        raise NotTypeset(f"the typesetter ended with {child.returncode}")
    return child.stdout


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
