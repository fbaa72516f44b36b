"""The project's own source files, as the tests of its structure read them."""

import ast
from functools import cache
from pathlib import Path

import config

ROOT = config.ROOT
APP = sorted((ROOT / "app").rglob("*.py"))
SHIPPED = [*APP, ROOT / "config.py", ROOT / "wsgi.py", *sorted((ROOT / "migrations").rglob("*.py"))]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())


@cache
def tree(path: Path) -> ast.Module:
    """Return a Python file's syntax tree."""
    return ast.parse(path.read_text("utf-8"), str(path))


def place(path: Path, node: ast.AST | None = None) -> str:
    """Return where something is, for people: file and line."""
    name = path.relative_to(ROOT).as_posix()
    return f"{name}:{node.lineno}" if isinstance(node, ast.expr | ast.stmt) else name


def template_name(path: Path) -> str:
    """Return a template's name as code says it."""
    return path.relative_to(ROOT / "templates").as_posix()
