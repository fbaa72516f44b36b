"""The base of all forms that signers and visitors fill in, and how what they send is read."""

from typing import IO, Any
from urllib.parse import parse_qsl

import flask
from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from werkzeug.formparser import FormDataParser


class Form(FlaskForm):  # type: ignore[misc]
    """A form without a session token: visitors get no cookie. Who may post is decided in app/web/origin.py."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Flask-WTF's settings."""

        csrf = False

        def wrap_formdata(self, form: FlaskForm, formdata: object) -> object:
            """Read text alone: a file or JSON in the place of a text is no answer to any question of ours."""
            return None if formdata is None else request.form


class Parser(FormDataParser):
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
    """A request whose form is read by `Parser`."""

    form_data_parser_class = Parser
