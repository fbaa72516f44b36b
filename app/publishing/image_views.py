"""The page of a petition's header image."""

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug import Response as BaseResponse

from app.organisers.access import Who, me, open_to, petition_here
from app.organisers.pages import petition_page
from app.petitions import page
from app.petitions.image import BadImage, ImageSize, resize_image
from app.publishing.checked_fields import mistakes
from app.publishing.forms import ImageForm
from app.publishing.picture import keep_picture, remove_picture
from app.web import body_size, headers

bp = Blueprint("image", __name__, url_prefix="/organise/petitions/<slug:slug>/image")
MAX_UPLOAD_BYTES = 10 * body_size.MIB


@bp.get("")
@open_to(Who.EDITORS)
def show_image(slug: str) -> BaseResponse:
    """Show the image, and the form for another one."""
    return _page(ImageForm(formdata=None, data={"alt": petition_here().image_alt}))


@bp.post("")
@open_to(Who.EDITORS)
@body_size.max_body_size(MAX_UPLOAD_BYTES)
def save(slug: str) -> BaseResponse:
    """Save a new image, or a new text alternative for the present one."""
    form = ImageForm()
    is_valid = form.validate()
    sizes: list[ImageSize] = []
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        try:
            sizes = resize_image(upload.stream)
        except BadImage as bad:
            form.file.errors = [str(bad)]
    elif not petition_here().image_alt:
        form.file.errors = [_("Please choose an image file.")]
    if not is_valid or form.file.errors:
        return _page(form, 422)
    keep_picture(petition_here().id, sizes, form.alt.data, me().id)
    flash(_("Saved."), "info")
    return redirect(url_for(".show_image", slug=slug), 303)


@bp.post("/remove")
@open_to(Who.EDITORS)
def remove(slug: str) -> BaseResponse:
    """Remove the image."""
    remove_picture(petition_here().id, me().id)
    flash(_("The image is gone."), "info")
    return redirect(url_for(".show_image", slug=slug), 303)


@bp.get("/<digest>-<int(max=9999):width>.jpg")
@open_to(Who.VIEWERS)
def preview(slug: str, digest: str, width: int) -> BaseResponse:
    """Send the image to the petition's organisers, even of a draft."""
    data = None if "\0" in digest else page.image_data(slug, digest, width, drafts=True)
    return headers.no_store(Response(data or abort(404), mimetype="image/jpeg"))


def _page(form: ImageForm, status: int = 200) -> BaseResponse:
    petition = petition_here()
    return petition_page(
        "publishing/image.html",
        "petition",
        status,
        image=page.header_image(petition),
        form=form,
        wrong=list(mistakes(form)),
        most=MAX_UPLOAD_BYTES // body_size.MIB,
    )
