"""The base of all forms that signers and visitors fill in."""

from flask_wtf import FlaskForm


class Form(FlaskForm):  # type: ignore[misc]
    """A form without a session token: visitors get no cookie. Who may post is decided in app/web/origin.py."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Flask-WTF's settings."""

        csrf = False
