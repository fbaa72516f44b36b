"""The base of all forms that signers and visitors fill in, and how what they send is read."""

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

        def wrap_formdata(self, form: FlaskForm, formdata: object) -> object:
            """Read text alone: a file or JSON in the place of a text is no answer to any question of ours."""
            return None if formdata is None else request.form


class FormParser(FormDataParser):
    """Reads a form whose bytes are not UTF-8 with U+FFFD in their place, for the form to refuse and show.

    Werkzeug's own leaves them as `%F6`, which nobody typed, or drops the whole form.
    """

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> tuple[IO[bytes], MultiDict[str, Any], MultiDict[str, Any]]:
        if mimetype != "application/x-www-form-urlencoded":
            return super().parse(stream, mimetype, content_length, options)
        pairs = parse_qsl(stream.read().decode(errors="replace"), keep_blank_values=True, errors="replace")
        return stream, self.cls(pairs), self.cls()


class Request(flask.Request):
    """A request whose form is read by `Parser`, and whose query is ASCII.

    Bytes that are none are written `%C3` in it: some programs send them as they are, and Werkzeug fails on those.
    """

    form_data_parser_class = FormParser

    def __init__(self, environ: "WSGIEnvironment", populate_request: bool = True, shallow: bool = False) -> None:
        super().__init__(environ, populate_request, shallow)
        self.query_string = quote_from_bytes(self.query_string, safe=ASCII).encode()
