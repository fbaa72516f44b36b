"""Every template is used, and every template that is used is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, meta

from tests.conftest import make_app
from tests.structure.source import APP, TEMPLATES, template_name, tree

NAMES = {template_name(path) for path in TEMPLATES}


def named_in_templates() -> Iterator[str]:
    for path in TEMPLATES:
        referenced = meta.find_referenced_templates(Environment().parse(path.read_text("utf-8")))
        yield from (name for name in referenced if name)


def strings(path: Path) -> set[str]:
    return {one.value for one in ast.walk(tree(path)) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def named_in_code() -> Iterator[str]:
    """Yield the template names in code; f-strings are filled with the words of the app."""
    words = {word for path in APP for word in strings(path) if re.fullmatch(r"\w+", word)}
    for path in APP:
        yield from (text for text in strings(path) if re.fullmatch(r"\w[\w/]*\.(html|txt)", text))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.JoinedStr) and ast.unparse(node).rstrip("'\"").endswith((".html", ".txt")):
                yield from filled(node, words)


def filled(node: ast.JoinedStr, words: set[str]) -> Iterator[str]:
    parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
    for word in words:
        yield "".join(str(word if part is None else part) for part in parts)


def named_by_the_library(folder: Path) -> set[str]:
    """Return the templates that Flask-Security is set to show."""
    settings = make_app(folder, f"sqlite:///{folder}/none.db").config
    return {str(value) for name, value in settings.items() if re.fullmatch(r"SECURITY_\w+_TEMPLATE", name)}


def test_every_template_is_used(tmp_path: Path) -> None:
    assert NAMES - {*named_in_code(), *named_in_templates(), *named_by_the_library(tmp_path)} == set()


def test_every_named_template_exists() -> None:
    plainly = {name for name in named_in_code() if not name.startswith("email/")}
    assert {*plainly, *named_in_templates()} <= NAMES


def test_every_letter_has_a_subject_and_both_bodies() -> None:
    letters = {name.split("/")[1] for name in NAMES if name.startswith("email/") and name.count("/") == 2}
    assert letters
    assert {
        f"email/{letter}/{part}" for letter in letters for part in ("subject.txt", "body.txt", "body.html")
    } <= NAMES
