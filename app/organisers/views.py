"""The organisers' door."""

from flask import Blueprint, make_response, render_template
from werkzeug import Response

from app.web import headers

bp = Blueprint("organisers", __name__)


@bp.get("/organise/login")
def door() -> Response:
    """Say how organisers run their petitions: for now by commands on the machine that serves them."""
    return headers.shared(make_response(render_template("organisers/door.html")), seconds=60)
