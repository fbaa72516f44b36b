"""What tests about petitions can ask for: bringing a file in."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.petition_files.importing import Outcome, import_file
from tests.factories import petition_file

Import = Callable[..., Outcome]


@pytest.fixture
def bring(app: Flask, tmp_path: Path) -> Import:
    """Import a petition made of `petition_file`; return what that did."""

    def run(*args: str, **front: str) -> Outcome:
        path = tmp_path / "petition.md"
        path.write_text(petition_file(*args, **front), "utf-8")
        with app.app_context():
            return import_file(path).outcome

    return run
