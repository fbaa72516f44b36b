"""What is asked in one place alone: the environment in config.py, the time in app/clock.py."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.structure.source import SHIPPED, place, tree

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
PRESENT = {"now", "utcnow", "today", "current_timestamp", "current_date", "localtimestamp"}


def said(path: Path) -> Iterator[tuple[ast.AST, str, str]]:
    """Yield each `owner.name` in a file, and each `from owner import name`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            yield node, ast.unparse(node.value).rpartition(".")[2], node.attr
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node, node.module or "", alias.name


def places(owners: set[str], names: set[str]) -> set[str]:
    return {place(path) for path in SHIPPED for _, owner, name in said(path) if owner in owners and name in names}


def test_only_config_reads_the_environment() -> None:
    assert places({"os"}, ENVIRONMENT) == {"config.py"}


def test_only_the_clock_reads_the_time() -> None:
    assert places({"datetime", "date", "func"}, PRESENT) == {"app/clock.py"}
