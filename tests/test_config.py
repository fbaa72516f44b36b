"""Configuration: safe by default, refused in words when it is not, and secrets that a whole checkout shares."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import config
from config import ConfigError
from tests.conftest import SECRETS

STRONG = SECRETS["SECRET_KEY"]
OTHER_STRONG = "ZYXwvu98-another-strong-one-76543210-tsr"
KEY = SECRETS["DATA_KEYS"]
OTHER_KEY = base64.urlsafe_b64encode(bytes(range(100, 132))).decode().rstrip("=")


def load(folder: Path, **environ: str) -> dict[str, Any]:
    return config.load({**SECRETS, **environ}, instance=folder)


def refusal(folder: Path, **environ: str) -> str:
    """Return the words with which this environment is refused."""
    with pytest.raises(ConfigError) as refused:
        load(folder, **environ)
    return str(refused.value)


# Secrets


@pytest.mark.parametrize(
    "secret",
    [
        "short",
        STRONG[:31],
        "a" * 64,
        "abababababababababababababababababababab",
        "12345678901234567890123456789012345678901234567890",
        " " * 40,
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
@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_weak_or_example_secret_is_refused_without_repeating_it(tmp_path: Path, name: str, secret: str) -> None:
    words = refusal(tmp_path, **{name: secret if name == "SECRET_KEY" else f"{OTHER_STRONG},{secret}x"[:-1] or secret})
    assert words.startswith(f"{name} is too weak or an example.")
    assert "make one with" in words
    assert secret.strip() not in words or not secret.strip()


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
    with pytest.raises(ConfigError, match=f"{name} is damaged: put it back"):
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
    for process in starting:
        assert process.stdout and process.stdout.readline() == "ready\n"
    go.touch()
    ends = [process.communicate() for process in starting]
    assert [errors for _, errors in ends] == [""] * 8
    assert len({made for made, _ in ends}) == 1
    assert ends[0][0].split() == [
        (instance / "secret_key").read_text(),
        base64.urlsafe_b64decode((instance / "data_keys").read_text() + "=").hex(),
    ]
    assert {path.name for path in instance.iterdir()} == {"secret_key", "data_keys"}, "drafts are cleared away"


# Where the site is, and how it sends mail


def test_by_default_the_site_is_on_this_machine_alone(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings["BASE_URL"] == "http://localhost:8000"
    assert settings["MAIL_SERVER"] is None
    assert load(tmp_path, PORT="9001")["BASE_URL"] == "http://localhost:9001"


@pytest.mark.parametrize(
    "url", ["http://localhost:8000", "http://127.0.0.1:5000", "http://[::1]:8000", "http://localhost"]
)
def test_plain_http_is_for_this_machine(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, BASE_URL=url)["BASE_URL"] == url


@pytest.mark.parametrize(
    "url",
    [
        "http://petitions.example.org",
        "http://192.0.2.7:8000",
        "http://localhost.example.org",
        "http://127.0.0.1.nip.example",
    ],
)
def test_plain_http_to_others_is_refused(tmp_path: Path, url: str) -> None:
    words = refusal(tmp_path, BASE_URL=url, MAIL_SERVER="mail.example.org")
    assert url in words and "https://" in words


def test_a_public_site_without_a_mail_server_is_refused(tmp_path: Path) -> None:
    words = refusal(tmp_path, BASE_URL="https://petitions.example.org")
    assert "set MAIL_SERVER" in words and "https://petitions.example.org" in words
    assert "set MAIL_SERVER" in refusal(tmp_path, BASE_URL="https://petitions.example.org", MAIL_SERVER="")
    assert load(tmp_path, BASE_URL="https://petitions.example.org", MAIL_SERVER="mail.example.org")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://petitions.example.org/", "https://petitions.example.org"),
        ("https://Petitions.Example.org", "https://petitions.example.org"),
        ("https://petitions.example.org:443", "https://petitions.example.org"),
        ("https://petitions.example.org:8443", "https://petitions.example.org:8443"),
        ("http://localhost:80", "http://localhost"),
    ],
)
def test_the_sites_address_is_kept_as_browsers_name_its_origin(tmp_path: Path, given: str, kept: str) -> None:
    assert load(tmp_path, BASE_URL=given, MAIL_SERVER="mail.example.org")["BASE_URL"] == kept


@pytest.mark.parametrize(
    "url",
    [
        "petitions.example.org", "localhost:8000", "ftp://petitions.example.org", "https://", "https:///x",
        "https://petitions.example.org/sub", "https://petitions.example.org?a=b", "https://petitions.example.org#top",
        "https://ann:pass@petitions.example.org", "https://petitions.example.org:port", "https://two words.example",
        "http://[", "https://[::1", "javascript:alert(1)", "https://petitions..example.org",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_with_an_example(tmp_path: Path, url: str) -> None:
    words = refusal(tmp_path, BASE_URL=url, MAIL_SERVER="mail.example.org")
    assert words.startswith("BASE_URL is ") and "write it like https://petitions.example.org" in words


@pytest.mark.parametrize("name", ["PORT", "MAIL_PORT", "TRUSTED_PROXIES"])
@pytest.mark.parametrize("text", ["http", "-1", "1.5", "65536", "8000 ", "0x10", "٨٠٠٠", "²", "1e3"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, name: str, text: str) -> None:
    words = refusal(tmp_path, **{name: text})
    assert words.startswith(f"{name} is {text!r}") and "a whole number from 0 to 65535" in words


@pytest.mark.parametrize("name", ["MAIL_USE_TLS", "MAIL_USE_SSL"])
@pytest.mark.parametrize("text", ["maybe", "2", "ja", "tru", " "])
def test_a_switch_that_is_neither_on_nor_off_is_refused(tmp_path: Path, name: str, text: str) -> None:
    words = refusal(tmp_path, **{name: text})
    assert words.startswith(f"{name} is {text!r}") and "true or false" in words


@pytest.mark.parametrize(("text", "on"), [("true", True), ("1", True), ("YES", True), ("on", True), ("false", False)])
def test_switches_take_the_usual_words(tmp_path: Path, text: str, on: bool) -> None:
    assert load(tmp_path, MAIL_USE_TLS=text)["MAIL_USE_TLS"] is on
    assert load(tmp_path)["MAIL_USE_TLS"] is False


@pytest.mark.parametrize(
    ("environ", "port"),
    [
        ({}, 25),
        ({"MAIL_USE_TLS": "true"}, 587),
        ({"MAIL_USE_SSL": "true"}, 465),
        ({"MAIL_USE_TLS": "true", "MAIL_PORT": "2525"}, 2525),
    ],
)
def test_the_mail_port_follows_from_how_the_connection_is_kept_secret(
    tmp_path: Path, environ: dict[str, str], port: int
) -> None:
    assert load(tmp_path, MAIL_SERVER="mail.example.org", **environ)["MAIL_PORT"] == port


def test_letters_come_from_the_site_unless_a_sender_is_named(tmp_path: Path) -> None:
    public = {"BASE_URL": "https://petitions.example.org:8443", "MAIL_SERVER": "mail.example.org"}
    assert load(tmp_path, **public)["MAIL_DEFAULT_SENDER"] == "petitions@petitions.example.org"
    named = load(tmp_path, **public, MAIL_DEFAULT_SENDER="us@example.org")
    assert named["MAIL_DEFAULT_SENDER"] == "us@example.org"


# The database


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("postgresql://ann@db.example.org/site", "postgresql+psycopg://ann@db.example.org/site"),
        ("postgres://ann@db.example.org/site", "postgresql+psycopg://ann@db.example.org/site"),
        ("postgresql+psycopg://db.example.org/site", "postgresql+psycopg://db.example.org/site"),
        ("sqlite:////srv/site.db", "sqlite:////srv/site.db"),
        ("sqlite:///instance/site.db", f"sqlite:///{config.ROOT}/instance/site.db"),
    ],
)
def test_the_database_is_sqlite_from_the_checkout_or_postgresql(tmp_path: Path, url: str, meant: str) -> None:
    assert load(tmp_path, DATABASE_URL=url)["SQLALCHEMY_DATABASE_URI"] == meant


def test_without_database_url_the_database_lies_beside_the_secrets(tmp_path: Path) -> None:
    assert load(tmp_path)["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/countersign.db"


@pytest.mark.parametrize("url", ["mysql://db.example.org/site", "site.db", "sqlite://", "postgresql+psycopg2://x/y"])
def test_another_database_is_refused(tmp_path: Path, url: str) -> None:
    assert "must begin with sqlite:/// or postgresql://" in refusal(tmp_path, DATABASE_URL=url)


def test_the_environment_of_the_process_is_what_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SECRETS, "PORT": "8123"}.items():
        monkeypatch.setenv(name, value)
    for name in ("BASE_URL", "MAIL_SERVER", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert config.load(instance=tmp_path)["PORT"] == 8123
    assert config.environment()["PORT"] == "8123" == os.environ["PORT"]  # noqa: TID251 - that they are one is the point
