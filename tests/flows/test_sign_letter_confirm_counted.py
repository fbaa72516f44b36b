"""The main story: somebody signs, reads the letter, presses the button, and is counted, exactly once."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.factories import press_confirm, sign, verified
from tests.mail_server import MailServer, link_in, text_of

pytestmark = pytest.mark.both_databases


def test_a_signature_counts_once_its_signer_confirms_it(
    client: FlaskClient, petition: str, mail_server: MailServer, work: Callable[[], int]
) -> None:
    assert verified(client) == 0

    answer = sign(client, email="Ann@Example.org")
    assert answer.status_code == 303
    waiting = client.get(answer.location)
    assert "Ann@example.org" in waiting.text
    assert "If no e-mail comes" in waiting.text
    assert verified(client) == 0

    work()
    (letter,) = mail_server.letters
    assert letter["To"] == "Ann@example.org"
    assert letter["Subject"] == "Please confirm your signature: Save the test library"
    assert "ignore this e-mail" in text_of(letter)
    assert verified(client) == 0

    link = link_in(letter)
    page = client.get(link)
    assert "Ann Example" in page.text
    assert "I agree, count my signature" in page.text
    assert verified(client) == 0

    confirmed = press_confirm(client, link)
    assert (confirmed.status_code, confirmed.location) == (303, f"/petitions/{petition}/signed")
    assert verified(client) == 1
    assert "<strong>1</strong>" in client.get(confirmed.location).text
    assert "Ann Example" in client.get(f"/petitions/{petition}").text

    work()
    thanks = mail_server.letters[-1]
    assert thanks["Subject"] == "Thank you, your signature counts: Save the test library"

    again = press_confirm(client, link)
    assert again.status_code == 200
    assert "Already confirmed" in again.text
    assert verified(client) == 1
