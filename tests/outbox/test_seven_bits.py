"""To a mail server that offers no 8BITMIME (RFC 6152) every e-mail goes in 7-bit lines, and says the same."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.email import mime
from tests.factories import make_petition, sign
from tests.mail_server import MailServer, link_in, text_of
from tests.outbox.test_copies import send_all
from tests.outbox.test_deliver import Work

TITLES = {
    "en": "Books for everybody",
    "de": "Bücher für alle – überall, ungekürzt",
    "ru": "Свободу книгам",
    "ar": "الكتب حق للجميع",
    "uk": "书籍自由 " * 20,
}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("language", TITLES)
def test_every_byte_is_ascii_in_lines_of_their_length(
    app: Flask, client: FlaskClient, mail_server: MailServer, work: Work, language: str, together: bool
) -> None:
    mail_server.takes_8_bits = False
    title = TITLES[language].strip()
    slug = make_petition(app, title=f'"{title}"', language=f'"{language}"')
    sign(client, slug)
    send_all(app) if together else work()
    (raw,), (letter,) = mail_server.raw, mail_server.letters
    assert all(byte < 0x80 for byte in raw)
    header, _, body = raw.partition(b"\r\n\r\n")
    assert max(len(line) for line in body.split(b"\r\n")) <= mime.MAX_LINE
    unfolded = b"List-Unsubscribe: <http"
    assert max(len(line) for line in header.split(b"\r\n") if not line.startswith(unfolded)) <= mime.MAX_LINE
    assert title in letter["Subject"]
    assert title in text_of(letter)
    assert title in text_of(letter, "html")
    assert link_in(letter)
    assert letter["List-Unsubscribe"].startswith("<http")
