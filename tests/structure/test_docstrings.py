"""Every file says in its first sentence what it is for, and every public name of the app what it gives."""

import ast
import re

from tests.structure.source import APP, ROOT, SHIPPED, place, tree

SENTENCE = re.compile(r"[A-Z0-9`/].*[.?]", re.DOTALL)
MODULES = [*SHIPPED, *sorted(path for path in (ROOT / "tests").rglob("*.py") if path.stat().st_size)]


def test_every_file_has_a_module_docstring() -> None:
    first = {place(path): (ast.get_docstring(tree(path)) or "").partition("\n\n")[0] for path in MODULES}
    assert {name: words for name, words in first.items() if not SENTENCE.fullmatch(words)} == {}
    assert {name: words for name, words in first.items() if len(words.split()) < 3} == {}, "these say too little"


def test_every_public_name_has_a_docstring() -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [
        (path, node)
        for path in APP
        for node in tree(path).body
        if isinstance(node, kinds) and not node.name.startswith("_")
    ]
    assert public
    silent = [
        f"{place(path, node)} {node.name}" for path, node in public if not SENTENCE.match(ast.get_docstring(node) or "")
    ]
    assert not silent
