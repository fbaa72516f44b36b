"""Ten thousand requests as no browser sends them: none is answered by a fault, none says a word in the log."""

import gc
import io
import json
import logging
import random
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.crypto import tokens
from app.models import State
from app.signing import email_reference
from app.signing.sign import FormIds
from app.web.page_cache import PageCache
from app.web.session import is_for_organisers
from tests.conftest import SECRETS
from tests.factories import SLUG, hidden_fields, make_draft, make_petition, make_signature
from tests.log import Log, caught
from tests.site import Site
from tests.web.addresses import fill

pytestmark = pytest.mark.slow

SEED = 20261124
REQUESTS = 5000  # on each database
OVER_A_SOCKET = 300
MARK = "Zorblaxquuxley"  # in all that is sent; nothing but pages may say it again
FIELDS = [
    *("name", "affiliation", "country", "email", "comment", "visibility", "updates", "language", "text_version"),
    *("notice_version", "digest", "act", "csrf_token", "password", "next", "code", "sent"),
]
METHODS = [
    *("GET", "GET", "GET", "HEAD", "POST", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"),
    *("CONNECT", "SIGN", "get", "P\xd6ST"),
]
ODD = [
    *("", " ", "\0", "\r\n", "\x7f", "\u202e", "\ufeff", "\ufffd", "é", "e\u0301", "\U0001f4d6" * 40, "a" * 300),
    *("<script>", "'\"><", "{{7*7}}", "%s%n", "${x}", "../../etc/passwd", "1e999", "-1", "9" * 40, "٣", "true", "[]"),
    *("=1+1", "@x", "en", "sv", "xx", "SE", "ZZ", "public", "ann@example.org", "a@b", "@", "a@" + "b." * 120 + "c"),
]
RAW = [
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"%ED%A0%80",
    b"%",
    b"%zz",
    b"%u0041",
    b"J\xf6rg",
    b"J%F6rg",
    b"\xf4\x90\x80\x80",
    b"\0",
]
KINDS = [
    *("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16", "text/plain", ""),
    *("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "application/json"),
    *(
        "multipart/form-data; boundary=" + "x" * 300,
        'multipart/form-data; boundary="\xe9"',
        "multipart/mixed; boundary=x",
    ),
    *(
        "application/octet-stream",
        ";;;",
        "\xff/\xfe",
        "multipart/form-data; boundary=x; boundary=y",
        "text/html; charset=x",
    ),
]
HEADERS = {
    "ACCEPT": ["*/*", "text/html", "application/json", ";q=1", "text/html;q=nan", "\xe9", "a/b," * 500, "*"],
    "ACCEPT_LANGUAGE": ["sv", "en;q=0.x", "*", "x" * 500, "\xff", "sv-" + "a-" * 200, ",,,", "en;q=1e400"],
    "ACCEPT_ENCODING": ["gzip", "br;q=0", "\xff"],
    "RANGE": ["bytes=0-1", "bytes=-1", "bytes=5-1", "bytes=a-b", "bytes=0-1,2-3", "l=1-2", "bytes=" + "9" * 50 + "-"],
    "IF_NONE_MATCH": ["*", '"x"', "W/", '"', "x" * 2000, "\xff"],
    "IF_MODIFIED_SINCE": ["yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Jan 99999 99:99:99 GMT", "\0"],
    "IF_RANGE": ['"x"', "Thu, 01 Jan 9999 00:00:00 GMT", "\xff"],
    "HOST": ["evil.example", "", "a b", "[::1", "[", "x:y", "localhost:99999", "\xff", "a" * 300, "é.example", "@:"],
    "X_FORWARDED_FOR": ["203.0.113.9", "a, b, c", "\xff", "," * 50, "[::1]:80", "::ffff:1.2.3.4%eth0"],
    "X_FORWARDED_HOST": ["evil.example", "[", "a,b", "\xff"],
    "X_FORWARDED_PROTO": ["https", "javascript", "\xff"],
    "X_FORWARDED_PORT": ["1", "x", "-1"],
    "X_REQUEST_ID": ["x", "\xff", "x" * 500],
    "ORIGIN": ["null", "http://localhost:8000", "https://evil.example", "\xff", "[", ""],
    "SEC_FETCH_SITE": ["same-origin", "same-origin", "none", "cross-site", "\xff", ""],
    "REFERER": ["http://[", "http://localhost:8000/organise?x", "//", "\xff", "javascript:x"],
    "COOKIE": ["organiser=x", "organiser=.eJw.x.y", "=", ";;;", "organiser=\xff", "a=" + "b" * 4000, "organiser="],
    "AUTHORIZATION": ["Basic x", "Basic /////w==", "Bearer \xff", 'Digest username="', "Basic", ""],
    "CACHE_CONTROL": ["no-cache", "max-age=x", "\xff", "=,="],
    "CONTENT_ENCODING": ["gzip", "x"],
    "EXPECT": ["100-continue", "x"],
    "TRANSFER_ENCODING": ["chunked", "x"],
    "UPGRADE": ["h2c", "websocket"],
    "USER_AGENT": [MARK, "\xff" * 100],
}  # fmt: skip


class Maker:
    """Makes odd requests, the same ones for the same seed and values."""

    def __init__(self, seed: int, rules: list[Rule], values: dict[str, list[str]], forms: dict[str, str]) -> None:
        self._random = random.Random(seed)
        self._rules, self._values, self._forms = rules, values, forms

    def request(self) -> tuple[str, bytes, bytes, dict[str, str], bytes]:
        """Return method, path and query as bytes on the wire, headers by their names in an environ, and a body."""
        pick = self._random
        headers = {name: pick.choice(HEADERS[name]) for name in pick.sample(sorted(HEADERS), pick.choice([0, 1, 2, 5]))}
        headers.setdefault("HOST", "localhost:8000")
        if pick.random() < 0.8:
            headers |= {"SEC_FETCH_SITE": "same-origin"}
        kind, body = self._body()
        headers["CONTENT_TYPE"] = kind
        headers["CONTENT_LENGTH"] = str(len(body))
        if pick.random() < 0.05:
            headers["CONTENT_LENGTH"] = pick.choice(["", "x", "-1", "0", "7", str(10**20), "1e3", "٣", "65537", "+1"])
        query = b"" if pick.random() < 0.6 else self._pairs(pick.randint(1, 4))
        return pick.choice(METHODS), self._path(), query, headers, body

    def _path(self) -> bytes:
        pick = self._random
        values = {name: pick.choice(given) for name, given in self._values.items()}
        for name in values:
            if pick.random() < 0.2:
                values[name] = self._text() or "x"
        path = fill(pick.choice(self._rules), values).encode()
        if pick.random() < 0.15:
            at = pick.randrange(len(path) + 1)
            path = (
                path[:at]
                + pick.choice([*RAW, b"/", b"//", b"%2F", b"/../", b"%2e%2e/", b";x", b"\\", b"a" * 3000])
                + path[at:]
            )
        return path if path.startswith(b"/") else b"/" + path

    def _text(self) -> str:
        pick = self._random
        kind = pick.random()
        if kind < 0.7:
            return pick.choice(ODD) + pick.choice(["", MARK])
        return "".join(chr(pick.choice([pick.randrange(128), pick.randrange(0xD7FF), 0x1F4D6])) for _ in range(9))

    def _pairs(self, number: int) -> bytes:
        pick = self._random
        parts = []
        for _ in range(number):
            value = pick.choice([quote_from_bytes(self._text().encode()).encode(), pick.choice(RAW), b"=", b""])
            parts.append(pick.choice(FIELDS).encode() + b"=" + value)
        return pick.choice([b"&", b"&", b"&&", b";"]).join(parts)

    def _body(self) -> tuple[str, bytes]:
        pick = self._random
        form = dict(self._form(), name=MARK, email=f"{MARK}{pick.randrange(200)}@example.org", country="SE")
        for _ in range(pick.choice([0, 0, 1, 2, 4])):
            form[pick.choice(FIELDS)] = self._text()
        encoded = urlencode(form).encode()
        way = pick.randrange(10)
        if way < 4:
            return KINDS[0], encoded
        if way == 4:
            return KINDS[0], encoded + b"&" + self._pairs(pick.randint(1, 60))
        if way == 5:
            return pick.choice(KINDS), self._parts(form)
        if way == 6:
            deep = b"[" * 5000 if pick.random() < 0.3 else json.dumps(form).encode()
            return "application/json", pick.choice([deep, b'{"name": {"a": [1, null]}}', b"{", b'"\\ud800"', b"\xff"])
        if way == 7:
            size = pick.choice([1000, 40_000, 65_535, 65_536, 65_537, 200_000])
            return pick.choice(KINDS), b"comment=" + b"x" * size
        if way == 8:
            return KINDS[0], pick.choice(RAW).join([encoded[:40], encoded[40:]])
        return pick.choice(KINDS), encoded

    def _form(self) -> dict[str, str]:
        return dict(hidden_fields(self._random.choice(sorted(self._forms.values()))), visibility="public")

    def _parts(self, form: dict[str, str]) -> bytes:
        pick = self._random
        ending = pick.choice([b"\r\n", b"\r\n", b"\n"])
        named = [b'form-data; name="%s"', b'form-data; name="%s"; filename="x"', b"form-data; name*=utf-8''%s", b"%s"]
        parts = [
            b"--x%sContent-Disposition: %s%s%s%s%s"
            % (ending, pick.choice(named) % name.encode(), ending, ending, value.encode(), ending)
            for name, value in form.items()
        ]
        return b"".join(parts * pick.choice([1, 1, 2, 8])) + pick.choice([b"--x--\r\n", b"--x", b"", b"--y--"])


def environ_of(method: str, path: bytes, query: bytes, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """Return the environ that a server makes of a request (PEP 3333)."""
    plain = ("CONTENT_TYPE", "CONTENT_LENGTH")
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "198.51.100.7",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{(name if name in plain else f"HTTP_{name}"): value for name, value in headers.items()},
    }


def answer_to(app: Flask, environ: dict[str, Any]) -> int:
    """Let the app answer to the last byte; return the status."""
    statuses: list[str] = []
    parts = app.wsgi_app(environ, lambda status, *rest: statuses.append(status))  # type: ignore[arg-type, func-returns-value]
    for _ in parts:
        pass
    getattr(parts, "close", int)()
    return int(statuses[-1][:3])


@pytest.fixture
def log() -> Iterator[Log]:
    """All that is logged while a test runs."""
    with caught(logging.INFO) as log:
        yield log


def values_of(app: Flask) -> dict[str, list[str]]:
    """Put a draft, and a signature of each state, into the database; return values of which many lead somewhere."""
    ids = [make_signature(app, state=state, email=f"{state}@example.org") for state in State]
    draft = make_draft(app, email="draft@example.org")
    with app.app_context():
        made = [
            tokens.make_token(purpose, one)
            for one in [*ids, draft]
            for purpose in (tokens.Purpose.CONFIRM, tokens.Purpose.ENTRY)
        ]
        reference = email_reference.make_reference(SLUG, "en", f"{MARK}@example.org", FormIds.new())
    return {
        "slug": [SLUG, SLUG, "quiet", "nothing"],
        "lang": ["en", "sv", "zz"],
        "token": made,
        "reference": [reference, reference[:-1], reference + "="],
        "filename": ["css/base.css", "js", "..", "css/../css/base.css"],
        "width": ["480", "0", "99999"],
        "digest": ["0" * 32],
    }


def forms_of(client: FlaskClient, values: dict[str, list[str]]) -> dict[str, str]:
    """Return pages with the forms that people fill in, whose hidden fields the odd requests carry along."""
    paths = [f"/petitions/{SLUG}/sign", f"/petitions/{SLUG}/my-signature"]
    paths += [f"/{kind}/{token}" for token in values["token"] for kind in ("confirm", "signature")]
    return {path: client.get(path).text for path in paths}


def is_public(rule: Rule) -> bool:
    return not is_for_organisers(rule.rule) or rule.rule.startswith(
        ("/organise/login", "/organise/reset", "/organise/inv")
    )


@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.Spooled:ResourceWarning")  # Werkzeug's, of broken uploads
def test_none_is_answered_by_a_fault_and_the_count_stays_sound(
    app: Flask, petition: str, log: Log, work: Callable[[], int]
) -> None:
    make_petition(app, slug='"quiet"', discreet="true")
    values = values_of(app)
    forms = forms_of(app.test_client(), values)
    app.wsgi_app = PageCache(app)  # type: ignore[method-assign]
    maker = Maker(SEED, [rule for rule in app.url_map.iter_rules() if is_public(rule)], values, forms)
    statuses: dict[int, int] = {}
    for number in range(REQUESTS):
        request = maker.request()
        status = answer_to(app, environ_of(*request))
        assert 200 <= status < 500, f"seed {SEED}, request {number}: {status} for {request!r:.3000}"
        statuses[status] = statuses.get(status, 0) + 1
        if number % 500 == 0:
            work()
    assert set(statuses) >= {200, 303, 400, 403, 404, 405, 413, 422}, statuses
    audit = app.test_cli_runner().invoke(args=["count", "audit"])
    assert audit.exit_code == 0, audit.output
    gc.collect()
    held = log.getvalue()
    sent = [MARK, "198.51.100", "203.0.113", "evil", "example.org", *values["token"], *values["reference"]]
    assert not [one for one in sent if one.lower() in held.lower()]
    assert held.count('"answered"') > REQUESTS / 2


def test_a_real_server_stands_whatever_comes_over_the_line(tmp_path: Any) -> None:
    example = "free-boris-kagarlitsky"
    site = Site(tmp_path, {**SECRETS, "DATABASE_URL": f"sqlite:///{tmp_path}/new.db"})
    site._command += ["--example", f"examples/{example}.md"]
    site.start()
    try:
        rules = [
            Rule(path)
            for path in ("/petitions/<slug>", "/petitions/<slug>/sign", "/petitions/<slug>/my-signature",
                         "/confirm/<token>", "/signature/<token>", "/static/<filename>", "/healthz")
        ]  # fmt: skip
        forms = {"sign": site.ask("GET", f"/petitions/{example}/sign")[1]}
        values = {"slug": [example], "token": ["altered"], "filename": ["css/base.css"]}
        maker = Maker(SEED, rules, values, forms)
        answered = [over_a_socket(site.port, *maker.request()) for _ in range(OVER_A_SOCKET)]
        assert not [one for one in answered if one >= 500]
        assert len([one for one in answered if one]) > OVER_A_SOCKET / 2
        assert site.ask("GET", f"/petitions/{example}")[0] == 200
        assert MARK not in "".join(site.lines)
        assert "Traceback" not in "".join(site.lines)
    finally:
        assert site.interrupt() == 0


def over_a_socket(port: int, method: str, path: bytes, query: bytes, headers: dict[str, str], body: bytes) -> int:
    """Send a request byte for byte; return the status of the answer, 0 if the server hung up or waited for more."""
    lines = [f"{name.replace('_', '-')}: {value}".encode("latin-1", "replace") for name, value in headers.items()]
    lines = [line for line in lines if b"\r" not in line and b"\n" not in line]
    target = path + (b"?" + query if query else b"")
    first = method.encode("latin-1") + b" " + target.replace(b" ", b"%20").replace(b"\n", b"").replace(b"\r", b"")
    with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
        try:
            line.sendall(b"\r\n".join([first + b" HTTP/1.1", *lines, b"Connection: close", b"", b""]) + body)
            answer = line.recv(64)
        except OSError:
            return 0
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
