"""System health, for administrators; and the page that answers the site's own probe."""

from flask import Blueprint, Response, abort, jsonify, request

from app.doctor import probe
from app.doctor.deliveries import deliveries_of_day
from app.doctor.kept import newest_report
from app.organisers.access import Who, open_to
from app.web import headers
from app.web.answers import private_page

bp = Blueprint("doctor", __name__)


@bp.get("/healthz/<token>")
def answer_probe(token: str) -> Response:
    """Tell the site itself how its request arrived; 404 to anybody else."""
    if not probe.is_valid(token):
        abort(404)
    return headers.no_store(jsonify(probe.look_at(request, token).as_dict()))


@bp.get("/organise/health")
@open_to(Who.ADMINISTRATORS)
def health() -> Response:
    """Show what a worker found last; nothing is looked at now."""
    return private_page("doctor/health.html", report=newest_report(), deliveries=deliveries_of_day())
