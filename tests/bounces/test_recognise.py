"""Recognising what came back: samples in the forms that mail servers use, and any bytes at all."""

import logging
from base64 import b64encode
from collections.abc import Iterable
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bounces import parts
from app.bounces.library import MAX_LINE_CHARACTERS, shorten
from app.bounces.recognise import recognise
from app.bounces.refusal import code_in, kind_of_refusal
from app.bounces.verdict import Kind
from tests.bounces import held_back_set, worked_set
from tests.bounces.returned import ADDRESS, HEADERS, ORIGINAL, TOKEN, Sample, plain
from tests.bounces.worked_forms import complaint, exim, postfix, qmail
from tests.log import caught

OF_REACH = 0.95
WORKED, HELD_BACK = list(worked_set.samples()), list(held_back_set.samples())
RECOGNISED = set(Kind) - {Kind.NOTHING}


@pytest.mark.parametrize("samples", [WORKED, HELD_BACK], ids=["worked", "held back"])
def test_bounces_are_recognised_and_their_class_is_right(samples: list[Sample]) -> None:
    judged = [(sample, recognise(sample.raw)) for sample in samples if sample.kind != Kind.NOTHING]
    found = [(sample, verdict) for sample, verdict in judged if verdict.kind in RECOGNISED]
    right = [sample for sample, verdict in found if sample.kind == verdict.kind]
    assert len(judged) >= 70
    assert len(found) >= OF_REACH * len(judged), _named(
        sample for sample, verdict in judged if verdict.kind == "nothing"
    )
    assert len(right) >= OF_REACH * len(found), _named(
        sample for sample, verdict in found if sample.kind != verdict.kind
    )


@pytest.mark.parametrize("samples", [WORKED, HELD_BACK], ids=["worked", "held back"])
def test_nothing_but_what_says_so_ends_emails_to_a_mailbox(samples: list[Sample]) -> None:
    harmless = [sample for sample in samples if sample.kind not in {Kind.HARD, Kind.COMPLAINT}]
    ended = [sample for sample in harmless if recognise(sample.raw).kind in {Kind.HARD, Kind.COMPLAINT}]
    assert not ended, _named(ended)


@pytest.mark.parametrize("sample", WORKED + HELD_BACK, ids=lambda sample: sample.name[:40])
def test_the_token_is_found_in_the_address_or_in_what_is_returned(sample: Sample) -> None:
    assert recognise(sample.raw).tokens == [TOKEN]
    to_another = sample.raw.replace(f"To: {ADDRESS}".encode(), b"To: bounces@relay.example", 1)
    if ADDRESS.encode() in to_another:
        assert recognise(to_another).tokens == [TOKEN]
    assert recognise(to_another, [ADDRESS.upper()]).tokens == [TOKEN]


def test_the_address_that_it_came_to_decides_among_several_tokens() -> None:
    other = TOKEN[::-1]
    both = exim("550 5.1.1 unknown user") + f"\nReturn-Path: <bounce+{other}@bounces.petitions.example>\n".encode()
    assert recognise(both).tokens == [TOKEN]
    assert recognise(both.replace(f"To: {ADDRESS}".encode(), b"To: x@relay.example", 1)).tokens == [TOKEN, other]


def test_an_address_that_a_forwarder_has_rewritten_is_found() -> None:
    rewritten = f"SRS0=abcd=XY=bounces.petitions.example={ADDRESS.partition('@')[0]}@forwarder.example"
    assert recognise(b"From: <>\n\n550 5.1.1 unknown user\n", [rewritten]).tokens == [TOKEN]


def test_without_a_token_nothing_is_made_of_a_bounce() -> None:
    foreign = postfix("550 5.1.1 unknown user").replace(TOKEN.encode(), b"x")
    assert recognise(foreign) == (Kind.NOTHING, None, [])


def test_the_status_is_the_servers_own_where_the_report_says_less() -> None:
    assert recognise(postfix("550 5.1.1 unknown user")).status == "5.1.1"
    assert recognise(postfix("550 unknown user")).status == "5.0.0"
    assert recognise(qmail("Sorry, no mailbox here by that name. (#5.1.1)")).status == "5.1.1"
    assert recognise(complaint("abuse")).status is None


def test_a_large_attachment_is_cut_off() -> None:
    attached = b"Content-Type: application/zip\n\n" + b"UEsDBBQAAAAIAAAAIQ\n" * (30 * 1024 * 1024 // 19)
    for bounce in (postfix("550 5.1.1 unknown user"), exim("550 5.1.1 unknown user")):
        assert recognise(bounce + attached).kind == Kind.HARD
    inside = bounce.replace(b"Open this link", attached)
    assert recognise(inside).kind == Kind.HARD


def test_what_is_nested_ten_deep_is_read_and_a_thousand_deep_is_no_trouble() -> None:
    def nested(levels: int) -> bytes:
        head, body = "", ""
        for level in range(levels):
            head += f'Content-Type: multipart/mixed; boundary="b{level}"\n\n--b{level}\n'
            body = f"\n--b{level}--\n{body}"
        said = f"Content-Type: text/plain\n\n<ann@mail.example>: 550 5.1.1 unknown user\n\n{HEADERS}"
        return f"From: MAILER-DAEMON@x.example\nTo: {ADDRESS}\nMIME-Version: 1.0\n{head}{said}{body}".encode()

    assert recognise(nested(10)).kind == Kind.HARD
    assert recognise(nested(1000)).tokens == [TOKEN]


def test_words_in_shift_jis_and_in_broken_charsets_are_read() -> None:
    text = f"宛先のメールアドレスは存在しません\n\n{ORIGINAL}"
    bounce = plain("MAILER-DAEMON@mail.example", "Undelivered", text, charset="shift_jis")
    assert recognise(bounce).kind == Kind.HARD
    for charset in (b"no-such-charset", b"punycode", b"zlib", b'"', b"utf-16;x*=y''%", b"\xff\xfe"):
        assert recognise(bounce.replace(b"shift_jis", charset)).tokens == [TOKEN]


# Each makes some pattern or parser look again and again at what it has seen.
HOSTILE = (
    "a" * 10**6,
    "<" * 10**6,
    "user unknown-" * 10**5,
    "a@" * 10**5,
    "\n".join(
        ["Delivery has failed", "Unable to deliver message to", "Did not reach the following recipient"]
        + ["x" * 990] * 300
    ),
    "mailbox " * 10**5,
    "&" * 10**6,
    "=?utf-8?q?" * 10**5,
    "A: b\n" * 10**5,
    "\n --b" * 10**5,
    ",@" * 10**5,
    "\n".join(["," * 330 + "@" * 330 + "x" * 330] * 130),
    "\n ".join(["(" * 900] * 130),
)
FOLDED = "\n ".join([";" * 900] * 130)
# Each is a header that is as long as a message may be, of which every parameter is looked at.
LONG_HEADERS = (
    f'Content-Type: text/plain; charset="{FOLDED}',
    f'Content-Type: multipart/mixed; boundary="{FOLDED}',
    'Content-Type: text/plain; charset="' + "\n ".join(['\\";' * 300] * 130),
    "Content-Type: text/plain" + "\n ".join(f";a*{number}=b" for number in range(10_000)),
    f"Final-Recipient: {FOLDED}\nAction: failed",
    f": {FOLDED}",
)
ABOVE = (
    "",
    "Content-Type: message/rfc822\n\n",
    "Content-Type: message/rfc822\n\nno header\n\n",
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n",
    'Content-Type: multipart/digest; boundary="b"\n\n--b\n\n',
    'Content-Type: multipart/mixed; boundary="b:"\n\n--b:\n',
    " begins with a line that continues none\n",
    "From somebody\n",
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12].strip())
def test_what_is_made_to_take_for_ever_ends(text: str) -> None:
    for raw in (text, f"Subject: {text}", plain("MAILER-DAEMON@x.example", "failure", text).decode()):
        assert recognise(raw.encode(), [ADDRESS]).tokens == [TOKEN]


@pytest.mark.parametrize("header", LONG_HEADERS, ids=lambda header: header[:44])
@pytest.mark.parametrize("above", ABOVE)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_no_parser_sees_a_long_header_in_any_part(header: str, above: str, newline: str) -> None:
    raw = f"To: {ADDRESS}\n{above}{header}\n\n550 5.1.1 unknown user\n".replace("\n", newline).encode()
    assert longest_header(parts.read_parts(raw).message) <= parts.MAX_HEADER_BYTES
    assert recognise(raw, [ADDRESS]).tokens == [TOKEN]


def longest_header(message: Message) -> int:
    return max(len(name) + len(value) for part in message.walk() for name, value in [*part.raw_items(), ("", "")])


def test_a_token_behind_the_end_of_a_long_header_is_found() -> None:
    returned = postfix("550 5.1.1 unknown user").replace(ADDRESS.encode(), b"x@relay.example")
    long = "X-Long: " + "a b\n " * 2000 + ADDRESS
    assert recognise(f"{long}\n".encode() + returned) == (Kind.HARD, "5.1.1", [TOKEN])


@pytest.mark.parametrize("written", ["boundary", "boundary*0", "BOUNDARY*", "boundary\x1c", "boundary \t"])
def test_what_nests_too_deep_is_read_as_one_text_however_that_is_written(written: str) -> None:
    levels = "".join(f"Content-Type: multipart/mixed; {written}=b{level}\n\n--b{level}\n" for level in range(70))
    assert not parts.read_parts(f"To: {ADDRESS}\n{levels}\nx\n".encode()).message.is_multipart()


def test_the_library_gets_short_lines_of_ascii_whatever_they_were_encoded_as() -> None:
    text = "Message not delivered to the following\n" + " " * 90_000 + "é\n"
    for encoding, encoded in (("base64", b64encode(text.encode())), ("8bit", text.encode())):
        head = f"From: mailer-daemon@yale.edu\nContent-Type: text/plain; charset=punycode\nTo: {ADDRESS}\n"
        body = b"\n".join(encoded[at : at + 900] for at in range(0, len(encoded), 900))
        raw = f"{head}Content-Transfer-Encoding: {encoding}\n\n".encode() + body
        message = parts.read_parts(raw).message
        assert shorten(message)
        for is_decoded in (True, False):
            given_out = message.get_payload(decode=is_decoded)
            lines = (given_out if isinstance(given_out, bytes) else str(given_out).encode("ascii")).splitlines()
            assert lines[0] == b"Message not delivered to the following"
            assert max(len(line) for line in lines) <= MAX_LINE_CHARACTERS
        assert recognise(raw).tokens == [TOKEN]


@pytest.mark.parametrize(
    ("before", "after"), [("", "\n"), ("Content-Type: message/delivery-status\n\n", "")], ids=["words", "report"]
)
def test_no_codec_is_used_that_is_no_charset(before: str, after: str) -> None:
    headers = f"{before}Content-Type: text/plain; charset=punycode\n{after}"
    bounce = f"From: MAILER-DAEMON@x.example\nTo: {ADDRESS}\n{headers}Мы: 550 5.1.1 unknown user\n"
    with caught(logging.WARNING) as log:
        assert recognise(bounce.encode()).tokens == [TOKEN]
    assert not log.lines()


def test_words_in_utf_8_in_a_report_are_read() -> None:
    assert recognise(postfix("550 Почтовый ящик переполнен")).kind == Kind.FULL


def test_the_library_gets_no_more_parts_and_text_than_it_reads_in_time() -> None:
    def bounce(number: int) -> Message:
        one = "--b\n\n" + "Delivery has failed\n" * 100 + "\n"
        head = f"To: {ADDRESS}\nContent-Type: multipart/mixed; boundary=b\n\n"
        return parts.read_parts((head + one * number).encode()).message

    message = bounce(parts.MAX_PARTS - 1)
    assert shorten(message)
    assert sum(len(part.get_payload()) for part in message.get_payload()) <= parts.MAX_WORDS
    assert not shorten(bounce(parts.MAX_PARTS))


def test_an_empty_sender_is_nothing_to_call_an_operator_for() -> None:
    with caught(logging.DEBUG) as log:
        assert recognise(f"From:\nTo: {ADDRESS}\n\n550 5.1.1 unknown user\n".encode()).tokens == [TOKEN]
    assert [(line["level"], line["logger"]) for line in log.lines()] == [("warning", "app.bounces.library")]


@given(st.binary(max_size=2000))
def test_any_bytes_end_in_a_verdict(raw: bytes) -> None:
    verdict = recognise(raw, [ADDRESS])
    assert verdict.kind in set(Kind)
    assert verdict.tokens == [TOKEN]
    assert recognise(raw).tokens == []


@given(st.sampled_from(WORKED + HELD_BACK), st.data())
def test_bounces_that_were_damaged_end_in_a_verdict(sample: Sample, data: st.DataObject) -> None:
    raw = bytearray(sample.raw)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw)))
        until = at + data.draw(st.integers(0, 40))
        raw[at:until] = data.draw(
            st.binary(max_size=20)
            | st.sampled_from([b"\n\n", b"--=_edge\n", b"=?x?b?", b"\x00"])
            | st.sampled_from(LONG_HEADERS).map(lambda header: f"\n{header}\n".encode())
        )
    assert recognise(bytes(raw)).kind in set(Kind)
    assert longest_header(parts.read_parts(bytes(raw)).message) <= parts.MAX_HEADER_BYTES


def test_no_more_is_kept_of_a_message_than_is_looked_at() -> None:
    read = parts.read_parts(b"Subject: x\n\n" + b"word " * 10**6)
    assert len(read.words) <= 2 * parts.MAX_WORDS
    assert len(read.everything) <= 2 * parts.MAX_BYTES


def _named(samples: Iterable[Sample]) -> str:
    return "\n".join(sample.name for sample in samples)


@pytest.mark.parametrize(
    "words",
    [
        "550-Verification failed for <bounce+token@bounces.example.org> 550-No Such User Here 550 Sender verify failed",
        "550 5.7.1 Sender domain not found",
        "550 invalid sender domain; domain does not exist",
        "550 5.1.1 Sender address rejected: User unknown in virtual mailbox table",
    ],
)
def test_what_is_said_of_our_return_path_ends_nobodys_e_mails(words: str) -> None:
    assert kind_of_refusal(code_in(words), words) == Kind.BLOCKED
    assert kind_of_refusal("5.1.1", "550 5.1.1 No Such User Here") == Kind.HARD
