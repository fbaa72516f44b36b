"""`/healthz`, `/readyz` and `/metrics`."""

import hmac

from flask import Blueprint, Response, abort, current_app, jsonify, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from app.monitoring.metrics import Site
from app.monitoring.readiness import readiness
from app.web.this_machine import is_from_this_machine

bp = Blueprint("monitoring", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Answer `ok` as long as the process can answer; the database is not asked."""
    return _plain("ok")


@bp.get("/readyz")
def readyz() -> Response:
    """Answer 200 if this process is ready for people, 503 if not; what was found, only to who may know."""
    found = readiness()
    response = jsonify(found.as_dict()) if _may_see() else _plain("ready" if found.ready else "not ready")
    response.status_code = 200 if found.ready else 503
    return response


@bp.get("/metrics")
def metrics() -> Response:
    """Give the metrics in Prometheus' text format or OpenMetrics, as asked for; 404 to who may not know."""
    if not _may_see():
        abort(404)
    registry = CollectorRegistry()
    registry.register(Site())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


def _may_see() -> bool:
    """Tell whether this machine itself asks, or somebody with METRICS_TOKEN as a bearer token (RFC 6750)."""
    token = current_app.config["METRICS_TOKEN"]
    given = request.authorization
    if token and given and given.type == "bearer" and given.token:
        return hmac.compare_digest(given.token.encode(), token.encode())
    return is_from_this_machine(request)


def _plain(word: str) -> Response:
    return Response(f"{word}\n", mimetype="text/plain")
