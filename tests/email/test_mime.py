"""An e-mail as it travels: lines of 7 bits that keep to their lengths, from which every script is read back."""

import email
import email.policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.email import mime

# A title or a name in any script, as the forms take them: one line, without half characters.
MARKS = st.sampled_from(' =?_"\\,<>@:;é你م\u2068\u2069')
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | MARKS, max_size=300)
SCRIPTS = ["A short title", "Für ein freies Land – für alle " * 8, "Свободу книгам " * 20, "كتب حرة " * 30, "书" * 200]


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def test_what_is_short_and_ascii_travels_as_it_is() -> None:
    assert mime.encode("Hello,\n\nopen this.\n") == ("7bit", "Hello,\r\n\r\nopen this.\r\n")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Für alle, die gern lesen", "quoted-printable"),
        ("Свободу книгам", "base64"),
        ("书", "base64"),
        ("a long line " * 20, "quoted-printable"),
        ("x" * 10_000, "quoted-printable"),
        ("a bell \x07 and a zero \x00", "quoted-printable"),
        ("--=_part\nwhat looks like the end of a part", "quoted-printable"),
    ],
)
def test_all_else_is_quoted_printable_if_that_is_shorter_and_else_base64(text: str, encoding: str) -> None:
    found, body = mime.encode(text)
    assert found == encoding
    assert body.isascii()
    assert max(len(line) for line in body.split("\r\n")) <= mime.MAX_ENCODED_LINE
    assert parsed(mime.lay_out([], text, "")).get_content().splitlines() == text.splitlines()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=500), st.sampled_from(["", "<p>é</p>", "<p>书</p>"]))
def test_any_text_is_read_back(text: str, html: str) -> None:
    raw = mime.lay_out(["Subject: a title\r\n"], text, html)
    lines = raw.split(b"\r\n")
    assert max(len(line) for line in lines) <= mime.MAX_LINE
    assert all(byte < 0x80 for byte in raw)
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    message = parsed(raw)
    plain = message.get_body(("plain",))
    assert plain is not None
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert plain.get_payload(decode=True).decode().replace("\r\n", "\n").rstrip("\n") == expected.rstrip("\n")
    if html:
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("title", SCRIPTS)
def test_a_title_in_any_script_is_folded(title: str) -> None:
    shown = " ".join(title.split())
    line = mime.text_header("Subject", shown)
    assert all(len(part) <= mime.MAX_LINE for part in line.split("\r\n"))
    assert parsed(line.encode("ascii") + b"\r\n")["Subject"] == shown


@given(WORDS)
def test_any_title_is_read_back_from_its_header(title: str) -> None:
    line = mime.text_header("Subject", title)
    assert line.endswith("\r\n")
    assert all(len(part) <= mime.MAX_LINE for part in line.split("\r\n"))
    assert all(part.startswith(" ") for part in line.split("\r\n")[1:-1])
    assert str(parsed(line.encode("ascii") + b"\r\n")["Subject"]) == title


@given(WORDS, st.sampled_from(["petitions@example.org", f"{'long' * 16}@{'label.' * 30}example"]))
def test_any_name_of_a_site_is_read_back_from_the_sender(name: str, address: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    line = mime.mailbox_header("From", f'"{quoted}" <{address}>')
    assert all(len(part) <= max(mime.MAX_LINE, len(f"From: {address}")) for part in line.split("\r\n"))
    (sender,) = parsed(line.encode("ascii") + b"\r\n")["From"].addresses
    assert sender.addr_spec == address
    shown = parseaddr(f'"{quoted}" <{address}>')[0]
    read = sender.display_name
    if "=?" in line:  # Python's parser of addresses puts a space between encoded words (RFC 2047, 6.2: there is none)
        read = str(make_header(decode_header(line.removeprefix("From:").removesuffix(f"<{address}>\r\n"))))
    assert read.split() == shown.split()


def test_a_link_in_a_header_is_neither_folded_nor_encoded() -> None:
    link = f"<https://petitions.example.org/unsubscribe/{'token' * 60}>"
    assert mime.header("List-Unsubscribe", link) == f"List-Unsubscribe: {link}\r\n"


@pytest.mark.parametrize("write", [mime.header, mime.text_header, mime.mailbox_header])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_nobody_adds_a_header_of_their_own(write: object, end: str) -> None:
    with pytest.raises(mime.BadHeader):
        write("To", f"ann@example.org{end}Bcc: eve@example.org")  # type: ignore[operator]
