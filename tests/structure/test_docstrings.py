"""Every file says in its first sentence what it is for, and every public name of the app what it gives."""

import ast
import re
from pathlib import Path

import pytest

from tests.structure.source import APP, ROOT, SHIPPED, place, tree

SENTENCE = re.compile(r"[A-Z0-9`/].*[.?]", re.DOTALL)
MODULES = [*SHIPPED, *sorted(path for path in (ROOT / "tests").rglob("*.py") if path.stat().st_size)]


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_a_file_begins_with_a_sentence_about_itself(path: Path) -> None:
    docstring = ast.get_docstring(tree(path)) or ""
    first = docstring.partition("\n\n")[0]
    assert SENTENCE.fullmatch(first), f"{place(path)}: {first!r} is no sentence"
    assert len(first.split()) >= 3, f"{place(path)}: {first!r} says too little"


@pytest.mark.parametrize("path", APP, ids=place)
def test_every_public_name_says_what_it_is(path: Path) -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [node for node in tree(path).body if isinstance(node, kinds) and not node.name.startswith("_")]
    silent = [
        f"{place(path, node)} {node.name}" for node in public if not SENTENCE.match(ast.get_docstring(node) or "")
    ]
    assert not silent
