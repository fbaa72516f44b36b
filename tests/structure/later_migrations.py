"""What a migration may not do to the large tables while a site with ten million rows runs (docs/releasing.md)."""

import ast
import re
from collections.abc import Iterator

LARGE = {"signature", "draft", "ledger", "outbox"}
UNKNOWN = "?"  # a table's name that is only known when the migration runs
NAME = rf'"?(?:(?:{"|".join(sorted(LARGE))})\b|\{UNKNOWN})'
WRITES_ROWS = re.compile(rf"\b(UPDATE|DELETE\s+FROM)\s+(ONLY\s+)?{NAME}", re.IGNORECASE)
BUILDS_INDEX = re.compile(
    rf"\bCREATE\s+(UNIQUE\s+)?INDEX\b(?!\s+CONCURRENTLY).*?\bON\s+{NAME}", re.IGNORECASE | re.DOTALL
)
MAKES_INDEX = {"create_index", "create_unique_constraint", "create_primary_key", "create_exclude_constraint"}
MAKES_CHECK = {"create_check_constraint", "create_foreign_key"}
WRITING = {"update", "delete"}


def refusals(source: str) -> list[str]:
    """Return what is refused in a migration's source, each with its line."""
    return [f"line {line}: {why}" for line, why in sorted(_Reader(ast.parse(source)).found())]


class _Reader:
    def __init__(self, module: ast.Module) -> None:
        self._module = module
        assigned = [one for one in ast.walk(module) if isinstance(one, ast.Assign)]
        pairs = [(name, one.value) for one in assigned for name in one.targets if isinstance(name, ast.Name)]
        self._words = {name.id: str(value.value) for name, value in pairs if isinstance(value, ast.Constant)}
        self._tables = {
            name.id: self._text(value.args[0])
            for name, value in pairs
            if isinstance(value, ast.Call) and _last_name(value.func) in {"table", "Table"} and value.args
        }
        self._prose = {
            one.value for one in ast.walk(module) if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
        }

    def found(self) -> Iterator[tuple[int, str]]:
        yield from self._in(self._module, batch="", autocommits=False)

    def _in(self, node: ast.AST, batch: str, autocommits: bool) -> Iterator[tuple[int, str]]:
        """Yield what is refused in a part; `batch` is the table that it alters as one, if any."""
        if isinstance(node, ast.With):
            for called in [one.context_expr for one in node.items if isinstance(one.context_expr, ast.Call)]:
                autocommits = autocommits or _last_name(called.func) == "autocommit_block"
                if _last_name(called.func) == "batch_alter_table":
                    batch = self._text(called.args[0])
        if isinstance(node, ast.Call):
            yield from self._in_call(node, batch, autocommits)
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node not in self._prose:
            yield from self._in_words(node)
        for part in ast.iter_child_nodes(node):
            yield from self._in(part, batch, autocommits)

    def _in_call(self, call: ast.Call, batch: str, autocommits: bool) -> Iterator[tuple[int, str]]:
        name = _last_name(call.func)
        if name in MAKES_INDEX | MAKES_CHECK:
            table = batch or (self._text(call.args[1]) if len(call.args) > 1 else UNKNOWN)
            beside = autocommits and _says(call, "postgresql_concurrently")
            is_checked_later = name in MAKES_CHECK and _says(call, "postgresql_not_valid")
            if _is_large(table) and not beside and not is_checked_later:
                yield call.lineno, f"{name} on {table}, which stops all who write there until all rows are read"
        if name in {"add_column", "alter_column"}:
            table = batch or self._text(call.args[0])
            parts = [call, *call.args]
            if _is_large(table) and any(_says(one, word) for one in parts for word in ("index", "unique", "type_")):
                yield call.lineno, f"{name} on {table} with what reads or writes all rows"
            if _is_large(table) and name == "alter_column" and _says(call, "nullable", False):
                yield call.lineno, f"{name} on {table}, which reads all rows to see that none is empty"
        if name in WRITING:
            owner = call.func.value if isinstance(call.func, ast.Attribute) else call.func
            for one in (owner, *call.args):
                table = self._tables.get(one.id, "") if isinstance(one, ast.Name) else ""
                if table and _is_large(table):
                    yield call.lineno, f"{name} of {table} in one statement"

    def _in_words(self, words: ast.Constant | ast.JoinedStr) -> Iterator[tuple[int, str]]:
        text = self._text(words)
        for pattern, why in ((WRITES_ROWS, "rows are written"), (BUILDS_INDEX, "an index is built")):
            for match in pattern.finditer(text):
                yield words.lineno, f"{why} in one statement: {match[0]}"

    def _text(self, node: ast.expr) -> str:
        """Return a text as far as it stands in the file."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else ""
        if isinstance(node, ast.JoinedStr):
            return "".join(map(self._text, node.values))
        if isinstance(node, ast.FormattedValue):
            return self._text(node.value)
        return self._words.get(node.id, UNKNOWN) if isinstance(node, ast.Name) else UNKNOWN


def _is_large(table: str) -> bool:
    return table in LARGE or UNKNOWN in table


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _says(node: ast.expr, keyword: str, value: bool | None = None) -> bool:
    """Tell whether a call has this keyword: with anything that is not False, or with this value."""
    given = [one.value for one in node.keywords if one.arg == keyword] if isinstance(node, ast.Call) else []
    constants = [one.value if isinstance(one, ast.Constant) else True for one in given]
    return any(one is value if value is not None else bool(one) for one in constants)
