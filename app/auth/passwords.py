"""Which new passwords are accepted: those that nobody would guess soon, which is looked up offline by zxcvbn."""

import re
from threading import Lock

from flask import current_app
from flask_babel import gettext as _
from flask_security import PasswordUtil
from zxcvbn import zxcvbn

from app.models import Organiser
from app.normal_form import normalized
from app.organisers.forms import MAX_PASSWORD_LENGTH

LEAST_SCORE = 3  # of 0 to 4: a hundred million guesses
JUDGED_CHARACTERS = 24  # zxcvbn's time grows with their square, to seconds at 72; a good beginning is enough
OWN_WORD = re.compile(r"\w{3,}")
_one_at_a_time = Lock()  # zxcvbn keeps the own words of whom it judges in its module


class Passwords(PasswordUtil):  # type: ignore[misc]
    """Flask-Security's check of new passwords, with an upper limit, and without its warnings in English alone."""

    def normalize(self, password: str) -> str:
        """Return a password in the form that is hashed; Flask-Security asks for it before it looks at the length."""
        return normalized("NFKD", password)

    def validate(self, password: str, is_register: bool, *, user: Organiser) -> tuple[list[str] | None, str]:
        """Return what is wrong with a password that `user` wants, or None, and its normal form."""
        problems, normal = super().validate(password, is_register, user=user)
        if not problems and len(password) > MAX_PASSWORD_LENGTH:
            problems = [_("Please use 12 to 128 characters; some words in a row are fine.")]
        if not problems and _is_guessable(normal, f"{user.email} {current_app.config['SITE_NAME']}"):
            problems = [
                _(
                    "This password would be guessed soon: many people use one like it, or it is made of your address or"
                    " of this site's name. Please take some words in a row that have nothing to do with each other."
                )
            ]
        return problems, normal


def _is_guessable(password: str, about_them: str) -> bool:
    own_words = [*about_them.split(), *OWN_WORD.findall(about_them)]
    rest = password
    for word in sorted(own_words, key=len, reverse=True):  # in a row they would count as a phrase
        rest = re.sub(re.escape(word), "", rest, flags=re.IGNORECASE)
    if not rest:
        return True  # zxcvbn fails at nothing
    with _one_at_a_time:
        return int(zxcvbn(rest[:JUDGED_CHARACTERS], own_words)["score"]) < LEAST_SCORE
