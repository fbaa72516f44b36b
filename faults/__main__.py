"""Prints the verdicts: `python -m faults` all scenarios, `python -m faults kill smtp` those named.

`--short` takes about five minutes; `--seed N` repeats the choices of an earlier run, as far as threads and signals let
it.
"""

import argparse
import secrets
import signal
import sys
import time
from contextlib import ExitStack

from faults import clocks, crowded, database, kill, news, row, shared_limits, smtp
from faults.stage import Stage

SCENARIOS = {
    "kill": kill.run,
    "smtp": smtp.run,
    "news": news.run,
    "database": database.run,
    "crowded": crowded.run,
    "clocks": clocks.run,
    "redis": shared_limits.run,
}


def main(arguments: list[str]) -> int:
    """Play the named scenarios, or all; return 0 if every verdict is good, 1 if one is not."""
    parser = argparse.ArgumentParser("faults", description="Break things and look whether anything was lost.")
    parser.add_argument("names", nargs="*", metavar="scenario", help=f"{', '.join(SCENARIOS)}; without, all of them")
    parser.add_argument("--short", action="store_true", help="about five minutes of it")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(1_000_000), help="repeat an earlier run's choices"
    )
    given = parser.parse_args(arguments)
    unknown = set(given.names) - set(SCENARIOS)
    if unknown:
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    began = time.monotonic()
    wrong = 0
    print(f"seed {given.seed}: repeat it with --seed {given.seed}\n{row.heading()}", flush=True)
    with ExitStack() as stack:
        stage = Stage(stack, given.seed, is_short=given.short)
        for name in given.names or SCENARIOS:
            wrong += _play(stage, name)
    print(f"{wrong or 'nothing'} wrong; {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


def _play(stage: Stage, name: str) -> int:
    """Play a scenario and print its rows; return how many are wrong. After that the next one begins with new sites."""
    wrong, began = 0, time.monotonic()
    try:
        for found in SCENARIOS[name](stage):
            print(found.line(time.monotonic() - began), flush=True)
            began = time.monotonic()
            if found.verdict.problems:
                wrong += 1
                _give_up(stage, found.kind)
    except RuntimeError as error:  # something did not come back
        print(f"{name}: WRONG  {error}", flush=True)
        wrong += 1
        for kind in list(stage.sites):
            _give_up(stage, kind)
    return wrong


def _give_up(stage: Stage, kind: str) -> None:
    """Close the site on this kind of database, of which something is wrong, and tell what it logged."""
    site = stage.sites[kind]
    stage.let_go(kind)
    site.tell_log()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
