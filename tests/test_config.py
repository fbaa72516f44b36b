"""Configuration: safe by default, and refused in words when it is not."""

import os
from pathlib import Path
from typing import Any

import pytest

import config
from app.web.language import INTERFACE_LANGUAGES
from config import ConfigError
from tests.conftest import SECRETS


def load(folder: Path, **environ: str) -> dict[str, Any]:
    return config.load({**SECRETS, **environ}, instance=folder)


def refusal(folder: Path, **environ: str) -> str:
    """Return the words with which this environment is refused."""
    with pytest.raises(ConfigError) as refused:
        load(folder, **environ)
    return str(refused.value)


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


def test_a_site_needs_a_port_that_people_can_be_sent_to(tmp_path: Path) -> None:
    assert "from 1 to 65535" in refusal(tmp_path, PORT="0")


@pytest.mark.parametrize("name", ["PORT", "MAIL_PORT", "TRUSTED_PROXIES"])
@pytest.mark.parametrize("text", ["http", "-1", "1.5", "65536", "8000 ", "0x10", "٨٠٠٠", "²", "1e3"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, name: str, text: str) -> None:
    words = refusal(tmp_path, **{name: text})
    assert words.startswith(f"{name} is {text!r}") and f"a whole number from {int(name == 'PORT')} to 65535" in words


@pytest.mark.parametrize(
    "domain", ["bounces", "a@b.example", "b.example.", "-a.example", "bücher.example", "a b.example"]
)
def test_what_comes_back_needs_a_domain(tmp_path: Path, domain: str) -> None:
    words = refusal(tmp_path, BOUNCE_DOMAIN=domain)
    assert words.startswith("BOUNCE_DOMAIN is ") and "such as bounces.example.org" in words
    assert load(tmp_path, BOUNCE_DOMAIN="Bounces.Example.org")["BOUNCE_DOMAIN"] == "bounces.example.org"
    assert load(tmp_path)["BOUNCE_DOMAIN"] is None


@pytest.mark.parametrize(
    "url", ["imap.example.net", "https://u:p@x/", "imaps://x/INBOX", "imaps://u@x", "imaps://u:p@x:0"]
)
def test_where_to_read_what_came_back_is_a_whole_address_or_refused_without_its_password(
    tmp_path: Path, url: str
) -> None:
    words = refusal(tmp_path, BOUNCE_IMAP_URL=url)
    assert words.startswith("BOUNCE_IMAP_URL must be like imaps://user:password@") and url not in words
    whole = "imaps://bounces%40example.org:secret@imap.example.org/INBOX"
    assert load(tmp_path, BOUNCE_IMAP_URL=whole)["BOUNCE_IMAP_URL"] == whole
    assert load(tmp_path)["BOUNCE_IMAP_URL"] is None
    assert load(tmp_path, BOUNCE_MAILDIR="/mail")["BOUNCE_MAILDIR"] == Path("/mail")


@pytest.mark.parametrize("name", ["MAIL_USE_TLS", "MAIL_USE_SSL"])
@pytest.mark.parametrize("text", ["maybe", "2", "ja", "tru", " "])
def test_a_switch_that_is_neither_on_nor_off_is_refused(tmp_path: Path, name: str, text: str) -> None:
    words = refusal(tmp_path, **{name: text})
    assert words.startswith(f"{name} is {text!r}") and "true or false" in words


@pytest.mark.parametrize(("text", "on"), [("true", True), ("1", True), ("YES", True), ("on", True), ("false", False)])
def test_switches_take_the_usual_words(tmp_path: Path, text: str, on: bool) -> None:
    assert load(tmp_path, MAIL_USE_TLS=text)["MAIL_USE_TLS"] is on
    assert load(tmp_path)["MAIL_USE_TLS"] is False
    assert load(tmp_path, REQUIRE_SECOND_STEP=text)["REQUIRE_SECOND_STEP"] is on
    assert load(tmp_path)["REQUIRE_SECOND_STEP"] is False


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


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("postgresql://ann@db.example.org/site", "postgresql+psycopg://ann@db.example.org/site"),
        ("postgres://ann@db.example.org/site", "postgresql+psycopg://ann@db.example.org/site"),
        ("postgresql://ann:x7-Qe_9z@[::1]/site", "postgresql+psycopg://ann:x7-Qe_9z@[::1]/site"),
        ("postgresql+psycopg://db.example.org/site", "postgresql+psycopg://db.example.org/site"),
        ("sqlite:////srv/site.db", "sqlite:////srv/site.db"),
        ("sqlite:///instance/site.db", f"sqlite:///{config.ROOT}/instance/site.db"),
    ],
)
def test_the_database_is_sqlite_from_the_checkout_or_postgresql(tmp_path: Path, url: str, meant: str) -> None:
    assert load(tmp_path, DATABASE_URL=url)["SQLALCHEMY_DATABASE_URI"] == meant


@pytest.mark.parametrize("password", ["changeme", "PASSWORD", "postgres", "countersign", "%63hange-me", "example123"])
def test_a_password_of_the_database_that_everybody_would_try_is_refused(tmp_path: Path, password: str) -> None:
    words = refusal(tmp_path, DATABASE_URL=f"postgresql://countersign:{password}@database/countersign")
    assert "a password that everybody would try first" in words and password not in words


def test_a_database_at_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "DATABASE_URL is no address" in refusal(tmp_path, DATABASE_URL="postgresql://db.example.org:port/site")


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


def test_a_redis_that_nothing_could_talk_to_is_refused_in_words(tmp_path: Path) -> None:
    assert load(tmp_path)["REDIS_URL"] is None
    for url in ("redis://localhost:6379/0", "rediss://user:word@redis.example.org", "unix:///run/redis.sock"):
        assert load(tmp_path, REDIS_URL=url)["REDIS_URL"] == url
    assert "redis://localhost:6379/0" in refusal(tmp_path, REDIS_URL="localhost:6379")


def test_not_everybody_may_open_petitions_unless_the_operator_says_so(tmp_path: Path) -> None:
    assert load(tmp_path)["EVERYBODY_MAY_OPEN"] is False
    assert load(tmp_path, EVERYBODY_MAY_OPEN="true")["EVERYBODY_MAY_OPEN"] is True
    assert "EVERYBODY_MAY_OPEN" in refusal(tmp_path, EVERYBODY_MAY_OPEN="perhaps")


def test_a_site_is_named_coloured_and_spoken_as_its_operator_wants(tmp_path: Path) -> None:
    names = ("SITE_NAME", "SITE_COLOUR", "SITE_LANGUAGE", "SITE_DIR")
    assert [load(tmp_path)[name] for name in names] == ["Countersign", None, "en", None]
    wanted = {
        "SITE_NAME": " Upprop för alla ",
        "SITE_COLOUR": "#7A1f5c",
        "SITE_LANGUAGE": "sv",
        "SITE_DIR": str(tmp_path),
    }
    assert [load(tmp_path, **wanted)[name] for name in names] == ["Upprop för alla", "#7A1f5c", "sv", tmp_path]
    assert load(tmp_path, SITE_DIR="docs")["SITE_DIR"] == config.ROOT / "docs"


def test_every_language_of_the_interface_can_be_the_sites(tmp_path: Path) -> None:
    for language in INTERFACE_LANGUAGES:
        assert load(tmp_path, SITE_LANGUAGE=language)["SITE_LANGUAGE"] == language


@pytest.mark.parametrize(
    ("name", "values", "right"),
    [
        ("SITE_NAME", [" ", "two\nlines", "x" * 61], "one line of at most 60 characters"),
        ("SITE_COLOUR", ["green", "#fff", "14532d", "#14532g", "#14532d;}", "#14532d\n"], "such as #14532d"),
        ("SITE_LANGUAGE", ["xx", "English", "../sv"], "one of ar, cs, "),
        ("SITE_DIR", ["/nowhere/at/all", "README.md"], "there is no such folder"),
    ],
)
def test_what_no_site_can_be_called_or_look_like_is_refused_in_words(
    tmp_path: Path, name: str, values: list[str], right: str
) -> None:
    for value in values:
        words = refusal(tmp_path, **{name: value})
        assert name in words and right in words
