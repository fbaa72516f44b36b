"""The dashboard, with numbers only, and the list of signatures, for editors and owners."""

from dataclasses import asdict

from flask import Blueprint, abort, jsonify, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug import Response
from wtforms import HiddenField, StringField
from wtforms.validators import Length, ValidationError

from app import clock
from app.db import db, snapshot
from app.email.address import canonical
from app.models import Petition, State
from app.organisers.access import Who, may, me, open_to, petition_here
from app.organisers.forms import OrganiserForm
from app.organisers.pages import petition_page
from app.outbox.waits import WORTH_TELLING, told_to_organisers, waits
from app.petitions.goals import next_goal
from app.petitions.news_numbers import numbers_of_all
from app.signing.email_key import email_key
from app.watching import charts, listing, name_search, selection, trace, words
from app.watching.growth import Step, default_step, growth, lately
from app.watching.name_search import NameSearch
from app.watching.numbers import number_suspected, numbers
from app.watching.selection import Selection
from app.watching.shares import choices, delays, places
from app.web import countries, headers
from app.web.address_field import AddressField
from app.web.cursor import BadCursor, Cursor
from app.web.typed_text import tidy_line

MAX_NAME = 200
bp = Blueprint("watching", __name__, url_prefix="/organise/petitions/<slug:slug>")


class FilterForm(OrganiserForm):
    """The filter above the list. It is sent by GET; only the list of countries is rendered by WTForms."""

    country = StringField(widget=countries.country_select)


class FindForm(OrganiserForm):
    """The search by e-mail address. It is a POST, so that the address is in no URL or log."""

    # Only whole addresses can be found: they are stored as keyed hashes.
    email = AddressField(
        invalid=lazy("Please type the whole address."), render_kw={"autocomplete": "off", "required": True}
    )


class NameForm(OrganiserForm):
    """The search by name, a POST for the same reason; `place` is where its next step begins."""

    name = StringField(
        lazy("Name"),
        filters=[tidy_line],
        validators=[Length(max=MAX_NAME, message=lazy("That is too long: at most 200 characters."))],
        render_kw={"autocomplete": "off", "required": True},
    )
    place = HiddenField()

    def validate_name(self, field: StringField) -> None:
        """Refuse a name without a letter, which everybody's would have."""
        if not name_search.words_of(field.data or ""):
            raise ValidationError(_("Please type a name, or a part of it."))


@bp.get("")
@open_to(Who.VIEWERS)
def dashboard(slug: str) -> Response:
    """Show the petition's numbers, all read in one snapshot."""
    petition = petition_here()
    petition_id, since, now = petition.id, petition.opened_at or clock.now(), clock.now()
    step = Step(request.args["by"]) if request.args.get("by") in set(Step) else default_step(since, now)
    exact = may(Who.EDITORS)
    with snapshot():
        current_numbers = numbers(petition_id, exact=exact)
        countries_and_languages = places(petition_id, exact=exact)
        confirmation_delays = delays(petition_id, exact=exact)
        chosen = choices(petition_id, exact=exact)
        last_days = lately(petition_id, now)
        # Viewers could make a burst of their own about a form that they sent in another person's name.
        suspected_number = number_suspected(petition_id) if exact else 0
        # A viewer who knows of an address would see by these whether it got news, or wants none any more.
        news = numbers_of_all(petition_id) if exact else None
        told = told_to_organisers(waits(db.session(), now))
        waiting_for = [one for one in told if one.until > now + WORTH_TELLING]
        curve = growth(petition_id, step, since, now, current_numbers.verified)
    return petition_page(
        "watching/dashboard.html",
        "dashboard",
        numbers=current_numbers,
        places=countries_and_languages,
        delays=confirmation_delays,
        choices=chosen,
        lately=last_days,
        news=news,
        goal=next_goal(current_numbers.verified, petition.goal),
        suspected=suspected_number,
        growth=curve,
        waits=waiting_for,
        by=step,
        as_of=now,
        charts=charts,
        words=words,
    )


@bp.get("/numbers.json")
@open_to(Who.VIEWERS)
def numbers_json(slug: str) -> Response:
    """Send the current numbers to the dashboard's script."""
    petition_id = petition_here().id
    with snapshot():
        current = numbers(petition_id, exact=may(Who.EDITORS))
        last_days = lately(petition_id, clock.now())
    return headers.no_store(jsonify(asdict(current) | asdict(last_days)))


@bp.get("/signatures")
@open_to(Who.EDITORS, fresh=True)
def signatures(slug: str) -> Response:
    """List signatures, fifty a page, newest first."""
    try:
        chosen = selection.read_selection(request.args)
        cursor = Cursor.decode(request.args["from"]) if request.args.get("from") else None
    except (selection.NotASelection, BadCursor):
        abort(404, _("There is no such list. Please choose from the filter on the page."))
    petition = petition_here()
    trace.trace_list(petition.id, me().id, chosen)
    return _list(petition, chosen, listing.list_page(petition.id, chosen, cursor), FindForm())


@bp.post("/signatures/find")
@open_to(Who.EDITORS, fresh=True)
def find(slug: str) -> Response:
    """Show the signature of a mailbox, found by its keyed hash, or a message that there is none."""
    petition, form = petition_here(), FindForm()
    if not form.validate():
        trace.trace_list(petition.id, me().id, Selection())
        return _list(petition, Selection(), listing.list_page(petition.id, Selection()), form, 422)
    trace.trace_search(petition.id, me().id)
    key = email_key(petition, canonical(form.email.address()))
    found = listing.find_by_mailbox(petition.id, key)
    return _list(
        petition, Selection(), listing.SignatureListPage([found] if found else [], None, None), form, looked_for=True
    )


@bp.post("/signatures/find-by-name")
@open_to(Who.EDITORS, fresh=True)
def find_by_name(slug: str) -> Response:
    """Show the signatures by people of a name that were found so far, with a button to read on."""
    petition, form = petition_here(), NameForm()
    if not form.validate():
        trace.trace_list(petition.id, me().id, Selection())
        first = listing.list_page(petition.id, Selection())
        return _list(petition, Selection(), first, FindForm(formdata=None), 422, name_form=form)
    if not form.place.data:
        trace.trace_search(petition.id, me().id, by="name")
    try:
        found = name_search.search(petition, me(), form.name.data, form.place.data)
    except BadCursor:
        abort(404, _("There is no such list. Please choose from the filter on the page."))
    page = listing.SignatureListPage(found.rows, None, None)
    return _list(petition, Selection(), page, FindForm(formdata=None), looked_for=True, name_form=form, search=found)


@bp.get("/signatures/<entry>")
@open_to(Who.EDITORS, fresh=True)
def signature(slug: str, entry: str) -> Response:
    """Show one signature, with the acts on it."""
    petition = petition_here()
    try:
        row = listing.find_signature(petition.id, selection.entry_id(entry))
    except selection.NotASelection:
        abort(404)
    if row is None:
        abort(404)
    trace.trace_list(petition.id, me().id, Selection())
    return petition_page("watching/signature.html", "signatures", row=row, form=OrganiserForm(), words=words)


def _list(
    petition: Petition,
    chosen: Selection,
    page: listing.SignatureListPage,
    find_form: FindForm,
    status: int = 200,
    *,
    looked_for: bool = False,
    name_form: NameForm | None = None,
    search: NameSearch | None = None,
) -> Response:
    return petition_page(
        "watching/signatures.html",
        "signatures",
        status,
        page=page,
        chosen=chosen,
        filter_form=FilterForm(formdata=None, data={"country": chosen.country}),
        find_form=find_form,
        name_form=name_form or NameForm(formdata=None),
        is_slow_by_name=name_search.number_to_read(petition.id) > name_search.SLOW_FROM,
        looked_for=looked_for,
        search=search,
        states=State,
        words=words,
    )
