"""Folders are layers: import-linter holds them in order, and is told of folders and never of a file in one."""

import ast
import re
import tomllib

from tests.structure.source import APP, ROOT, place, tree


def layers() -> list[str]:
    """Return the layers of pyproject.toml, from the highest to the lowest."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (contract,) = settings["contracts"]
    assert contract["type"] == "layers"
    assert contract["exhaustive"], "a new folder must take its place among the layers"
    assert "ignore_imports" not in contract
    return list(contract["layers"])


def test_layers_name_folders_and_no_file_in_one() -> None:
    rooms = [room for layer in layers() for room in re.split(r"\s*[|:]\s*", layer)]
    assert all(re.fullmatch("[a-z_]+", room) for room in rooms), rooms
    assert sorted(rooms) == sorted(
        {path.relative_to(ROOT / "app").parts[0].removesuffix(".py") for path in APP} - {"__init__"}
    )


def test_no_module_of_the_app_imports_the_app_factory() -> None:
    makers = {("app", "create_app"), ("wsgi", "app")}
    found = {
        place(path, node)
        for path in APP
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and {(node.module, alias.name) for alias in node.names} & makers
    }
    assert not found
