"""The form of a piece of news, with fields for each language of its petition."""

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, Field, HiddenField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from app.models import NewsText
from app.organisers.forms import OrganiserForm
from app.petitions.markdown import is_too_complex
from app.updates.write import Written
from app.web.language import display_name
from app.web.typed_text import tidy_line, tidy_markdown

MAX_TITLE = 200
MAX_BODY = 20_000
MAX_LINK = 2_000
MAX_DIGITS = 10  # of a number that is kept as one


class NewsForm(OrganiserForm):
    """What all of these forms have. `revision` is that of the draft when the page was opened."""

    languages: tuple[str, ...] = ()
    revision = HiddenField()
    is_outcome = BooleanField(lazy("This is what became of the petition: let it stand at the top of its page"))

    def title_in(self, language: str) -> Field:
        """Return the field of the title in a language."""
        return self[f"title_{language}"]

    def body_in(self, language: str) -> Field:
        """Return the field of the text in a language."""
        return self[f"body_{language}"]

    def called(self) -> dict[str, str]:
        """Return what the summary of errors calls each field, if there is one for each of several languages."""
        if len(self.languages) < 2:
            return {}
        titles = {f"title_{tag}": f"{display_name(tag)}, {_('Title')}" for tag in self.languages}
        return titles | {f"body_{tag}": f"{display_name(tag)}, {_('Text')}" for tag in self.languages}

    def texts(self) -> dict[str, Written]:
        """Return a valid form's texts, by language."""
        fields = {tag: (self.title_in(tag).data, self.body_in(tag).data) for tag in self.languages}
        return {tag: Written(title, body) for tag, (title, body) in fields.items() if title or body}

    def validate(self, extra_validators: object = None) -> bool:
        """Check each field, and that no language has a title without a text or the other way round."""
        is_valid = bool(super().validate(extra_validators))
        for tag in self.languages:
            title, body = self.title_in(tag), self.body_in(tag)
            for field, other in ((title, body), (body, title)):
                if other.data and not field.data and not field.errors:
                    field.errors = [_("Please write this too, or leave both empty.")]
                    is_valid = False
        return is_valid


def revision_in(typed: str | None) -> int:
    """Return the revision that a form was made for; -1, which none has, if it says no number."""
    return int(typed) if typed and typed.isdecimal() and len(typed) <= MAX_DIGITS else -1


def news_form(languages: Sequence[str], texts: Mapping[str, NewsText], *, is_discreet: bool) -> type[NewsForm]:
    """Return the form for these languages, filled in with these texts."""
    fields: dict[str, object] = {"languages": tuple(languages)}
    for tag in languages:
        said = texts.get(tag)
        fields[f"title_{tag}"] = StringField(
            lazy("Title") if is_discreet else lazy("Title, which is the subject of the e-mail"),
            [Length(max=MAX_TITLE, message=lazy("That is too long: at most 200 characters."))],
            filters=[tidy_line],
            default=said.title if said else "",
            render_kw={"maxlength": MAX_TITLE},
        )
        fields[f"body_{tag}"] = TextAreaField(
            lazy("Text"),
            [_check_markdown],
            filters=[tidy_markdown],
            default=said.body if said else "",
            render_kw={"rows": 12},
        )
    return type("NewsFormInLanguages", (NewsForm,), fields)


def _check_markdown(form: NewsForm, field: TextAreaField) -> None:
    """Refuse what is too long, or would be slow to lay out, or has a link that mail programs would break."""
    words = field.data or ""
    if len(words) > MAX_BODY:
        raise ValidationError(_("That is too long: at most %(most)d characters.", most=MAX_BODY))
    if any(len(word) > MAX_LINK for word in words.split()):
        raise ValidationError(_("A link or word in it is too long: at most %(most)d characters.", most=MAX_LINK))
    if is_too_complex(words):
        raise ValidationError(_("There is more formatting in it than can be shown. Please simplify it."))
