"""The page on which an organiser says which e-mails about a petition they want."""

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug import Response
from wtforms import BooleanField

from app.db import db
from app.models import Membership, NoticeKind
from app.notices.tell import wanted
from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.acting import acting
from app.organisers.forms import OrganiserForm
from app.organisers.pages import petition_page

bp = Blueprint("notices", __name__, url_prefix="/organise/petitions/<slug:slug>")


class NoticesForm(OrganiserForm):
    """A tick for each kind of notice, under its name."""

    first = BooleanField(lazy("The first signature"))
    share = BooleanField(lazy("A quarter, half and three quarters of your goal"))
    goal = BooleanField(lazy("Each goal that is reached"))
    attack = BooleanField(lazy("Many signatures or forms at once: perhaps an attack"))
    mail = BooleanField(lazy("E-mails to signers that wait for long, or fail"))
    objection = BooleanField(lazy("People who say “it was not me”"))


@bp.get("/notices")
@open_to(Who.EDITORS)
def choose(slug: str) -> Response:
    """Show which e-mails the signed-in organiser gets."""
    wants = wanted(db.session.get_one(Membership, (petition_here().id, me().id)))
    form = NoticesForm(None, data={kind.value: kind in wants for kind in NoticeKind})
    return petition_page("notices/choose.html", "dashboard", form=form)


@bp.post("/notices")
@open_to(Who.EDITORS)
def save(slug: str) -> Response:
    """Save which e-mails the signed-in organiser gets."""
    form = NoticesForm()
    with acting(petition_here().id, me().id, Who.EDITORS) as (session, petition):
        member = session.get_one(Membership, (petition.id, me().id), populate_existing=True)
        member.notices = {kind.value: bool(form[kind.value].data) for kind in NoticeKind}
    flash(_("Saved."), "info")
    return redirect(url_for(".choose", slug=slug), 303)
