"""What has no token of ours is neither parsed nor judged, and none that is recognised is lost by that."""

import logging
from base64 import encodebytes
from collections.abc import Callable
from quopri import encodestring

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.bounces.apply import Outcome, take
from app.bounces.recognise import recognise
from app.bounces.token_search import possible_tokens
from app.bounces.verdict import Kind
from tests.bounces import held_back_set, worked_set
from tests.bounces.conftest import coming_back
from tests.bounces.returned import ADDRESS, ORIGINAL, TOKEN, Sample
from tests.log import caught

SAMPLES = [*worked_set.samples(), *held_back_set.samples()]
HEAD = "From: MAILER-DAEMON@x.example\nTo: x@relay.example\nSubject: failure notice\nMIME-Version: 1.0\n"
SAID = f"550 5.1.1 unknown user\n\n{'It was for somebody else. ' * 9}\n\n{ORIGINAL}"
HTML = SAID.replace("<", "&lt;").replace("+", "&#43;")
ENCODED = {
    "base64": HEAD.encode() + b"Content-Transfer-Encoding: base64\n\n" + encodebytes(SAID.encode()),
    "base64 in a part": f'{HEAD}Content-Type: multipart/mixed; boundary="b"\n\n--b\n'.encode()
    + b"Content-Transfer-Encoding: base64\n\n" + encodebytes(SAID.encode()) + b"\n--b--\n",
    "quoted-printable": HEAD.encode() + b"Content-Transfer-Encoding: quoted-printable\n\n"
    + encodestring(SAID.replace("bounce", "_" * 55 + " bounce").encode()),
    "HTML": f"{HEAD}Content-Type: text/html\n\n{HTML}".encode(),
    "HTML in base64": f"{HEAD}Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n".encode()
    + encodebytes(HTML.encode()),
}  # fmt: skip


@pytest.mark.parametrize("encoded", ENCODED)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_a_token_is_found_however_its_text_is_encoded(encoded: str, newline: bytes) -> None:
    raw = ENCODED[encoded].replace(b"\n", newline)
    assert TOKEN.encode() not in raw or b"bounce+" not in raw, "it does not stand there as it is"
    assert recognise(raw)[::2] == (Kind.HARD, [TOKEN])
    assert TOKEN in possible_tokens(raw, [])


def test_a_token_in_the_envelope_is_found() -> None:
    assert [*possible_tokens(b"Subject: x\n\ny\n", ["x@relay.example", ADDRESS.upper()])] == [TOKEN]


@given(st.sampled_from(SAMPLES), st.data())
def test_whatever_a_damaged_bounce_is_recognised_by_is_found(sample: Sample, data: st.DataObject) -> None:
    raw = bytearray(sample.raw)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at:at] = data.draw(st.binary(max_size=9) | st.sampled_from([b"=\n", b"=3D", b"&#43;", b"\n\n", b"\r"]))
    assert {*recognise(bytes(raw)).tokens} <= {*possible_tokens(bytes(raw), [])}


def test_what_has_no_token_of_ours_is_not_parsed(app: Flask, sent: Callable[..., str]) -> None:
    sent()
    # Python's e-mail package fails on these parameters (RFC 2231), which is logged.
    unreadable = (
        f"To: {ADDRESS}\nContent-Type: text/plain; charset*=a; charset*0=b\n\n550 5.1.1 unknown user\n".encode()
    )
    for raw, logged in ((unreadable, []), (coming_back(app, unreadable), ["app.bounces.recognise"])):
        with app.app_context(), caught(logging.INFO) as log:
            assert take(raw) == Outcome.FOREIGN
        *before, last = log.lines()
        assert [line["logger"] for line in before] == logged
        assert last["message"] == "a message came to a return path: not of an e-mail of this site, no status"
