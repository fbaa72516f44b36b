"""Mistyped domains: those that are one slip of the finger from a common provider's."""

from functools import lru_cache
from os.path import commonprefix

from app.email.domain import PUBLIC_PROVIDERS, domain_of

# The providers that most people use, as of November 2026. Names of fewer than four letters are left out, as too many
# honest domains are one slip from them.
COMMON = """
    gmail.com googlemail.com outlook.com outlook.de outlook.fr hotmail.com hotmail.co.uk hotmail.de hotmail.es
    hotmail.fr hotmail.it live.com yahoo.com yahoo.co.uk yahoo.de yahoo.es yahoo.fr yahoo.it icloud.com proton.me
    protonmail.com fastmail.com t-online.de freenet.de posteo.de mailbox.org yandex.ru yandex.com rambler.ru seznam.cz
    centrum.cz interia.pl freemail.hu citromail.hu libero.it orange.fr wanadoo.fr laposte.net bluewin.ch telia.com
    comcast.net verizon.net bigpond.com naver.com hanmail.net rediffmail.com
""".split()  # noqa: SIM905 - a list of words is easier to read and to sort so


def probably_meant(address: str) -> str | None:
    """Return the address that was probably meant by a deliverable one, or None if it looks right.

    It goes by the domain alone: that is no provider's, and one slip from a common one's.
    """
    local, _, _ = address.rpartition("@")
    meant = _meant_domain(domain_of(address))
    return f"{local}@{meant}" if meant else None


@lru_cache(maxsize=1024)
def _meant_domain(domain: str) -> str | None:
    if domain in PUBLIC_PROVIDERS:
        return None
    return next((common for common in COMMON if _is_one_slip(domain, common)), None)


def _is_one_slip(typed: str, meant: str) -> bool:
    """Tell whether one letter is missing, too many or another one, or two neighbours have changed places."""
    begin = len(commonprefix([typed, meant]))  # noqa: RUF071 - letters are what is compared
    typed, meant = typed[begin:], meant[begin:]
    end = len(commonprefix([typed[::-1], meant[::-1]]))  # noqa: RUF071
    typed, meant = typed[: len(typed) - end], meant[: len(meant) - end]
    return max(len(typed), len(meant)) == 1 or (len(typed) == len(meant) == 2 and typed == meant[::-1])
