"""Ledger and tally are written in app/ledger/ alone, so the count cannot drift; only confirming makes signatures."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.structure.source import ROOT, SHIPPED, place, tree

KEPT = {"LedgerEntry", "Tally"}
WRITING = {"insert", "update", "delete", "bulk_insert_mappings", "bulk_update_mappings", "bulk_save_objects"}
WRITING_SQL = re.compile(r"(insert\s+into|update|delete\s+from|truncate)\s+(ledger|tally)\b", re.IGNORECASE)
ITS_PLACE = ROOT / "app" / "ledger"


def names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} | {
        one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)
    }


def last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def writings(path: Path) -> Iterator[ast.expr]:
    """Yield what makes, changes or deletes rows of the ledger or the tally."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = last_name(node.func)
            told = set().union(*(names_in(argument) for argument in [node.func, *node.args]))
            if called in KEPT or (called in WRITING and told & KEPT):
                yield node
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and WRITING_SQL.search(node.value):
            yield node
        elif isinstance(node, ast.Attribute) and node.attr == "changes" and isinstance(node.ctx, ast.Store):
            yield node  # the number of the change that the next ledger row takes


def makings(path: Path, kind: str) -> Iterator[ast.Call]:
    """Yield what makes rows of this kind."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = last_name(node.func)
            if called == kind or (
                called in {"insert", "NewRow"} and kind in {last_name(argument) for argument in node.args}
            ):
                yield node


def test_only_the_ledger_folder_writes_the_ledger_and_the_tally() -> None:
    elsewhere = [place(path, node) for path in SHIPPED if ITS_PLACE not in path.parents for node in writings(path)]
    assert not elsewhere


def test_the_check_finds_the_ledger_folders_writes() -> None:
    seen = [ast.unparse(node).partition("(")[0] for path in ITS_PLACE.glob("*.py") for node in writings(path)]
    assert {"LedgerEntry", "Tally", "update", "signature.changes"} <= set(seen)


def test_a_form_makes_a_draft_and_only_confirming_makes_a_signature() -> None:
    made_in = {kind: {place(path) for path in SHIPPED for _ in makings(path, kind)} for kind in ("Draft", "Signature")}
    confirming = {"app/confirmation/confirm.py", "app/confirmation/make_signature.py"}
    assert made_in == {"Draft": {"app/signing/sign.py"}, "Signature": confirming}
