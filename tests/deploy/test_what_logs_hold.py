"""After a full story no log that we ship a configuration for holds who came, who signed, or a link that opens it.

Two web nodes, two workers, PostgreSQL, Redis and nginx run as processes of their own, with the shipped settings.
"""

import http.client
import shutil
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote, urlencode

import psycopg
import pytest
import redis

import config
from bench.cluster import Cluster, start_proxy
from bench.programs import Missing
from bench.proxy import NAME
from bench.stage import SLUG, Stage
from tests.factories import hidden_fields
from tests.mail_server import MailServer, free_port, link_in
from tests.site import FORM, wait_until

pytestmark = pytest.mark.slow

CLIENT = "127.45.67.89"  # another address of this machine than all others come from
MAILBOX, PERSON, CAMPAIGN = "olive.unmistakable@example.org", "Olive Unmistakable", "fbclid-of-one-reader"


class Visitor:
    """A browser at CLIENT that remembers every address it was at."""

    def __init__(self, port: int, plain_port: int) -> None:
        self._port, self._plain_port = port, plain_port
        self.paths: list[str] = []

    def ask(
        self, method: str, path: str, fields: dict[str, str] | None = None, plain: bytes | None = None
    ) -> tuple[int, str, str]:
        """Send a request, `plain` bytes without TLS; return status, text and where it leads to."""
        self.paths.append(path)
        where = {"timeout": 60, "source_address": (CLIENT, 0)}
        if plain is None:
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self._port, context=context, **where)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self._plain_port, **where)  # type: ignore[assignment]
        headers = {"Host": NAME, "Sec-Fetch-Site": "same-origin", **(FORM if fields else {})}
        try:
            connection.request(method, path, urlencode(fields) if fields else plain, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), (answer.headers.get("Location") or "").partition(NAME)[2]
        finally:
            connection.close()

    def get(self, path: str) -> str:
        status, text, _ = self.ask("GET", path)
        assert status == 200, path
        return text

    def send(self, form_at: str, to: str, **fields: str) -> tuple[int, str, str]:
        """Fill in the form of a page and send it."""
        said = {"name": PERSON, "country": "SE", "email": MAILBOX, "visibility": "organisers"}
        return self.ask("POST", to, {**said, **hidden_fields(self.get(form_at)), **fields})


@pytest.fixture
def stage() -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(stack)


@pytest.fixture
def cluster(stage: Stage, mail_server: MailServer) -> Cluster:
    try:
        return Cluster(stage, stage.database("story"), mail_server.port)
    except Missing as missing:
        if config.environment().get("CI"):
            raise
        pytest.skip(f"NOTHING OF THIS WAS TESTED. {missing}")


def test_no_log_holds_a_client_a_signer_or_a_link(stage: Stage, cluster: Cluster, mail_server: MailServer) -> None:
    visitor = Visitor(cluster.proxy.port, cluster.proxy.plain_port)
    links = signs_confirms_and_withdraws(visitor, mail_server)
    what_is_not_there(visitor, links)
    what_goes_wrong(visitor, stage, mail_server)
    with redis.Redis(unix_socket_path=str(cluster.redis)) as kept:
        names = b"".join(kept.keys())  # type: ignore[arg-type]
        kept.shutdown(nosave=True)
    assert names
    visitor.send(f"/petitions/{SLUG}/sign", f"/petitions/{SLUG}/sign")  # counted without Redis
    what_befalls_the_proxy(visitor, stage, cluster, links[0])

    logs = {path: path.read_text() for path in cluster.log_files()}
    said = "".join(logs.values())
    for line in ('"route": "/confirm/<token>"', "ProgrammingError", "division by zero", "Redis is away"):
        assert line in said, "the logs are those of this story"
    secrets = {CLIENT, MAILBOX, MAILBOX.partition("@")[0], quote(MAILBOX), PERSON, *PERSON.split(), CAMPAIGN}
    secrets |= {part for path in visitor.paths for part in path.split("/") if len(part) > 40}
    assert len(secrets) > 12, "tokens among them"
    found = [(path.name, secret) for path, text in logs.items() for secret in secrets if secret.lower() in text.lower()]
    assert found == []
    assert CLIENT.encode() not in names


def signs_confirms_and_withdraws(visitor: Visitor, mail_server: MailServer) -> list[str]:
    """Go the whole way of one signature; return the links that letters brought."""
    visitor.get(f"/petitions/{SLUG}?fbclid={CAMPAIGN}")
    status, _, waiting = visitor.send(f"/petitions/{SLUG}/sign", f"/petitions/{SLUG}/sign")
    assert status == 303
    visitor.get(waiting)
    confirming = newest_link(mail_server, 1, "confirm")
    assert visitor.send(confirming, confirming)[0] == 303
    own = newest_link(mail_server, 2, "signature")
    assert visitor.send(own, own, act="correct", name=f"{PERSON} Junior")[0] in {200, 303}
    assert visitor.send(f"/petitions/{SLUG}/my-signature", f"/petitions/{SLUG}/my-signature")[0] in {200, 303}
    newer = newest_link(mail_server, 3, "signature")
    wait_until(lambda: "Junior" in visitor.ask("GET", newer)[1])  # it works once the worker has marked it as sent
    assert visitor.send(newer, newer, act="withdraw")[0] == 410
    return [confirming, own, newer]


def newest_link(mail_server: MailServer, which: int, place: str) -> str:
    wait_until(lambda: len(mail_server.to(MAILBOX)) >= which)
    return link_in(mail_server.to(MAILBOX)[which - 1], place)


def what_is_not_there(visitor: Visitor, links: list[str]) -> None:
    """Ask for pages that do not exist, and for links that were altered."""
    for path in (f"/{quote(MAILBOX)}/{'x' * 50}", *(f"{link}altered" for link in links)):
        assert visitor.ask("GET", path)[0] in {403, 404}, path
        assert visitor.ask("POST", path, {"name": PERSON})[0] in {403, 404}, path
    assert visitor.ask("POST", "/organise/login", {"email": MAILBOX, "password": PERSON})[0] in {200, 400, 403}


def what_goes_wrong(visitor: Visitor, stage: Stage, mail_server: MailServer) -> None:
    """Let a fault happen on signing, and a mail server refuse with words that name the mailbox."""
    with stage.connect("story") as connection:
        connection.execute("ALTER TABLE draft RENAME TO draft_elsewhere")
        status, text, _ = visitor.send(f"/petitions/{SLUG}/sign", f"/petitions/{SLUG}/sign")
        assert status == 500 and MAILBOX not in text
        connection.execute("ALTER TABLE draft_elsewhere RENAME TO draft")
        with pytest.raises(psycopg.errors.DivisionByZero):  # an operator's own statement
            connection.execute(f'SELECT 1 / 0 AS "{MAILBOX}"')
    asked: list[str] = []
    mail_server.answer = lambda recipient: asked.append(recipient) or f"550 no {recipient}, {PERSON}"  # type: ignore[func-returns-value]
    assert visitor.send(f"/petitions/{SLUG}/sign", f"/petitions/{SLUG}/sign")[0] == 303
    wait_until(lambda: MAILBOX in asked)


def what_befalls_the_proxy(visitor: Visitor, stage: Stage, cluster: Cluster, link: str) -> None:
    """Let it refuse a body without TLS, get no TLS where it wants it, have no disk to write to, and find no node."""
    assert visitor.ask("POST", link, plain=b"x" * 2_000_000)[0] == 301
    with pytest.raises(OSError, match="SSL"):
        Visitor(cluster.proxy.plain_port, 0).ask("GET", link)
    assert Visitor(0, cluster.proxy.port).ask("POST", link, plain=b"x")[0] == 400
    shutil.rmtree(cluster.proxy.folder / "body")
    assert visitor.ask("POST", link, {"name": "x" * 200_000})[0] == 500
    deserted = start_proxy(stage, [free_port(), free_port()], cluster.logs / "deserted")
    assert Visitor(deserted.port, 0).ask("GET", link)[0] == 502
