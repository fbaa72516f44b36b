"""Prints the table of figures: `python -m bench` all of them, `python -m bench count page` those named.

`--10m` has the figure `sizes` go up to ten million signatures, which takes a quarter of an hour.
"""

import signal
import sys
import time
from contextlib import ExitStack
from functools import partial

import config
from bench import (
    batches,
    confirm,
    count,
    crowd,
    departures,
    export,
    figure,
    letters,
    limits,
    page,
    results,
    sealing,
    sign,
    sizes,
    strangers,
    through_proxy,
    two_nodes,
)
from bench.programs import Missing
from bench.stage import Stage

FIGURES = {
    "count": count.run,
    "confirm": confirm.run,
    "sign": sign.run,
    "strangers": strangers.run,
    "departures": departures.run,
    "page": page.run,
    "proxy": through_proxy.run,
    "crowd": crowd.run,
    "letters": letters.run,
    "export": export.run,
    "sealing": sealing.run,
    "limits": limits.run,
    "batches": batches.run,
    "two_nodes": two_nodes.run,
    "sizes": sizes.run,
}
TEN_MILLION = "--10m"


def main(names: list[str]) -> int:
    """Measure the named figures, or all; return the exit code, which does not tell how they came out."""
    figures, is_whole = dict(FIGURES), not names
    if TEN_MILLION in names:
        names = [name for name in names if name != TEN_MILLION]
        figures["sizes"] = partial(sizes.run, sizes=sizes.SIZES | sizes.TEN_MILLION)
    unknown = set(names) - set(FIGURES)
    if unknown:
        print(f"There is no figure {', '.join(sorted(unknown))}. There are: {', '.join(FIGURES)}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    began = time.monotonic()
    measured = []
    with ExitStack() as stack:
        stage = Stage(stack)
        print(figure.heading(), flush=True)
        for name in names or figures:
            try:
                with stage.scene():
                    for one in figures[name](stage):
                        print(one.line(), flush=True)
                        measured.append(one)
            except Missing as missing:
                print(f"{name}: not measured. {missing}", flush=True)
        took = time.monotonic() - began
        path = results.write(stage, measured, took if is_whole else None)
    below = sum(not one.is_met() for one in measured)
    print(f"{below} below what is wanted; {took:.0f} s; kept in {path.relative_to(config.ROOT)}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
