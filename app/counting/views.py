"""The count for programs."""

from flask import Blueprint, abort, jsonify
from werkzeug import Response

from app import clock
from app.petitions.page import find, progress
from app.web import headers

bp = Blueprint("counting", __name__)


@bp.get("/petitions/<slug:slug>/count.json")
def count_json(slug: str) -> Response:
    """Answer with the verified count, the next goal, and the time of the last change."""
    edition = find(slug)
    if edition is None:
        abort(404)
    now = progress(edition.petition)
    response = jsonify(slug=slug, verified=now.verified, goal=now.goal, as_of=clock.iso(now.as_of))
    return headers.shared(headers.for_everyone(response), seconds=1)
