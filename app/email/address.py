"""E-mail addresses: validating them, and finding the mailbox that an address reaches."""

import re

import idna
from email_validator import EmailNotValidError, validate_email

from app.email.providers import BY_DOMAIN, Provider

MAX_ADDRESS_LENGTH = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


class NotAnAddress(ValueError):
    """The text is not an address that mail can be sent to."""


# What separates a tag on mail servers whose operator chooses: `+` and `=` by default, `#` and `--` at some. A single
# hyphen is one too, but far more often part of a name (Anne-Marie), so it counts only where a provider says so.
_TAG = re.compile(r"\+|=|#|--")


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
    """Return the canonical spelling of the mailbox that a deliverable `address` reaches (idempotent).

    Only what a provider is known to do is folded (app/email/providers.py). At all others a+b@ and a@ are two people.
    """
    local, domain, provider = _with_provider(address)
    if provider is None:
        return f"{local}@{domain}"
    folded = local.partition(provider.separator)[0].translate(provider.same)
    return f"{folded or local}@{provider.main or domain}"


def is_tagged(address: str) -> bool:
    """Tell whether a deliverable `address` reaches its mailbox only if the owner, or the server's operator, wishes so.

    So it is with tags but where they are `certain`: what goes there may reach somebody else, or nobody. A tag may show
    only once it is folded: to a provider that ignores dots, `ann-.-x` is `ann--x`.
    """
    if without_tag(address) != canonical(address):
        return True
    local, domain, provider = _with_provider(address)
    if provider is not None and provider.certain:
        return False
    return (provider is not None and provider.separator in local) or not address.lower().endswith(f"@{domain}")


def counted_as(address: str) -> str:
    """Return what letters to a deliverable `address` count for: it without its tag, at the domain that was typed.

    A name at another domain of its provider is the same mailbox, but where that is not `certain` a letter there may
    reach nobody: then it must not use up those of the mailbox.
    """
    _, domain, provider = _with_provider(address)
    local, _, main = without_tag(address).rpartition("@")
    return f"{local}@{main if provider is not None and provider.certain else domain}"


def all_counted_as(address: str) -> list[str]:
    """Return what letters to this mailbox count for, at whichever domain of its provider it is spelt."""
    _, domain, provider = _with_provider(address)
    local = counted_as(address).rpartition("@")[0]
    at_all = provider.domains.split() if provider is not None and provider.main else [domain]
    return sorted({counted_as(f"{local}@{one}") for one in at_all})


def _with_provider(address: str) -> tuple[str, str, Provider | None]:
    """Return local part and domain of an address in lower case, and the provider if the table has one."""
    local, _, domain = address.lower().rpartition("@")
    user, _, above = domain.partition(".")
    if above in BY_DOMAIN and BY_DOMAIN[above].subdomains:
        local, domain = user, above
    return local, domain, BY_DOMAIN.get(domain)


def without_tag(address: str) -> str:
    """Return the mailbox for which letters to a deliverable `address` count: without a tag, at any provider.

    More providers support tags than the table lists. If two people count as one here, that costs them a letter, but no
    signature.
    """
    local, _, domain = canonical(address).rpartition("@")
    mark = _TAG.search(local, 1)  # a name may begin with one
    return f"{local[: mark.start()] if mark else local}@{domain}"


def without_plus(address: str) -> str:
    """Return the mailbox that opts out with a deliverable `address`: without what follows a plus sign, at any provider.

    Hardly anybody is given an address with a plus sign, but with the other marks of tags some are: they must not opt
    out for somebody else.
    """
    local, _, domain = canonical(address).rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"
