"""Password reset: the page inserts one row for any address; the worker checks whether it belongs to an account.

So neither the response nor its time tells who has an account, and no link is stored in the database.
"""

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_security.recoverable import generate_reset_password_token
from werkzeug import Response

from app import clock
from app.auth.factors import datastore
from app.auth.settings import RESET_LINK_TTL
from app.crypto.tokens import Purpose, make_token
from app.db import db, transaction
from app.email.letter import Letter
from app.email.render import message, unsubscribe_headers
from app.models import OutboxRow
from app.organisers import letter
from app.organisers.forms import OrganiserAddressForm
from app.outbox import mailbox_limit, unwanted
from app.petitions.stop_link import stop_link
from app.web.absolute_url import absolute_url
from app.web.answers import private_page

FORGOTTEN = "forgotten password"


def forgot_password() -> Response:
    """Show the form that requests a new password, and queue the request."""
    form = OrganiserAddressForm()
    if request.method == "POST" and form.validate():
        with transaction() as session:
            letter.queue_request(session, FORGOTTEN, form.email.address(), clock.now())
        # Without the address: flashed messages are readable in the browser's cookie.
        flash(_("If this address belongs to an account, an e-mail with a link is on its way there."), "info")
        return redirect(url_for("security.forgot_password"), 303)
    return private_page("security/forgot_password.html", 422 if form.errors else 200, form=form)


def render_password_reset(row: OutboxRow) -> Letter | None:
    """Return the letter with the link, if the row is a request for one and the address has an account; else None."""
    fields = letter.unseal_fields(row, FORGOTTEN)
    organiser = datastore.find_user(email=fields[0]) if fields else None
    if organiser is None or not organiser.active:
        return None
    session = db.session()
    mailbox = unwanted.mailbox_of(session, organiser.email)
    since = unwanted.unwanted_since(session, mailbox)
    if since is not None and row.mailbox and mailbox_limit.was_written_to(session, row, [row.mailbox], since):
        return None  # one a day, which its reader can have asked for, as with letters to signers
    link = absolute_url("security.reset_password", token=generate_reset_password_token(organiser))
    no_more = stop_link(make_token(Purpose.UNSUBSCRIBE, mailbox), organiser.language)
    words = {"link": link, "until": clock.now() + RESET_LINK_TTL, "no_more_link": no_more}
    rendered = letter.render_for(organiser, "password_reset", **words)
    return message(row.public_id, organiser.email, rendered, headers=unsubscribe_headers(no_more))
