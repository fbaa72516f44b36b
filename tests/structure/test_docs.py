"""What is written about the site is true of it: settings, commands, places, dependencies, examples."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from flask import Flask

import config
from app import cli
from app.models import Occasion, OutboxProgress

ROOT = config.ROOT
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text("utf-8")
OPERATING = (ROOT / "docs/operations.md").read_text("utf-8")
NAMED = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md")
PAGES = [*(ROOT / name for name in NAMED), *sorted((ROOT / "docs").glob("*.md"))]
NOT_FOR_OPERATORS = {"COUNTERSIGN_MAILBOX"}  # `make run` sets it for the processes that it starts
MADE_WHILE_RUNNING = ("instance/", ".venv/", "dist/")
FLASKS_OWN = {"db upgrade", "db current", "shell"}


class Recorder(Mapping[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def first_cells(text: str) -> list[str]:
    """Return the first cell of each row of the tables in `text`, without their heads."""
    rows = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    heads = re.findall(r"^\| (.*?) \|.*\n\|-", text, re.MULTILINE)
    return [row for row in rows if row not in heads]


def section(text: str, heading: str) -> str:
    return text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def read_settings(folder: Path) -> set[str]:
    recorder = Recorder()
    config.load(recorder, instance=folder)
    return recorder.asked - NOT_FOR_OPERATORS


def example_environment() -> dict[str, str]:
    lines = shlex.split((ROOT / ".env.example").read_text("utf-8"), comments=True)
    return dict(line.split("=", 1) for line in lines)


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name


def registered() -> set[str]:
    bare = Flask("bare")
    cli.init_app(bare)
    return set(commands(bare.cli))


def test_operating_md_explains_exactly_the_settings_that_are_read(tmp_path: Path) -> None:
    explained = re.findall(r"`(\w+)`", " ".join(first_cells(section(OPERATING, "Settings"))))
    assert sorted(explained) == sorted(read_settings(tmp_path))


def test_env_example_names_exactly_the_settings_that_are_read(tmp_path: Path) -> None:
    assert example_environment().keys() == read_settings(tmp_path)


def test_env_example_unchanged_sets_the_defaults(tmp_path: Path) -> None:
    as_it_stands = config.load(example_environment(), instance=tmp_path)
    nothing_set = config.load({}, instance=tmp_path)
    assert {name: value or None for name, value in as_it_stands.items()} == {
        name: value or None for name, value in nothing_set.items()
    }


def test_every_command_is_explained() -> None:
    explained = "".join(page.read_text("utf-8") for page in PAGES)
    known = sorted(registered())
    assert known
    assert [command for command in known if not re.search(rf"(?:`|flask --app wsgi ){command}\b", explained)] == []


def test_every_command_in_the_docs_exists() -> None:
    told = [*PAGES, *(ROOT / "deploy").glob("*.service")]
    words = {line for page in told for line in re.findall(r"flask --app wsgi ([a-z][a-z -]*)", page.read_text("utf-8"))}
    assert words
    for line in words:
        assert any(f"{line} ".startswith(f"{known} ") for known in registered() | FLASKS_OWN), line


def test_every_make_target_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = {
        name for page in PAGES for name in re.findall(r"(?:^|`)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert {"run", "test"} <= told <= targets


def test_dependencies_md_explains_exactly_the_direct_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = [re.split(r"[\[<>=~! ]", line)[0] for line in wanted]
    assert sorted(first_cells((ROOT / "docs/dependencies.md").read_text("utf-8"))) == sorted(names)


def test_every_path_in_the_docs_exists() -> None:
    named = [(page.name, place) for page in PAGES for place in re.findall(r"`([^`\s]*/[^`\s]*)`", prose(page))]
    ours = [(page, one) for page, one in named if not one.startswith(("/", *MADE_WHILE_RUNNING)) and ":" not in one]
    assert ours
    assert [(page, place) for page, place in ours if not (ROOT / place).exists()] == []


def test_every_link_in_the_docs_works() -> None:
    links = [(page, target) for page in PAGES for target in re.findall(r"\]\(([^)\s]+)\)", prose(page))]
    assert links
    for page, target in links:
        place, _, anchor = target.partition("#")
        found = page.parent / place if place else page
        assert found.exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", found.read_text("utf-8"), re.MULTILINE)
            known = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]
            assert anchor in known, f"{page.name}: {target}"


def test_every_step_in_the_docs_is_in_the_named_file() -> None:
    steps = re.findall(r"`(\w+)`\s+in\s+`([\w/]+\.py)`", (ROOT / "docs/a-signature-travels.md").read_text("utf-8"))
    assert len(steps) > 20
    for name, place in steps:
        tree = ast.parse((ROOT / place).read_text("utf-8"))
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert name in defined, f"{name} in {place}"


def test_architecture_md_has_every_folder_and_layer() -> None:
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0][
        "layers"
    ]
    drawn = section(ARCHITECTURE, "The layers").split("```")[1]
    places = [drawn.index(f" {layer.split(' | ')[0]}") for layer in layers]
    assert places == sorted(places)
    for name in {name for layer in layers for name in layer.split(" | ")}:
        assert re.search(rf"\b{name}\b", drawn), name
    folders = {f"app/{path.name}{'/' if path.is_dir() else ''}" for path in (ROOT / "app").iterdir()}
    told = {cell.strip("`") for cell in first_cells(section(ARCHITECTURE, "The folders"))}
    assert told == {name for name in folders if not name.startswith("app/__")}


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) < 5_500


def test_operating_md_explains_every_outbox_state() -> None:
    words: list[Any] = [*OutboxProgress]
    assert set(words) <= {cell.strip("`") for cell in first_cells(section(OPERATING, "Mail is not going out"))}
    assert all(f"`{occasion}`" in OPERATING for occasion in Occasion)
