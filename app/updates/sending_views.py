"""Sending news: what is to be seen before, the presses of owners, and how it is stopped."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug import Response

from app.db import db
from app.models import NewsState
from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.letter import owners_of
from app.updates import send
from app.updates.forms import revision_in
from app.updates.views import news_here, news_page
from app.updates.write import ChangedMeanwhile, NotADraft

bp = Blueprint("sending_news", __name__, url_prefix="/organise/petitions/<slug:slug>/news/<int:nth>")


@bp.get("/send")
@open_to(Who.OWNERS, fresh=True)
def ask(slug: str, nth: int) -> Response:
    """Show once more what goes to how many, and ask."""
    found = news_here(nth)
    if found.state != NewsState.DRAFT:
        return _to_news(slug, nth)
    return _ask_page(nth)


@bp.post("/send")
@open_to(Who.OWNERS, fresh=True)
def send_now(slug: str, nth: int) -> Response:
    """Ask to send it: it begins when another owner consents, or in a quarter of an hour."""
    news_here(nth)
    try:
        send.ask_to_send(petition_here().id, me().id, nth, _revision_seen())
    except ChangedMeanwhile:
        _tell_of_change()
        return _ask_page(nth, 409)
    except send.WithoutOriginal:
        return _ask_page(nth, 409)
    except NotADraft:
        flash(_("It was sent or cancelled before."), "warning")
    return _to_news(slug, nth)


@bp.post("/consent")
@open_to(Who.OWNERS, fresh=True)
def consent(slug: str, nth: int) -> Response:
    """Consent to what another owner has asked to send, so that it begins at once."""
    news_here(nth)
    try:
        if send.consent(petition_here().id, me().id, nth, _revision_seen()):
            flash(_("It is being sent."), "info")
    except ChangedMeanwhile:
        _tell_of_change()
        return news_page(news_here(nth), None, 409)
    return _to_news(slug, nth)


@bp.post("/pause")
@open_to(Who.OWNERS)
def pause(slug: str, nth: int) -> Response:
    """Pause what is being sent."""
    news_here(nth)
    send.pause(petition_here().id, me().id, nth)
    return _to_news(slug, nth)


@bp.post("/resume")
@open_to(Who.OWNERS, fresh=True)
def resume(slug: str, nth: int) -> Response:
    """Go on with what is paused."""
    news_here(nth)
    send.resume(petition_here().id, me().id, nth)
    return _to_news(slug, nth)


@bp.post("/cancel")
@open_to(Who.OWNERS)
def cancel(slug: str, nth: int) -> Response:
    """Send no more of it."""
    news_here(nth)
    send.cancel(petition_here().id, me().id, nth)
    return _to_news(slug, nth)


def _ask_page(nth: int, status: int = 200) -> Response:
    others = [one for one in owners_of(db.session(), petition_here().id) if one.id != me().id]
    return news_page(news_here(nth), None, status, is_asking=True, has_other_owners=bool(others))


def _revision_seen() -> int:
    return revision_in(request.form.get("revision"))


def _tell_of_change() -> None:
    flash(_("It was changed after you opened this page. Please look at it once more."), "warning")


def _to_news(slug: str, nth: int) -> Response:
    return redirect(url_for("updates.news", slug=slug, nth=nth), 303)
