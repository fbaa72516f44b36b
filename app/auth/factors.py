"""Adapters for Flask-Security: sealed addresses and secrets, single-use codes, and passkeys."""

import io
import logging
from typing import Any

import qrcode
from flask import abort, current_app
from flask_babel import gettext as _
from flask_security import SQLAlchemyUserDatastore, Totp, WebauthnUtil
from flask_security.proxies import _security as security
from flask_security.webauthn import WebAuthnTfPlugin
from markupsafe import Markup
from passlib.totp import TOTP  # type: ignore[import-untyped]
from qrcode.image.svg import SvgPathImage
from sqlalchemy import update
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.crypto import tokens
from app.db import db
from app.email.address import NotAnAddress, deliverable
from app.models import Organiser, Passkey
from app.organisers import accounts

log = logging.getLogger(__name__)


class OrganiserDatastore(SQLAlchemyUserDatastore):  # type: ignore[misc]
    """Flask-Security's datastore, with sealed addresses, codes that can be used once, and no altered accounts."""

    def find_user(self, case_insensitive: bool = False, **attributes: Any) -> Organiser | None:
        """Return the organiser with this attribute; by `email`, only one who has joined."""
        organiser: Organiser | None = self._find(case_insensitive, **attributes)
        if organiser is None or organiser.is_genuine:
            return organiser
        log.error("account %s was altered in the database, and stays shut", organiser.public_id.hex())
        return None

    def _find(self, case_insensitive: bool, **attributes: Any) -> Organiser | None:
        if "email" not in attributes:
            found: Organiser | None = super().find_user(case_insensitive, **attributes)
            return found
        try:
            organiser = accounts.find_account(db.session(), deliverable(attributes["email"]))
        except NotAnAddress:
            return None
        return organiser if organiser and organiser.joined_at else None

    def find_user_from_webauthn(self, webauthn: Passkey) -> Organiser | None:
        """Return the owner of a passkey, unless that was altered in the database."""
        return self.find_user(id=webauthn.user_id) if webauthn.is_genuine else None

    def create_webauthn(self, user: Organiser, **columns: Any) -> None:
        """Store a new passkey, bound to its owner, whose invitation ends with it."""
        if user.invited_until is not None:
            user.end_invitation()
        super().create_webauthn(user, owner=user.public_id, **columns)

    def tf_set(
        self, user: Organiser, primary_method: str, totp_secret: str | None = None, phone: str | None = None
    ) -> None:
        """Store a second factor; the secret arrives encrypted by Flask-Security, and is sealed in the row instead."""
        plain = security.totp_factory.plain(totp_secret) if totp_secret else None
        super().tf_set(user, primary_method, plain)

    def mf_delete_recovery_code(self, user: Organiser, idx: int) -> bool:
        """Use up a recovery code; of two requests with the same code at once, the second gets a 409."""
        codes = user.mf_recovery_codes
        if idx >= len(codes):
            return False
        before = user.sealed_recovery_codes
        del codes[idx]
        user.mf_recovery_codes = codes
        self._compare_and_set(
            user, Organiser.sealed_recovery_codes == before, sealed_recovery_codes=user.sealed_recovery_codes
        )
        return True

    def use_counter(self, user: Organiser, counter: int) -> None:
        """Use up the code of an authenticator app, and all older ones."""
        newer = Organiser.totp_counter.is_(None) | (Organiser.totp_counter < counter)
        self._compare_and_set(user, newer, totp_counter=counter)

    def _compare_and_set(self, user: Organiser, is_unused: Any, **columns: Any) -> None:
        db.session.expire(user, list(columns))
        condition = (Organiser.id == user.id) & is_unused
        used = update(Organiser).where(condition).values(**columns).returning(Organiser.id)
        if db.session.execute(used.execution_options(synchronize_session=False)).first() is None:
            abort(409, _("This code has just been used. Please start again with a new one."))


class AuthenticatorCodes(Totp):  # type: ignore[misc]
    """Codes of an authenticator app (TOTP, RFC 6238), each of which works once.

    During the set-up the secret passes through the browser, encrypted by Flask-Security; see `tf_set`.
    """

    def __init__(self, secrets: dict[str, str], issuer: str) -> None:
        self._issuer = issuer

    @property
    def _totp(self) -> type[TOTP]:
        """Passlib's factory; what encrypts on the way is derived when it is used, as the database is needed."""
        on_its_way = {"1": tokens.keyed_hash("totp-on-its-way", "").hex()}
        factory: type[TOTP] = TOTP.using(issuer=self._issuer, secrets=on_its_way)
        return factory

    def plain(self, secret: str) -> str:
        """Return a secret in plain text, for `Organiser` to seal."""
        return str(self._totp.from_source(secret).to_json(encrypt=False))

    def generate_qrcode(self, username: str, totp: str) -> Markup:
        """Return the QR code with the secret for the app, as inline SVG: the policy forbids `data:` images."""
        image = qrcode.make(self.get_totp_uri(username, totp), image_factory=SvgPathImage, border=4)
        with io.BytesIO() as file:
            image.save(file)
            svg = file.getvalue().decode()
        return Markup(svg[svg.index("<svg") :])  # noqa: S704 - made here, with one path and no text

    def get_last_counter(self, user: Organiser) -> int | None:
        """Return the counter (RFC 6238) of the last used code."""
        return user.totp_counter

    def set_last_counter(self, user: Organiser, tmatch: Any) -> None:
        """Use up a code."""
        datastore.use_counter(user, tmatch.counter)


class Passkeys(WebauthnUtil):  # type: ignore[misc]
    """Passkey settings: one that signs in alone must verify its user; built-in authenticators are allowed."""

    def origin(self) -> str:
        """Return BASE_URL as the origin, never the Host header."""
        base_url: str = current_app.config["BASE_URL"]
        return base_url

    def authenticator_selection(self, user: Organiser, usage: str) -> AuthenticatorSelectionCriteria:
        """Return the requirements for a new passkey."""
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,  # discoverable: nobody types an address
            user_verification=self.user_verification(user, [usage]),
        )

    def authentication_options(
        self, user: Organiser | None, usage: list[str], existing_options: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the requirements for using a passkey; as the second step any of the account's passkeys will do."""
        options: dict[str, Any] = super().authentication_options(user, usage, existing_options)
        if user:
            options["allow_credentials"] = [
                PublicKeyCredentialDescriptor(
                    id=passkey.credential_id,
                    transports=[AuthenticatorTransport(one) for one in passkey.transports or []] or None,
                )
                for passkey in user.webauthn
            ]
        return options

    def user_verification(self, user: Organiser | None, usage: list[str]) -> UserVerificationRequirement:
        """Return whether the passkey must verify its user (finger, face or PIN).

        As the second step one that signs in alone has to as well: `PasskeyAnswerForm` sees to that.
        """
        if "secondary" not in usage:
            return UserVerificationRequirement.REQUIRED
        may_be_alone = user is not None and any(passkey.usage == "first" for passkey in user.webauthn)
        return UserVerificationRequirement.PREFERRED if may_be_alone else UserVerificationRequirement.DISCOURAGED


class PasskeyStep(WebAuthnTfPlugin):  # type: ignore[misc]
    """The second step by passkey: asked of whoever has any, also one that signs in alone.

    Or else a password, which whoever reads the mailbox can set, would be a weaker way into the same account.
    """

    def get_setup_methods(self, user: Organiser) -> list[tuple[str, str]]:
        """Return the method's name, twice, if the organiser has a passkey."""
        return [("webauthn", "webauthn")] if user.webauthn else []


datastore = OrganiserDatastore(db, Organiser, None, Passkey)
