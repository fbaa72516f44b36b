"""The base class of forms for signers and visitors, and how request bodies are parsed."""

from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote_from_bytes

import flask
from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from werkzeug.formparser import FormDataParser

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

ASCII = bytes(range(128))


class Form(FlaskForm):  # type: ignore[misc]
    """A form without a session token: visitors get no cookie. Who may post is decided in app/web/csrf.py."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Flask-WTF's settings."""

        csrf = False

        def get_translations(self, form: FlaskForm) -> None:
            """Load none of WTForms' own: it would read a file for each request, and all our messages are ours."""

        def wrap_formdata(self, form: FlaskForm, formdata: object) -> object:
            """Read text fields alone: no form asks for a file or JSON."""
            return None if formdata is None else request.form


class FormParser(FormDataParser):
    """Parser that replaces bytes that are not UTF-8 by U+FFFD, so that the form can refuse and show them.

    Werkzeug's own leaves them as `%F6`, or drops the whole form.
    """

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> tuple[IO[bytes], MultiDict[str, Any], MultiDict[str, Any]]:
        if mimetype != "application/x-www-form-urlencoded":
            return super().parse(stream, mimetype, content_length, options)
        pairs = parse_qsl(stream.read().decode(errors="replace"), keep_blank_values=True, errors="replace")
        return stream, self.cls(pairs), self.cls()


class Request(flask.Request):
    """A request whose form is read by `FormParser`, and whose query is ASCII.

    Other bytes are percent-encoded: some programs send them as they are, and Werkzeug fails on those.
    """

    form_data_parser_class = FormParser

    def __init__(self, environ: "WSGIEnvironment", populate_request: bool = True, shallow: bool = False) -> None:
        super().__init__(environ, populate_request, shallow)
        self.query_string = quote_from_bytes(self.query_string, safe=ASCII).encode()
