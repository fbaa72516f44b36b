"""The form field for an e-mail address, the same in every form."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wtforms import Field, StringField
from wtforms.validators import ValidationError

from app.email.address import MAX_ADDRESS_LENGTH, NotAnAddress, deliverable
from app.normal_form import normalized, without_unseen

# What keyboards and programs make of the apostrophe in o'brien@, and of the at sign.
AS_MEANT = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "＇": "'", "＠": "@", **dict.fromkeys("\u061c\u200c\u200d\u200e\u200f", "")}
)


def tidy_address(text: str | None) -> str:
    """Return what was typed without what copied text brings along: spaces around it, and what cannot be seen."""
    return without_unseen(normalized("NFC", text or "")).translate(AS_MEANT).strip()


class AddressField(StringField):  # type: ignore[misc]
    """Field for an e-mail address; refuses one that no e-mail can be sent to, with the message `invalid`.

    Not of the type `email`: browsers send another domain for one with an ß, which may be a stranger's (IDNA 2003).
    """

    def __init__(
        self,
        label: object = "",
        validators: Iterable[Callable[[Any, Field], None]] = (),
        *,
        invalid: object,
        filters: Iterable[Callable[[Any], Any]] = (),
        render_kw: Mapping[str, object] | None = None,
        **options: Any,
    ) -> None:
        shown = {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false", **(render_kw or {})}
        checks = [*validators, Deliverable(invalid)]
        super().__init__(label, checks, filters=[*filters, tidy_address], render_kw=shown, **options)
        self._read: tuple[str, str] | None = None

    def address(self) -> str:
        """Return what was typed in the form that mail servers take; raise NotAnAddress if that is no address."""
        typed = self.data or ""
        if self._read is None or self._read[0] != typed:  # several validators ask, and reading it takes long
            self._read = (typed, deliverable(typed))
        return self._read[1]


class Deliverable:
    """Validator: refuses an address that no e-mail can be sent to; sets the browser's `maxlength`."""

    field_flags = {"maxlength": MAX_ADDRESS_LENGTH}  # noqa: RUF012 - WTForms reads it from the validator

    def __init__(self, message: object) -> None:
        self.message = message

    def __call__(self, form: object, field: AddressField) -> None:
        try:
            field.address()
        except NotAnAddress:
            raise ValidationError(self.message) from None
