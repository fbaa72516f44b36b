"""E-mail addresses: is this one, how is it written to, and which mailbox does it reach."""

from collections.abc import Mapping

import idna
from email_validator import EmailNotValidError, validate_email

MAX_ADDRESS_LENGTH = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


class NotAnAddress(ValueError):
    """The text is not an address that mail can be sent to."""


# Which spellings reach one mailbox, by provider, as their help pages said in November 2026. Everywhere else the part
# before the @ is the provider's own business, and a+b@ and a@ are two people.
_SISTERS = {
    "gmail.com": ["googlemail.com"],
    "proton.me": ["protonmail.com", "protonmail.ch", "pm.me"],
    "yandex.ru": ["ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.uz", "yandex.ua", "yandex.com.tr"],
    "icloud.com": ["me.com", "mac.com"],
}
_MAIN_DOMAIN = {sister: main for main, sisters in _SISTERS.items() for sister in sisters}
_MICROSOFT = ["outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de"]
_FASTMAIL = ["fastmail.com", "fastmail.fm", "fastmail.net", "fastmail.org"]
_PLUS_TAGS = {*_SISTERS, *_MICROSOFT, *_FASTMAIL, "posteo.de", "posteo.net", "mailbox.org"}
PROVIDERS = frozenset({*_PLUS_TAGS, *_MAIN_DOMAIN})  # at all of these, everybody may have a mailbox
_SAME_LETTERS: dict[str, Mapping[int, int | None]] = {
    "gmail.com": str.maketrans("", "", "."),
    "proton.me": str.maketrans("", "", "._-"),
    "yandex.ru": {ord("."): ord("-")},
}


def deliverable(text: str) -> str:
    """Return the address in `text` as it is written to a mail server, its domain in ASCII (IDNA 2008, RFC 5890).

    Raises NotAnAddress for anything else, and for what only servers with SMTPUTF8 could take.
    """
    try:
        parsed = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        raise NotAnAddress(str(error)) from error
    address = parsed.ascii_email
    # `=?` begins an encoded word (RFC 2047): mail programs would show what it decodes to, and Python's trips over it.
    if address is None or "=?" in address or "." not in address.rpartition("@")[2] or len(address) > MAX_ADDRESS_LENGTH:
        raise NotAnAddress("no domain, or too long")
    return address


def display_address(address: str) -> str:
    """Return a deliverable `address` as people write it: its domain in its own letters (RFC 5890)."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{idna.decode(domain)}"
    except idna.IDNAError:
        return address


def canonical(address: str) -> str:
    """Return the one spelling of the mailbox that a deliverable `address` reaches. Doing it twice changes nothing."""
    local, _, domain = address.lower().rpartition("@")
    user, _, above = domain.partition(".")
    if above in _FASTMAIL:  # whatever@user.fastmail.com is another spelling of user@fastmail.com
        local, domain = user, above
    domain = _MAIN_DOMAIN.get(domain, domain)
    folded = local
    if domain in _PLUS_TAGS:
        folded = folded.partition("+")[0]
    folded = folded.translate(_SAME_LETTERS.get(domain, {}))
    return f"{folded or local}@{domain}"


def without_tag(address: str) -> str:
    """Return what letters to a deliverable `address` are counted under: its mailbox, without a tag at any provider.

    Many understand tags that the table above does not know. To take two people for one costs a letter here, and no
    signature.
    """
    local, _, domain = canonical(address).rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"
