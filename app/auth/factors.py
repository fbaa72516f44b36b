"""What people sign in with, kept as this site keeps it: sealed, usable once, on any device."""

import io
from typing import Any

import qrcode
from flask import abort, current_app
from flask_babel import gettext as _
from flask_security import SQLAlchemyUserDatastore, Totp, WebauthnUtil
from flask_security.proxies import _security as security
from markupsafe import Markup
from qrcode.image.svg import SvgPathImage
from sqlalchemy import update
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.db import db
from app.email.address import NotAnAddress, deliverable
from app.models import Organiser, Passkey
from app.organisers import accounts


class OrganiserDatastore(SQLAlchemyUserDatastore):  # type: ignore[misc]
    """Finds organisers although their addresses are sealed, and lets each code be used once."""

    def find_user(self, case_insensitive: bool = False, **by: Any) -> Organiser | None:
        """Return the organiser with this one attribute; by `email`, whoever has joined with that mailbox."""
        if "email" not in by:
            found: Organiser | None = super().find_user(case_insensitive, **by)
            return found
        try:
            organiser = accounts.find_account(db.session(), deliverable(by["email"]))
        except NotAnAddress:
            return None
        return organiser if organiser and organiser.joined_at else None

    def tf_set(
        self, user: Organiser, primary_method: str, totp_secret: str | None = None, phone: str | None = None
    ) -> None:
        """Keep a second factor; its secret has travelled encrypted, and is sealed with its row from here on."""
        plain = security.totp_factory.plain(totp_secret) if totp_secret else None
        super().tf_set(user, primary_method, plain)

    def mf_delete_recovery_code(self, user: Organiser, idx: int) -> bool:
        """Use up a recovery code, once: of two who send it at the same moment, the second finds it gone."""
        left = user.mf_recovery_codes
        if idx >= len(left):
            return False
        before = user.sealed_recovery_codes
        del left[idx]
        user.mf_recovery_codes = left
        self._replace(user, Organiser.sealed_recovery_codes == before, sealed_recovery_codes=user.sealed_recovery_codes)
        return True

    def use_counter(self, user: Organiser, counter: int) -> None:
        """Use up the code of an authenticator app: neither it nor an older one opens anything again."""
        newer = Organiser.totp_counter.is_(None) | (Organiser.totp_counter < counter)
        self._replace(user, newer, totp_counter=counter)

    def _replace(self, user: Organiser, unless_used: Any, **columns: Any) -> None:
        db.session.expire(user, list(columns))
        mine = (Organiser.id == user.id) & unless_used
        used = update(Organiser).where(mine).values(**columns).returning(Organiser.id)
        if db.session.execute(used.execution_options(synchronize_session=False)).first() is None:
            abort(409, _("This code has just been used. Please start again with a new one."))


class AuthenticatorCodes(Totp):  # type: ignore[misc]
    """Codes of an authenticator app (RFC 6238), none of which works twice.

    A secret that is being set up travels through the browser encrypted, as Flask-Security does it; see `tf_set`.
    """

    def plain(self, secret: str) -> str:
        """Return a secret as it is kept: in the clear, for `Organiser` to seal."""
        return str(self._totp.from_source(secret).to_json(encrypt=False))

    def generate_qrcode(self, username: str, totp: str) -> Markup:
        """Return the QR code that hands the secret to the app, as SVG inside the page: `data:` is forbidden there."""
        image = qrcode.make(self.get_totp_uri(username, totp), image_factory=SvgPathImage, border=4)
        with io.BytesIO() as file:
            image.save(file)
            svg = file.getvalue().decode()
        return Markup(svg[svg.index("<svg") :])  # noqa: S704 - drawn here, it holds one path and no text

    def get_last_counter(self, user: Organiser) -> int | None:
        """Return the number of the last code that was used."""
        return user.totp_counter

    def set_last_counter(self, user: Organiser, tmatch: Any) -> None:
        """Use up a code."""
        datastore.use_counter(user, tmatch.counter)


class Passkeys(WebauthnUtil):  # type: ignore[misc]
    """What is asked of passkeys: of the only factor, that it asks for finger, face or PIN; a phone's own is welcome."""

    def origin(self) -> str:
        """Return the site's address, whatever the Host header says."""
        base_url: str = current_app.config["BASE_URL"]
        return base_url

    def authenticator_selection(self, user: Organiser, usage: str) -> AuthenticatorSelectionCriteria:
        """Return what a new passkey must be able to do."""
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,  # it finds its account by itself: nobody types an address
            user_verification=self.user_verification(user, [usage]),
        )

    def user_verification(self, user: Organiser | None, usage: list[str]) -> UserVerificationRequirement:
        """Return whether the passkey must ask who holds it."""
        alone = "secondary" not in usage
        return UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.DISCOURAGED


datastore = OrganiserDatastore(db, Organiser, None, Passkey)
