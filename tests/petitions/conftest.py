"""Fixtures for tests of petitions: importing a petition file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.petition_files.importing import Outcome, import_file
from tests.factories import petition_file

Import = Callable[..., Outcome]


@pytest.fixture
def bring(app: Flask, tmp_path: Path) -> Import:
    """Return a function that imports a petition file made by `petition_file`, and returns the outcome."""

    def run(*args: str, **front: str) -> Outcome:
        path = tmp_path / "petition.md"
        path.write_text(petition_file(*args, **front), "utf-8")
        with app.app_context():
            return import_file(path).outcome

    return run
