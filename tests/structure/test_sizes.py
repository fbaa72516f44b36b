"""Files stay small enough to be read at a sitting."""

from tests.structure.source import APP, ROOT, place

MOST_LINES = 250
MOST_LINES_OF_FIXTURES = 150


def test_files_of_the_app_stay_small() -> None:
    lengths = {place(path): len(path.read_text("utf-8").splitlines()) for path in APP}
    assert not {name: length for name, length in lengths.items() if length > MOST_LINES}, "these want splitting"


def test_conftest_stays_small() -> None:
    assert len((ROOT / "tests" / "conftest.py").read_text("utf-8").splitlines()) < MOST_LINES_OF_FIXTURES
