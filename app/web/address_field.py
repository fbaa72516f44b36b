"""The form field for an e-mail address, the same in every form."""

from collections.abc import Callable, Iterable
from typing import Any

from wtforms import EmailField, Field
from wtforms.validators import ValidationError

from app.email.address import MAX_ADDRESS_LENGTH, NotAnAddress, deliverable


def strip(text: str | None) -> str:
    """Return `text` without the spaces around it, which often come with copied text."""
    return (text or "").strip()


class AddressField(EmailField):  # type: ignore[misc]
    """Field for an e-mail address; refuses one that no e-mail can be sent to, with the message `invalid`."""

    def __init__(
        self,
        label: object = "",
        validators: Iterable[Callable[[Any, Field], None]] = (),
        *,
        invalid: object,
        filters: Iterable[Callable[[Any], Any]] = (strip,),
        **options: Any,
    ) -> None:
        super().__init__(label, [*validators, Deliverable(invalid)], filters=filters, **options)
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
