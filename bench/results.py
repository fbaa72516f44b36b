"""The results of a day as a file: `bench/results/<date>.json`, with the machine that they are of."""

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

import config
from app import clock
from bench.figure import Figure
from bench.stage import Stage

FOLDER = config.ROOT / "bench" / "results"
PACKAGES = ("flask", "sqlalchemy", "psycopg", "granian")


def write(stage: Stage, figures: Sequence[Figure], whole_seconds: float | None = None) -> Path:
    """Write the figures, each in place of one of the same name from earlier that day; return the file.

    A ratio's detail says of which figure and which limit, measured in the same run. `whole_seconds` is how long all
    figures took, if all were measured; else what the file says of that stays.
    """
    path = FOLDER / f"{clock.now():%Y-%m-%d}.json"
    earlier = json.loads(path.read_text("utf-8")) if path.exists() else {}
    rows = {row["name"]: row for row in [*earlier.get("figures", []), *map(_row, figures)]}
    told = {
        "at": clock.iso(clock.now()),
        "machine": _machine(stage),
        "whole_seconds": earlier.get("whole_seconds") if whole_seconds is None else round(whole_seconds),
        "figures": [*rows.values()],
    }
    FOLDER.mkdir(exist_ok=True)
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return path


def _row(figure: Figure) -> dict[str, object]:
    values = [round(value, 6) for value in figure.values]
    return {
        "name": figure.name,
        "median": median(values),
        "rounds": values,
        "unit": figure.unit,
        "at_least": figure.at_least,
        "at_most": figure.at_most,
        "verdict": figure.verdict(),
        "detail": figure.detail,
    }


def _machine(stage: Stage) -> dict[str, object]:
    with stage.connect("postgres") as connection:
        row = connection.execute("SHOW server_version").fetchone()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "load_average": round(os.getloadavg()[1], 1),
        "python": platform.python_version(),
        "postgresql": row[0] if row else "",
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in PACKAGES},
    }
