"""What an organiser does next with a petition: one sentence and one button, for the overview and the dashboard."""

from typing import NamedTuple

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import exists, select

from app import clock
from app.db import db
from app.ledger import ledger
from app.models import HandOver, Petition
from app.models.petition import Standing
from app.organisers.access import Who, may, me, petition_here
from app.petition_files.stored import as_file
from app.publishing import opening
from app.watching.numbers import number_suspected

# What a draft must say, in the order in which it is written: where, and in which words it is asked for.
TO_WRITE = {
    "title": ("editing.words", lazy("Next, give it a title.")),
    "statement": ("editing.words", lazy("Next, write what people sign.")),
    "started_by": ("editing.details", lazy("Next, say who started it.")),
    "addressed_to": ("editing.trust", lazy("Next, say to whom it goes: who gets the list.")),
    "contact": ("editing.trust", lazy("Next, say where signers can write to.")),
    "erase_after_days": ("editing.trust", lazy("Next, say how long the signers' data is kept.")),
    "controller": ("editing.trust", lazy("Next, say who answers for the signers' data.")),
}


MANY_SUSPECTED = 10  # a few are people who were quick


class NextStep(NamedTuple):
    """A sentence that says what is to be done, and the button that leads there: its words and its address, or none."""

    sentence: str
    button: str = ""
    address: str = ""


def next_step() -> NextStep:
    """Return what the signed-in organiser does next with the petition of this page."""
    petition = petition_here()
    standing = petition.standing(clock.now())
    if standing == Standing.DRAFT:
        return _of_draft(petition)
    return _of_open(petition) if standing == Standing.OPEN else _of_closed(petition)


def _of_draft(petition: Petition) -> NextStep:
    missing = as_file(db.session(), petition).missing()
    preview = url_for("publishing.preview", slug=petition.slug)
    if not may(Who.EDITORS):
        return NextStep(_("It is being written. You can read what there is so far."), _("Look at it"), preview)
    for key, (place, sentence) in TO_WRITE.items():
        if key in missing:
            return NextStep(str(sentence), _("Fill it in"), url_for(place, slug=petition.slug))
    if not may(Who.OWNERS):
        return NextStep(
            _("All is said. Look at it as visitors will; then an owner can open it."), _("Look at it"), preview
        )
    if not opening.may_open(me()):
        return NextStep(
            _("All is said. Ask an administrator of this site to let you open petitions; only then can it be signed."),
            _("Look at it"),
            preview,
        )
    to_open = url_for("opening.ask_to_open", slug=petition.slug)
    return NextStep(_("All is said. Look at it as visitors will, and open it."), _("Open the petition"), to_open)


def _of_open(petition: Petition) -> NextStep:
    page = url_for("pages.petition", slug=petition.slug)
    suspected = number_suspected(petition.id) if may(Who.EDITORS) else 0
    if suspected >= MANY_SUSPECTED:
        looked_at = url_for("watching.signatures", slug=petition.slug, state="verified", clue="any")
        return NextStep(_("Some signatures look as if a program had sent them."), _("Look at them"), looked_at)
    if not ledger.read_count(petition.id).verified:
        return NextStep(_("It can be signed. Sign it yourself first, and see what others see."), _("Sign it"), page)
    if petition.discreet:
        return NextStep(_("Give its address to those whom you trust; it is listed nowhere."), _("See its page"), page)
    share = url_for("sharing.share", slug=petition.slug)
    return NextStep(_("It lives by being passed on: send it to those who care."), _("Tell others"), share)


def _of_closed(petition: Petition) -> NextStep:
    page = url_for("pages.petition", slug=petition.slug)
    has_list = petition.erased_at is None and ledger.read_count(petition.id).verified > 0
    since_closing = exists().where(HandOver.petition_id == petition.id, HandOver.at >= petition.closes_at)
    handed_over = db.session.scalar(select(since_closing))
    if may(Who.EDITORS) and has_list and not handed_over:
        to_export = url_for("export.choose", slug=petition.slug)
        return NextStep(
            _("Signing has ended. Hand the list over to whom it is for."), _("Hand over the list"), to_export
        )
    if may(Who.EDITORS) and not petition.outcome:
        to_outcome = url_for("editing.outcome", slug=petition.slug)
        return NextStep(
            _("Signing has ended. Once it is known, tell everyone what became of it."), _("Fill it in"), to_outcome
        )
    return NextStep(_("Signing has ended. Its page stays, with the count."), _("See its page"), page)
