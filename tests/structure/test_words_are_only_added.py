"""Texts and notices are only ever added, so what somebody signed stays what it was. A draft nobody can have signed."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.structure.source import APP, place, tree

KEPT = {"PetitionText", "PrivacyNotice"}
COLUMNS = {
    "statement",
    "body",
    "after_signatures",
    "controller_name",
    "controller_address",
    "controller_email",
    "more",
    "translations",
}
CHANGING = {"update", "delete", "merge", "bulk_update_mappings"}
CHANGING_SQL = re.compile(r"(update|delete\s+from|truncate)\s+(petition_text|privacy_notice)\b", re.IGNORECASE)


# The places that may. They ask the database itself, under the petition's lock, whether it was ever opened, or whether a
# signature or a form holds the text; and the foreign keys refuse what they would have overlooked.
MAY = {"_delete_draft_text", "delete_draft", "take_back_translation"}


def changes(path: Path) -> Iterator[ast.expr]:
    """Yield what changes or deletes rows, or sets a column of theirs."""
    parsed = tree(path)
    places = [one for one in ast.walk(parsed) if isinstance(one, ast.FunctionDef) and one.name in MAY]
    allowed = {node for one in places for node in ast.walk(one)}
    for node in ast.walk(parsed):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            named = {one.id for argument in node.args for one in ast.walk(argument) if isinstance(one, ast.Name)}
            found = called in CHANGING and bool(named & KEPT)
        elif isinstance(node, ast.Constant):
            found = isinstance(node.value, str) and bool(CHANGING_SQL.search(node.value))
        else:
            found = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in COLUMNS
        if found and isinstance(node, ast.expr) and node not in allowed:
            yield node


def test_no_code_changes_or_deletes_texts_or_notices() -> None:
    assert [place(path, node) for path in APP for node in changes(path)] == []


def test_the_check_finds_changes(tmp_path: Path) -> None:
    path = tmp_path / "sly.py"
    path.write_text(
        "update(PetitionText).values(title=1)\nsession.execute(delete(PrivacyNotice))\ntext.body = 'x'\n"
        "session.execute('UPDATE petition_text SET title = 1')\nsession.add(PetitionText())\n"
    )
    assert len(list(changes(path))) == 4
