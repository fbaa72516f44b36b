"""The start page, and a petition's page."""

from flask import Blueprint, abort, make_response, render_template
from werkzeug import Response

from app.petitions import page
from app.petitions.markdown import to_html
from app.signing.forms import SignForm
from app.web import headers, language

bp = Blueprint("petitions", __name__)


@bp.get("/")
def start() -> Response:
    """List the petitions that can be signed now."""
    open_now = [(petition, text, page.progress(petition)) for petition, text in page.open_petitions()]
    return headers.shared(make_response(render_template("petitions/start.html", petitions=open_now)))


@bp.get("/petitions/<slug:slug>")
@bp.get("/petitions/<slug:slug>/<language:lang>")
def show(slug: str, lang: str | None = None) -> Response:
    """Show a petition with its sign form: the same bytes for everyone."""
    edition = page.find(slug, lang)
    if edition is None:
        abort(404)
    language.speak(edition.language)
    form = SignForm.blank(edition)
    html = render_template(
        "petitions/petition.html",
        edition=edition,
        petition=edition.petition,
        text=edition.text,
        body=to_html(edition.text.body),
        privacy=to_html(edition.notice.more),
        progress=page.progress(edition.petition),
        names=page.latest_names(edition.petition),
        form=form,
    )
    return headers.shared(make_response(html))
