"""News for organisers: writing it, a test of it, and how far it has come."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug import Response

from app import clock
from app.db import db, transaction
from app.models import News, NewsState, Organiser, OutboxRow
from app.organisers.access import Who, may, me, open_to, petition_here
from app.organisers.forms import OrganiserForm
from app.organisers.pages import petition_page
from app.outbox.waits import WORTH_TELLING, Wait, told_of_news, waits
from app.petitions.markdown import to_html
from app.petitions.news_numbers import numbers_of
from app.petitions.page import languages_of
from app.updates import send, write
from app.updates.forms import NewsForm, news_form, revision_in
from app.updates.trial import as_listed, queue_test
from app.watching.shares import choices
from app.web import body_size, rate_limits
from app.web.rate_limits import Action

bp = Blueprint("updates", __name__, url_prefix="/organise/petitions/<slug:slug>")
# 20,000 characters of up to four bytes in each of many languages, and a form sends each byte as three (%F0).
LONG_TEXTS = 3 * body_size.MIB


@bp.get("/news")
@open_to(Who.EDITORS)
def list_news(slug: str) -> Response:
    """List all news of the petition, with its numbers."""
    petition = petition_here()
    found = write.all_news(petition.id)
    titles = write.titles_of(petition.id)
    numbers = numbers_of(found)
    agreed = choices(petition.id, exact=True).updates
    return petition_page(
        "updates/list.html", "news", found=found, titles=titles, numbers=numbers, agreed=agreed, form=OrganiserForm()
    )


@bp.post("/news")
@open_to(Who.EDITORS)
def begin(slug: str) -> Response:
    """Begin a draft, and lead to it."""
    try:
        number = write.begin_news(petition_here().id, me().id)
    except write.TooManyDrafts:
        words = _("There are %(most)d drafts already. Please send or delete one of them first.", most=write.MAX_DRAFTS)
        flash(words, "warning")
        return redirect(url_for(".list_news", slug=slug), 303)
    return redirect(url_for(".news", slug=slug, nth=number), 303)


@bp.get("/news/<int:nth>")
@open_to(Who.EDITORS)
def news(slug: str, nth: int) -> Response:
    """Show a draft's form with what it looks like, or how far the sending has come."""
    return news_page(news_here(nth))


@bp.post("/news/<int:nth>")
@open_to(Who.EDITORS)
@body_size.max_body_size(LONG_TEXTS)
def save(slug: str, nth: int) -> Response:
    """Save a draft, and then send a test of it or lead on to sending it, if that was pressed."""
    found = news_here(nth)
    form = _form(found)
    if not form.validate():
        return news_page(found, form, 422)
    try:
        revision = revision_in(form.revision.data)
        is_outcome = bool(form.is_outcome.data)
        write.save_news(petition_here().id, me().id, nth, revision, form.texts(), is_outcome=is_outcome)
    except write.ChangedMeanwhile:
        form.form_errors.append(
            _("Somebody else has saved this after you opened it. Copy what you wrote, and open the page anew.")
        )
        return news_page(found, form, 409)
    except write.NotADraft:
        flash(_("It cannot be changed any more: it is being sent."), "warning")
        return redirect(url_for(".news", slug=slug, nth=nth), 303)
    then = request.form.get("then")
    if then == "send":
        return redirect(url_for("sending_news.ask", slug=slug, nth=nth), 303)
    if then == "test":
        _send_test(found)
    else:
        flash(_("Saved."), "info")
    return redirect(url_for(".news", slug=slug, nth=nth), 303)


@bp.post("/news/<int:nth>/delete")
@open_to(Who.EDITORS)
def delete(slug: str, nth: int) -> Response:
    """Delete a draft."""
    try:
        write.delete_news(petition_here().id, me().id, nth)
    except write.NotADraft:
        return redirect(url_for(".news", slug=slug, nth=nth), 303)
    flash(_("The draft is deleted."), "info")
    return redirect(url_for(".list_news", slug=slug), 303)


def news_here(number: int) -> News:
    """Return the news of this number of the petition of this request; 404 if there is none."""
    return write.find_news(petition_here().id, number) or abort(404)


def news_page(found: News, form: NewsForm | None = None, status: int = 200, **context: object) -> Response:
    """Return the page of news, as its state calls for."""
    petition = petition_here()
    texts = {text.language: text for text in write.texts_of(found)}
    is_draft = found.state == NewsState.DRAFT
    template = "updates/ask.html" if context.get("is_asking") else "updates/draft.html"
    return petition_page(
        template if is_draft else "updates/sending.html",
        "news",
        status,
        news=found,
        form=form or (_form(found) if is_draft else OrganiserForm()),
        texts=texts,
        listed={tag: as_listed(petition, found.number, [*texts.values()], tag) for tag in texts},
        untold=[tag for tag in languages_of(petition) if tag not in texts] if petition.language in texts else [],
        prose={tag: to_html(text.body) for tag, text in texts.items()},
        original=texts.get(petition.language),
        numbers=numbers_of([found])[found.id],
        agreed=choices(petition.id, exact=True).updates,
        waits=_waits(found),
        is_due=found.due_at is not None and found.due_at <= clock.now(),
        asked_by=_introduced(found.asked_by),
        is_closed=write.is_closed(petition),
        may_consent=may(Who.OWNERS) and send.may_consent(found, me().id),
        **context,
    )


def _introduced(organiser_id: int | None) -> str:
    """Return an organiser's name and address; empty for nobody, and for whose account was ended."""
    organiser = db.session.get(Organiser, organiser_id) if organiser_id else None
    return organiser.introduced if organiser else ""


def _waits(found: News) -> list[Wait]:
    """Return what the e-mails of this news wait for, if it is worth telling."""
    if found.state != NewsState.SENDING:
        return []
    now = clock.now()
    told = told_of_news(waits(db.session(), now, OutboxRow.news_id == found.id))
    return [one for one in told if one.until > now + WORTH_TELLING]


def _send_test(found: News) -> None:
    """Send the news to whoever asks for it, in each language that it is written in."""
    texts = write.texts_of(found)
    if not texts:
        flash(_("Saved. There is no text to send yet."), "warning")
    elif rate_limits.hit_one(Action.TEST_NEWS, me().public_id):
        flash(_("You have had many test e-mails today. Please wait a day."), "warning")
    else:
        with transaction() as session:
            for text in texts:
                queue_test(session, me(), found, text.language, clock.now())
        flash(_("A test e-mail is on its way to you. The links in it lead nowhere."), "info")


def _form(found: News) -> NewsForm:
    texts = {text.language: text for text in write.texts_of(found)}
    petition = petition_here()
    of_petition = languages_of(petition)
    # A text in a language that was taken back stays until somebody empties it.
    languages = [*of_petition, *(tag for tag in texts if tag not in of_petition)]
    return news_form(languages, texts, is_discreet=petition.discreet)(
        data={"revision": found.revision, "is_outcome": found.is_outcome}
    )
