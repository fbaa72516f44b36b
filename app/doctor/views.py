"""The page that answers the site's own probe."""

from flask import Blueprint, Response, abort, jsonify, request

from app.doctor import probe
from app.web import headers

bp = Blueprint("doctor", __name__)


@bp.get("/healthz/<token>")
def answer_probe(token: str) -> Response:
    """Tell the site itself how its request arrived; 404 to anybody else."""
    if not probe.is_valid(token):
        abort(404)
    return headers.no_store(jsonify(probe.look_at(request, token).as_dict()))
