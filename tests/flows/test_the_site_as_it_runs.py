"""The story with the real processes: both databases, the site's own mailbox and another mail server, Ctrl-C."""

import re
from html import unescape
from pathlib import Path

import psycopg
import pytest

from tests.conftest import SECRETS, on_server
from tests.mail_server import MailServer, link_in
from tests.site import Site, wait_until

EXAMPLE = "free-boris-kagarlitsky"
COMMAND = ["--example", f"examples/{EXAMPLE}.md"]


def fresh_database(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database in which there is nothing at all."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    server: str = request.getfixturevalue("postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS fresh WITH (FORCE)")
        connection.execute("CREATE DATABASE fresh")
    return on_server(server, "fresh")


@pytest.mark.parametrize(
    ("kind", "mail_goes_to"),
    [
        ("sqlite", "the site's own mailbox"),
        pytest.param("postgresql", "another mail server", marks=pytest.mark.slow),
    ],
)
def test_from_an_empty_database_to_the_first_counted_signature(
    kind: str, mail_goes_to: str, mail_server: MailServer, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    own = mail_goes_to == "the site's own mailbox"
    env = {**SECRETS, "DATABASE_URL": fresh_database(kind, request, tmp_path)}
    if not own:
        env |= {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mail_server.port), "DNS_RESOLVER": "127.0.0.1:1"}
    site = Site(tmp_path, env)
    site._command += COMMAND
    site.start()
    try:
        said = "".join(site.lines)
        assert f"http://localhost:{site.port}/petitions/{EXAMPLE}" in said
        assert ("/dev/mailbox" in said) is own
        assert "/organise/login" in said
        assert site.ask("GET", "/dev/mailbox")[0] == (200 if own else 404)

        page = site.ask("GET", site.sign(EXAMPLE, f"ann{site.port}@example.org"))[1]
        assert "Check your e-mail" in page
        link = from_own_mailbox(site) if own else from_mail_server(mail_server)

        assert count(site) == 0
        assert site.confirm(link)[2] == f"/petitions/{EXAMPLE}/signed"
        wait_until(lambda: count(site) == 1)
        if not own:
            wait_until(lambda: len(mail_server.letters) == 2)
            assert mail_server.letters[1]["Subject"].startswith("Thank you")
    finally:
        code = site.interrupt()
    assert code == 0


def count(site: Site) -> int:
    found = re.search(r'"verified":(\d+)', site.ask("GET", f"/petitions/{EXAMPLE}/count.json")[1])
    assert found
    return int(found[1])


def from_own_mailbox(site: Site) -> str:
    """Read the link in the newest letter at /dev/mailbox to the one who signed."""
    address = f"ann{site.port}@example.org"

    def newest() -> re.Match[str] | None:
        page = unescape(site.ask("GET", "/dev/mailbox")[1])
        return re.search(rf"{address}.*?http://localhost:{site.port}(/confirm/[^\"\s<]+)", page, re.DOTALL)

    wait_until(newest)
    found = newest()
    assert found
    return found[1]


def from_mail_server(mail_server: MailServer) -> str:
    wait_until(lambda: mail_server.letters)
    return link_in(mail_server.letters[0])


def test_a_port_that_is_taken_is_named_with_what_to_do(tmp_path: Path, mail_server: MailServer) -> None:
    site = Site(tmp_path, {**SECRETS, "DATABASE_URL": f"sqlite:///{tmp_path}/new.db", "PORT": str(mail_server.port)})
    with pytest.raises(AssertionError, match=r"is in use.*make run PORT="):
        site.start()


@pytest.mark.slow
def test_a_mail_server_that_hangs_never_shows_to_signers(tmp_path: Path, mail_server: MailServer) -> None:
    mail_server.silent_for = 600
    env = {**SECRETS, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mail_server.port), "DNS_RESOLVER": "127.0.0.1:1"}
    site = Site(tmp_path, {**env, "DATABASE_URL": f"sqlite:///{tmp_path}/new.db"})
    site._command += COMMAND
    site.start()
    try:
        for number in range(10):
            assert "check-your-email" in site.sign(EXAMPLE, f"person{number}@example.org")
        assert count(site) == 0
    finally:
        site.kill_everything()
