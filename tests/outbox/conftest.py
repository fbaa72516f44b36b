"""What tests of e-mails that must never come twice can ask for."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.updates.queue import send_news
from tests.outbox.at_the_dot import Server
from tests.updates.conftest import Make, agree, make_news

__all__ = ["make_news"]


@pytest.fixture
def server(app: Flask, make_news: Make) -> Iterator[Server]:
    """The server that the worker sends to; news to two signers waits."""
    agree(app, "ann@example.org", "bo@example.org")
    make_news()
    with app.app_context():
        assert send_news() == 2
    server = Server()
    app.extensions["mail"].port = server.port
    yield server
    server.close()
