"""Prints the table of figures: `python -m bench` all of them, `python -m bench count page` those named."""

import signal
import sys
import time
from contextlib import ExitStack

from bench import confirm, count, crowd, export, figure, letters, page, sealing, sign, strangers, two_nodes
from bench.cluster import Missing
from bench.stage import Stage

FIGURES = {
    "count": count.run,
    "confirm": confirm.run,
    "sign": sign.run,
    "strangers": strangers.run,
    "page": page.run,
    "crowd": crowd.run,
    "letters": letters.run,
    "export": export.run,
    "sealing": sealing.run,
    "two_nodes": two_nodes.run,
}


def main(names: list[str]) -> int:
    """Measure the named figures, or all; return the exit code, which does not tell how they came out."""
    unknown = set(names) - set(FIGURES)
    if unknown:
        print(f"There is no figure {', '.join(sorted(unknown))}. There are: {', '.join(FIGURES)}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    began = time.monotonic()
    below = 0
    with ExitStack() as stack:
        stage = Stage(stack)
        print(figure.heading(), flush=True)
        for name in names or FIGURES:
            try:
                for measured in FIGURES[name](stage):
                    print(measured.line(), flush=True)
                    below += not measured.is_met()
            except Missing as missing:
                print(f"{name}: not measured. {missing}", flush=True)
    print(f"{below} below what is wanted; {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
