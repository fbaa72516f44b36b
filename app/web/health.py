"""The health check: whether this process is alive."""

from flask import Blueprint, Response

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Answer `ok` as long as the process can answer; the database is not asked."""
    return Response("ok\n", mimetype="text/plain")
