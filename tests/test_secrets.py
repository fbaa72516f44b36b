"""Secrets: strong ones only, made once where none are given, and shared by a whole checkout."""

import base64
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import config
from tests.conftest import SECRETS
from tests.test_config import load, refusal

STRONG = SECRETS["SECRET_KEY"]
OTHER_STRONG = "ZYXwvu98-another-strong-one-76543210-tsr"
KEY = SECRETS["DATA_KEYS"]
OTHER_KEY = base64.urlsafe_b64encode(bytes(range(100, 132))).decode().rstrip("=")


@pytest.mark.parametrize(
    "secret",
    [
        "short",
        STRONG[:31],
        "a" * 64,
        "abababababababababababababababababababab",
        "12345678901234567890123456789012345678901234567890",
        "change-me-before-you-open-the-site-0123456789",
        "CHANGEME-to-something-random-0123456789-xyzw",
        "changethis-to-something-random-0123456789-xyz",
        "secret-key-of-the-documentation-0123456789-xyz",
        "example-secret-0123456789-abcdefghijklmnop-xyz",
        "your-secret-key-goes-here-0123456789-abcdefgh",
        "dev-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "test-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "default-0123456789-abcdefghijklmnopqrstuvwxyz",
        "Password-0123456789-abcdefghijklmnopqrstuvwxyz",
    ],
)
@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS", "METRICS_TOKEN"])
def test_a_weak_or_example_secret_is_refused_without_repeating_it(tmp_path: Path, name: str, secret: str) -> None:
    words = refusal(tmp_path, **{name: secret})
    assert words.startswith(f"{name} is too weak or an example.")
    assert "make one with" in words
    assert secret not in words


def test_every_fallback_is_looked_at(tmp_path: Path) -> None:
    assert "too weak" in refusal(tmp_path, SECRET_KEY_FALLBACKS=f"{OTHER_STRONG},short")


def test_without_a_token_for_metrics_none_is_made(tmp_path: Path) -> None:
    assert load(tmp_path)["METRICS_TOKEN"] is load(tmp_path, METRICS_TOKEN="")["METRICS_TOKEN"] is None
    assert load(tmp_path, METRICS_TOKEN=STRONG)["METRICS_TOKEN"] == STRONG


def test_given_secrets_are_used_and_nothing_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    settings = load(folder, SECRET_KEY_FALLBACKS=f"{OTHER_STRONG}, {STRONG[::-1]}")
    assert settings["SECRET_KEY"] == STRONG
    assert settings["SECRET_KEY_FALLBACKS"] == [OTHER_STRONG, STRONG[::-1]]
    assert settings["DATA_KEYS"] == [bytes(range(32))]
    assert not folder.exists()


def test_data_keys_are_given_newest_first_in_either_spelling_of_base64(tmp_path: Path) -> None:
    key = bytes(range(224, 256))
    padded, plain = base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode().rstrip("=")
    assert {*"+/"} & {*padded}
    assert load(tmp_path, DATA_KEYS=f"{padded}, {KEY}")["DATA_KEYS"] == [key, bytes(range(32))]
    assert load(tmp_path, DATA_KEYS=f"{KEY},{plain},")["DATA_KEYS"] == [bytes(range(32)), key]


@pytest.mark.parametrize(
    "keys",
    [
        "AAEC",
        base64.urlsafe_b64encode(bytes(range(31))).decode(),
        base64.urlsafe_b64encode(bytes(range(33))).decode(),
        base64.urlsafe_b64encode(bytes(32)).decode(),
        base64.urlsafe_b64encode(b"ab" * 16).decode(),
        "not base64 at all, really",
        KEY + "!",
        "ключ" * 11,
        f"{KEY},AAEC",
    ],
)
def test_a_data_key_that_is_not_32_random_bytes_is_refused(tmp_path: Path, keys: str) -> None:
    words = refusal(tmp_path, DATA_KEYS=keys)
    assert words.startswith("DATA_KEYS must be random 32-byte keys in base64")
    assert "make one with" in words.lower()


def test_the_same_data_key_twice_is_refused(tmp_path: Path) -> None:
    assert "the same key twice" in refusal(tmp_path, DATA_KEYS=f"{KEY},{OTHER_KEY},{KEY}=")


def test_secrets_not_given_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    first = config.load({}, instance=folder)
    assert len(first["SECRET_KEY"]) >= 43
    assert [len(key) for key in first["DATA_KEYS"]] == [32]
    assert {path.name for path in folder.iterdir()} == {"secret_key", "data_keys"}
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again = config.load({}, instance=folder)
    assert (again["SECRET_KEY"], again["DATA_KEYS"]) == (first["SECRET_KEY"], first["DATA_KEYS"])


def test_two_checkouts_make_different_secrets(tmp_path: Path) -> None:
    one, other = (config.load({}, instance=tmp_path / name) for name in ("one", "other"))
    assert one["SECRET_KEY"] != other["SECRET_KEY"]
    assert one["DATA_KEYS"] != other["DATA_KEYS"]


def test_a_secret_made_here_may_begin_like_an_example(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("dEV" + STRONG)
    assert config.load({}, instance=tmp_path)["SECRET_KEY"] == "dEV" + STRONG


@pytest.mark.parametrize("name", ["secret_key", "data_keys"])
def test_a_damaged_secret_is_never_replaced_in_silence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(config.ConfigError, match=f"{name} is damaged: put it back"):
        config.load({}, instance=tmp_path)
    assert (tmp_path / name).read_text() == ""


START = """
import pathlib, sys, config
instance, go = map(pathlib.Path, sys.argv[1:])
print("ready", flush=True)
while not go.exists():
    pass
made = config.load({}, instance=instance)
print(made["SECRET_KEY"], made["DATA_KEYS"][0].hex())
"""


def test_eight_processes_that_start_at_once_share_one_set_of_secrets(tmp_path: Path) -> None:
    instance, go = tmp_path / "instance", tmp_path / "go"
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", START, str(instance), str(go)],
            cwd=config.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(8)
    ]  # fmt: skip
    try:
        for process in starting:
            assert process.stdout and process.stdout.readline() == "ready\n"
        go.touch()
        ends = [process.communicate(timeout=60) for process in starting]
    finally:
        for process in starting:
            process.kill()
    assert [errors for _, errors in ends] == [""] * 8
    assert len({made for made, _ in ends}) == 1
    assert ends[0][0].split() == [
        (instance / "secret_key").read_text(),
        base64.urlsafe_b64decode((instance / "data_keys").read_text() + "=").hex(),
    ]
    assert {path.name for path in instance.iterdir()} == {"secret_key", "data_keys"}, "drafts are cleared away"
