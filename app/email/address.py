"""E-mail addresses: validating them, and finding the mailbox that an address reaches."""

from collections.abc import Mapping

import idna
from email_validator import EmailNotValidError, validate_email

MAX_ADDRESS_LENGTH = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


class NotAnAddress(ValueError):
    """The text is not an address that mail can be sent to."""


# Which spellings reach the same mailbox, by provider, as their help pages said in November 2026. At all other providers
# a+b@ and a@ count as two people.
_ALIAS_DOMAINS = {
    "gmail.com": ["googlemail.com"],
    "proton.me": ["protonmail.com", "protonmail.ch", "pm.me"],
    "yandex.ru": ["ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.uz", "yandex.ua", "yandex.com.tr"],
    "icloud.com": ["me.com", "mac.com"],
}
_MAIN_DOMAIN = {alias: main for main, aliases in _ALIAS_DOMAINS.items() for alias in aliases}
_MICROSOFT = ["outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de"]
_FASTMAIL = ["fastmail.com", "fastmail.fm", "fastmail.net", "fastmail.org"]
_PLUS_TAGS = {*_ALIAS_DOMAINS, *_MICROSOFT, *_FASTMAIL, "posteo.de", "posteo.net", "mailbox.org"}
PROVIDERS = frozenset({*_PLUS_TAGS, *_MAIN_DOMAIN})  # public ones: anybody can have a mailbox there
_SAME_CHARACTERS: dict[str, Mapping[int, int | None]] = {
    "gmail.com": str.maketrans("", "", "."),
    "proton.me": str.maketrans("", "", "._-"),
    "yandex.ru": {ord("."): ord("-")},
}


def deliverable(text: str) -> str:
    """Return the address in `text` as mail servers take it, with its domain in ASCII (IDNA 2008, RFC 5890).

    Raises NotAnAddress for anything else, and for addresses that need SMTPUTF8.
    """
    try:
        parsed = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        raise NotAnAddress(str(error)) from error
    address = parsed.ascii_email
    # `=?` begins an encoded word (RFC 2047): mail programs would decode it, and Python's e-mail package fails on it.
    if address is None or "=?" in address or "." not in address.rpartition("@")[2] or len(address) > MAX_ADDRESS_LENGTH:
        raise NotAnAddress("no domain, or too long")
    return address


def display_address(address: str) -> str:
    """Return a deliverable `address` for people to read, with its domain in Unicode (RFC 5890)."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{idna.decode(domain)}"
    except idna.IDNAError:
        return address


def canonical(address: str) -> str:
    """Return the canonical spelling of the mailbox that a deliverable `address` reaches (idempotent)."""
    local, _, domain = address.lower().rpartition("@")
    user, _, above = domain.partition(".")
    if above in _FASTMAIL:  # whatever@user.fastmail.com is another spelling of user@fastmail.com
        local, domain = user, above
    domain = _MAIN_DOMAIN.get(domain, domain)
    folded = local
    if domain in _PLUS_TAGS:
        folded = folded.partition("+")[0]
    folded = folded.translate(_SAME_CHARACTERS.get(domain, {}))
    return f"{folded or local}@{domain}"


def without_tag(address: str) -> str:
    """Return the mailbox for which letters to a deliverable `address` count: without a +tag, at any provider.

    More providers support tags than the table above lists. If two people count as one here, that costs them a letter,
    but no signature.
    """
    local, _, domain = canonical(address).rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"
