"""The examples in the pages of docs/ do what they say."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

import config
from app.petition_files.content import NEEDED
from app.petition_files.file import BadPetitionFile, read_petition_file
from tests.factories import CONTROLLER, petition_file

PETITION_FILE = (config.ROOT / "docs/petition-file.md").read_text("utf-8")
OPERATING = (config.ROOT / "docs/operations.md").read_text("utf-8")
KEYS = {
    key.strip("[]"): (needed, said)
    for key, needed, said in re.findall(r"^\| `(\S+)` \| (\w+) \| (.*) \|$", PETITION_FILE, re.MULTILINE)
}


def block(page: str, language: str) -> str:
    """Return the first block of code in that language."""
    found = re.search(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def known_keys(folder: Path, text: str) -> list[str]:
    """Return the keys that the refusal of an unknown one lists."""
    path = folder / "petition.md"
    path.write_text(text, "utf-8")
    with pytest.raises(BadPetitionFile, match=r"nonsense: is not known here\. Known are: ") as refused:
        read_petition_file(path)
    return str(refused.value).partition("Known are: ")[2].rstrip(".").split(", ")


def test_the_example_petition_is_imported_and_shown(
    app: Flask, client: FlaskClient, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    path = tmp_path / "my-petition.md"
    path.write_text(block(PETITION_FILE, "markdown"), "utf-8")
    assert runner.invoke(args=["petition", "import", str(path)]).output == "keep-the-night-bus: opened\n"
    page = client.get("/petitions/keep-the-night-bus").text
    for shown in ("Keep the night bus", "<strong>Nurses", "Night Workers", "GB82 WEST", "212", "Exampletown News"):
        assert shown in page


def test_exactly_the_keys_of_a_petition_file_are_explained(tmp_path: Path) -> None:
    assert sorted(KEYS) == sorted(known_keys(tmp_path, petition_file(nonsense="1")))


def test_required_keys_are_marked_in_the_docs(tmp_path: Path) -> None:
    assert {key for key, (needed, _) in KEYS.items() if needed == "yes"} == set(NEEDED)


@pytest.mark.parametrize(
    "table", ["[controller]", "[fields]", "[[initiators]]", "[[donations]]", "[[links]]", "[elsewhere]"]
)
def test_every_key_of_a_table_is_explained(tmp_path: Path, table: str) -> None:
    ours = f"{table}\nnonsense = 1\n"
    is_controller = table == "[controller]"
    text = petition_file(controller=ours) if is_controller else petition_file(controller=CONTROLLER, tables=ours)
    for key in known_keys(tmp_path, text):
        assert f"`{key}`" in KEYS[table.strip("[]")][1]
