"""Every string that people read is in every catalogue, translated, with its own placeholders, and nothing else is."""

import re
import subprocess
import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po

import config
from app.web.language import DEFAULT_LANGUAGE, INTERFACE_LANGUAGES

FOLDER = config.ROOT / "translations"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def extracted(target: Path) -> Catalog:
    """Extract all strings of code and templates into `target`; return them."""
    extract = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "-k",
        "lazy",
        "-F",
        str(FOLDER / "babel.cfg"),
    ]
    subprocess.run([*extract, "-o", str(target), "."], cwd=config.ROOT, check=True)
    with target.open("rb") as file:
        return read_po(file)


def catalogue(language: str) -> Catalog:
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file)


def test_each_interface_language_has_its_catalogue() -> None:
    assert {path.name for path in Path(FOLDER).iterdir() if path.is_dir()} == set(INTERFACE_LANGUAGES) - {
        DEFAULT_LANGUAGE
    }


def test_every_catalogue_is_complete_and_has_no_extra_messages(tmp_path: Path) -> None:
    strings = {message.id for message in extracted(tmp_path / "messages.pot")}
    for language in sorted(set(INTERFACE_LANGUAGES) - {DEFAULT_LANGUAGE}):
        there = catalogue(language)
        assert {message.id for message in there} == strings, language
        for message in there:
            words = message.string if isinstance(message.string, tuple) else (message.string,)
            source = message.id if isinstance(message.id, tuple) else (message.id,)
            assert all(words), (language, message.id)
            assert not message.fuzzy, (language, message.id)
            for word in words if message.id else ():
                assert set(PLACEHOLDER.findall(word)) == set(PLACEHOLDER.findall(source[-1])), (language, message.id)


# Of the alphabet, not of the post.
OF_THE_ALPHABET = re.compile(
    r"letters, digits|letters and digits|use letters,|on one letter|its own letters|(two|three|small) letters",
    re.IGNORECASE,
)


def test_people_read_of_e_mails_and_never_of_letters_or_mailboxes() -> None:
    for message in catalogue("sv"):
        for text in [message.id] if isinstance(message.id, str) else message.id:
            assert not re.search(r"\b(letters?|mailbox(es)?)\b", OF_THE_ALPHABET.sub("", text), re.IGNORECASE), text
