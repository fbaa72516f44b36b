"""The exports of a million sealed signatures: against COPY of the same table, their first rows, and their memory.

Memory is the peak of the command in a process of its own, less the peak of one that only lists the petitions: what an
export adds to Python with Flask, SQLAlchemy and the rest of the site, which is the same for every command.
"""

import subprocess
import time
from collections.abc import Iterator

from flask import Flask

from app.export.handover import begin_handover
from app.export.list_stream import stream_list
from app.export.rows import Choice
from app.models import Format
from bench import people
from bench.figure import Figure, in_turns, middle, number, ratios
from bench.filled import verified
from bench.stage import SLUG, Stage

MANY, SOME = 1_000_000, 100_000
ROUNDS = 3


def run(stage: Stage) -> Iterator[Figure]:
    """Measure the streams in this process, with nobody slow at the other end, and then the command's memory."""
    many, some = (verified(stage, rows) for rows in (MANY, SOME))
    app_many, app_some = stage.app(many), stage.app(some)
    rounds = in_turns(
        lambda: _seconds(app_many, "csv"),
        lambda: _copy(stage, many),
        lambda: _first_rows(app_many, "csv"),
        lambda: _first_rows(app_many, "xlsx"),
        lambda: _seconds(app_some, "xlsx"),
        lambda: _copy(stage, some),
        rounds=ROUNDS,
    )
    detail = f"export {middle(rounds, 0)} s, psql COPY {middle(rounds, 1)} s"
    against_copy = ratios([(one[0], one[1]) for one in rounds])
    yield Figure("export: CSV of 1M rows / COPY", against_copy, "x", at_most=3.5, detail=detail)
    for side, kind in ((2, "CSV"), (3, "XLSX")):
        yield Figure(f"export: first rows of {kind}, of 1M", [one[side] for one in rounds], "ms", at_most=1000)
    yield Figure("export: XLSX of 100k rows", [one[4] for one in rounds], "s", at_most=1)
    detail = f"export {middle(rounds, 4)} s, psql COPY {middle(rounds, 5)} s"
    against_copy = ratios([one[4:] for one in rounds])
    yield Figure("export: XLSX of 100k rows / COPY", against_copy, "x", at_most=10, detail=detail)

    export = ("signatures", "export", SLUG, "--format")
    idle = _peak(stage, some, "petition", "list")
    for kind, most in (("csv", 12), ("xlsx", 12)):
        peaks = [(_peak(stage, many, *export, kind), _peak(stage, some, *export, kind))]  # it hardly varies
        detail = f"whole process {middle(peaks, 0)} MB, of which idle {number(idle)} MB"
        added = [peak - idle for peak, _ in peaks]
        yield Figure(f"export: memory for {kind.upper()} of 1M rows", added, "MB", at_most=most, detail=detail)
        yield Figure(f"export: memory for {kind.upper()}, 1M / 100k", ratios(peaks), "x", at_most=1.05)


def _pieces(app: Flask, kind: str) -> Iterator[bytes]:
    with app.app_context():
        edition = people.edition()
        yield from stream_list(edition, begin_handover(edition.petition, None, Format(kind), Choice(), "the bench"))


def _seconds(app: Flask, kind: str) -> float:
    began = time.perf_counter()
    for _ in _pieces(app, kind):
        pass
    return time.perf_counter() - began


def _first_rows(app: Flask, kind: str) -> float:
    """Return after how many milliseconds the second piece came; the first one has no rows in it."""
    began = time.perf_counter()
    pieces = _pieces(app, kind)
    next(pieces), next(pieces)
    return (time.perf_counter() - began) * 1000


def _copy(stage: Stage, database: str) -> float:
    """Return how many seconds PostgreSQL's own program takes to hand over the same table as it lies there, sealed."""
    began = time.perf_counter()
    subprocess.run(
        [stage.postgres.bin_path / "psql", stage.url(database), "-c", "COPY (SELECT * FROM signature) TO STDOUT"],
        stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    return time.perf_counter() - began


def _peak(stage: Stage, database: str, *command: str) -> float:
    """Return how many megabytes a command's process came to at most."""
    process = stage.start("-m", "bench.peak", *command, **stage.environment(database))
    told, _ = process.communicate()
    return int(told) / 1024
