"""The headers of news: who answers for it, and a signature of the site's, as on every other e-mail."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.dns_server import DnsServer
from tests.email.test_dkim import holds, signing
from tests.factories import make_petition
from tests.mail_server import MailServer
from tests.updates.conftest import Make, agree

__all__ = ["signing"]
Work = Callable[[], int]


@pytest.mark.parametrize("is_discreet", [False, True])
def test_answers_go_to_the_petitions_contact_but_of_a_discreet_one_to_the_site(
    app: Flask, make_news: Make, mail_server: MailServer, work: Work, is_discreet: bool
) -> None:
    make_petition(app, slug='"another"', contact='"us@example.net"', discreet=str(is_discreet).lower())
    agree(app, "ann@example.org", slug="another")
    make_news(slug="another")
    work()
    (letter,) = mail_server.letters
    assert letter["Reply-To"] == (None if is_discreet else "us@example.net")


def test_each_copy_is_signed_as_it_goes_out(
    app: Flask, make_news: Make, mail_server: MailServer, work: Work, signing: DnsServer
) -> None:
    agree(app, "ann@example.org", "bo@example.org")
    make_news()
    work()
    assert [holds(app, raw) for raw in mail_server.raw] == [True] * 2
