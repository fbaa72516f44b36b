"""Error pages, or JSON for programs; the page for unexpected errors needs no database."""

import logging

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import Conflict, HTTPException, NotFound

from app import logs
from app.db import db, is_away
from app.models import AlteredPetition
from app.models.signer import AlteredRow
from app.web.session import is_for_organisers
from app.web.tidy_address import tidy_address

log = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 10


def init_app(app: Flask) -> None:
    """Register the error pages."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected_error)


def _heading_and_advice(code: int) -> tuple[str, str]:
    """Return the heading and the advice for a status code."""
    return {
        400: (_("This could not be read"), _("Please go back, reload the page and try again.")),
        403: (_("Not from there"), _("Please open our page and send the form from there.")),
        404: (_("There is nothing here"), _("The address may be mistyped, or the page has moved.")),
        405: (_("Not like this"), _("This page cannot be asked in that way. Please start from the petition's page.")),
        413: (
            _("That is too much"),
            _("What was sent is larger than this form takes. Please go back and shorten it; nothing was saved."),
        ),
        429: (_("One after the other"), _("That was too much at once. Please try again in a minute.")),
        503: (_("Not at this moment"), _("Please try again in a minute.")),
    }.get(code, (_("That did not work"), _("Please go back and try again.")))


def _http_error(error: HTTPException) -> Response:
    tidy = tidy_address() if isinstance(request.routing_exception, NotFound) else None
    if tidy:
        return make_response(redirect(tidy, 308))
    code = error.code or 500
    heading, advice = _heading_and_advice(code)
    if error.description and error.description != type(error).description:
        advice = error.description
    response = _error_response(code, heading, advice)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _right_back() -> Response:
    response = _error_response(
        503,
        _("We will be right back"),
        _("The site cannot reach its data at the moment. Nothing is lost. Please try again in a minute."),
        number=logs.correlation_id.get(),
    )
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _unexpected_error(error: Exception) -> Response:
    if is_away(error):
        log.error("the database is away: %s", type(error).__name__)
        return _right_back()
    if isinstance(error, StaleDataError):  # the row was changed by somebody else meanwhile; nothing was saved
        db.session.rollback()  # or whatever is still to be written in this request would fail as well
        log.warning("two changes at once in %s: %s", request.endpoint, logs.describe_error(error))
        return _http_error(Conflict())
    if isinstance(error, AlteredPetition | AlteredRow):  # or the data key is missing
        log.error("refused in %s: %s", request.endpoint, error)
        return _http_error(Conflict()) if isinstance(error, AlteredRow) else _right_back()
    log.error("fault in %s: %s", request.endpoint, logs.describe_error(error))
    return _error_response(
        500,
        _("Something went wrong on our side"),
        _("It is our fault, not yours. Please try again in a while; if it stays so, tell the organisers."),
        number=logs.correlation_id.get(),
    )


def _error_response(code: int, heading: str, advice: str, number: str = "") -> Response:
    """Return the page, or JSON; `number` is the id of an unexpected error's lines in the log."""
    wants_json = request.path.endswith(".json") or (
        request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )
    if wants_json:
        response = jsonify(error=heading, advice=advice, **({"request": number} if number else {}))
        response.headers["Access-Control-Allow-Origin"] = "*"
    else:
        where = {"of_organisers": is_for_organisers(request.path)}
        response = make_response(
            render_template("errors/page.html", code=code, heading=heading, advice=advice, number=number, **where)
        )
    response.status_code = code
    return response
