"""Every template is used, and every template that is used is there."""

import ast
import re
from collections.abc import Iterator

from jinja2 import Environment, meta

from tests.structure.source import APP, TEMPLATES, template_name, tree

NAMES = {template_name(path) for path in TEMPLATES}


def named_in_templates() -> Iterator[str]:
    for path in TEMPLATES:
        referenced = meta.find_referenced_templates(Environment().parse(path.read_text("utf-8")))
        yield from (name for name in referenced if name)


def named_in_code() -> Iterator[str]:
    """Yield the template names in code; f-strings are filled with the words of the same file."""
    for path in APP:
        strings = {
            one.value for one in ast.walk(tree(path)) if isinstance(one, ast.Constant) and isinstance(one.value, str)
        }
        yield from (text for text in strings if re.fullmatch(r"\w[\w/]*\.(html|txt)", text))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.JoinedStr) and ast.unparse(node).rstrip("'\"").endswith((".html", ".txt")):
                yield from filled(node, strings)


def filled(node: ast.JoinedStr, words: set[str]) -> Iterator[str]:
    parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
    for word in (word for word in words if re.fullmatch(r"\w+", word)):
        yield "".join(str(word if part is None else part) for part in parts)


def test_every_template_is_used() -> None:
    assert NAMES - {*named_in_code(), *named_in_templates()} == set()


def test_every_template_that_is_named_is_there() -> None:
    plainly = {name for name in named_in_code() if not name.startswith("email/")}
    assert {*plainly, *named_in_templates()} <= NAMES


def test_every_letter_has_a_subject_and_both_bodies() -> None:
    letters = {name.split("/")[1] for name in NAMES if name.startswith("email/") and name.count("/") == 2}
    assert letters
    assert {
        f"email/{letter}/{part}" for letter in letters for part in ("subject.txt", "body.txt", "body.html")
    } <= NAMES
