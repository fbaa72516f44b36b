"""The smallest WSGI app that answers the same bytes as the petition page: the limit of what that can reach."""

import base64
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import config

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ANSWER = json.loads(config.environment()["BENCH_ANSWER"])
HEADERS = [(str(name), str(value)) for name, value in ANSWER["headers"]]
BODY = [base64.b64decode(ANSWER["body"])]


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer any request with the page."""
    start_response("200 OK", HEADERS)
    return BODY
