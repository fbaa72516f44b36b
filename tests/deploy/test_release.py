"""A release: the same bytes from the same commit, with everything in it and nothing else."""

import io
import json
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

import config

ROOT = config.ROOT
MAKE = "deploy/release.sh"
# A checkout may belong to another user than who runs the tests.
ANY_OWNER = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}


def git(folder: Path, *words: str) -> str:
    environment = {**config.environment(), **ANY_OWNER}
    return subprocess.run(
        ["git", *words], cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


def clone(folder: Path) -> Path:
    """Check the newest commit out, with the tools of this checkout beside it."""
    git(ROOT, "clone", "--quiet", str(ROOT), str(folder))
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def release(folder: Path, umask: int = 0o022, **environment: str) -> dict[str, bytes]:
    """Make a release in a checkout; return its files."""
    before = os.umask(umask)
    try:
        subprocess.run(
            [MAKE], cwd=folder, env={**config.environment(), **ANY_OWNER, **environment}, check=True, stdout=-3
        )
    finally:
        os.umask(before)
    return {path.name: path.read_bytes() for path in (folder / "dist").iterdir()}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / ".git").exists():
        pytest.skip("This is no checkout, so nothing is known of how a release is made of one.")
    return clone(tmp_path_factory.mktemp("release") / "one")


@pytest.fixture(scope="module")
def made(checkout: Path) -> dict[str, bytes]:
    return release(checkout)


def named(made: dict[str, bytes], end: str) -> bytes:
    (name,) = [name for name in made if re.fullmatch(rf"countersign-[0-9.]+{end}", name)]
    return made[name]


def files(archive: bytes) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name for member in tar.getmembers() if member.isfile()}


def test_another_person_on_another_day_makes_the_same_bytes(made: dict[str, bytes], tmp_path: Path) -> None:
    again = release(clone(tmp_path / "elsewhere"), umask=0o077, TZ="Asia/Tokyo", LANG="sv_SE.UTF-8")
    assert again == made
    assert len(made) == 4


def test_the_source_is_whole(made: dict[str, bytes], checkout: Path) -> None:
    tracked = set(git(checkout, "ls-files").splitlines())
    assert {name.partition("/")[2] for name in files(named(made, r"\.tar\.gz"))} == tracked


def test_the_image_is_built_of_what_it_needs_alone(made: dict[str, bytes]) -> None:
    inside = files(named(made, r"-image\.tar\.gz"))
    assert {"deploy/Dockerfile", "requirements.lock", "wsgi.py", "app/__init__.py"} <= inside
    assert {name.split("/")[0] for name in inside} & {"tests", "bench", "docs", ".git", ".env"} == set()
    assert {name for name in inside if name.startswith("deploy/")} == {"deploy/Dockerfile"}


def test_the_bill_of_materials_names_every_locked_package(made: dict[str, bytes], checkout: Path) -> None:
    bill = json.loads(named(made, r"\.cdx\.json"))
    locked = re.findall(r"^([\w.-]+)==(\S+)", (checkout / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    assert bill["bomFormat"] == "CycloneDX"
    assert [(one["name"], one["version"]) for one in bill["components"]] == sorted(locked)
    assert bill["metadata"]["component"]["name"] == "countersign"


def test_the_checksums_are_right(made: dict[str, bytes], checkout: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=checkout / "dist", check=True)
    assert len(made["SHA256SUMS"].splitlines()) == 3


def test_what_is_not_committed_is_not_released(tmp_path: Path, checkout: Path) -> None:
    changed = clone(tmp_path / "changed")
    (changed / "config.py").write_text("")
    refused = subprocess.run([MAKE], cwd=changed, env={**config.environment(), **ANY_OWNER}, stderr=subprocess.PIPE)
    assert refused.returncode == 1 and b"not committed" in refused.stderr
    assert not (changed / "dist").exists()
