"""DKIM (RFC 6376): is the key that receivers find in DNS the one that e-mails are signed with?"""

import base64
import binascii
from collections.abc import Iterable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.doctor.finding import Finding, command, not_tried, ok, warning, wrong
from app.doctor.set_up import SetUp, no_answer
from app.doctor.tags import tags_of
from app.email import dkim
from app.email.dns import NoDnsAnswer

LEAST_BITS, GOOD_BITS = 1024, 2048  # RFC 8301, 3.2
LONGEST_STRING = 255  # of a TXT record: RFC 1035, 3.3


def check_dkim(site: SetUp) -> Iterable[Finding]:
    """Look at the key's record at the selector, and whether it belongs to DKIM_KEY if the site signs by itself."""
    name = f"DKIM of {site.sender_domain}"
    if not site.dkim_selector:
        yield warning(
            name,
            "Nothing is known of a DKIM signature: the site makes none, and the relay's selector is not set.",
            "If the relay signs, set DKIM_SELECTOR to its selector; else make a key and set DKIM_KEY as well. A test"
            f" e-mail shows what arrives: {command('doctor --mailbox ADDRESS')}, and then"
            f" {command('doctor --message FILE')}.",
        )
        return
    place = f"{site.dkim_selector}._domainkey.{site.sender_domain}"
    own = dkim.record_of_key()
    try:
        found = site.records.texts(place, "")
    except NoDnsAnswer as error:
        yield not_tried(name, no_answer(error))
        return
    yield _judge(name, place, found, own)


def _judge(name: str, place: str, found: list[str], own: str | None) -> Finding:
    to_add = _shown(own) if own else "what the relay's manual names"
    if len(found) != 1:
        words = f"There are {len(found)} TXT records" if found else "There is no TXT record"
        return wrong(name, f"{words} at {place}: no signature holds.", f"Have one there: {to_add}")
    tags = tags_of(found[0])
    key = tags.get("p", "").replace(" ", "")
    if not key:
        return wrong(name, f"The key at {place} is taken back: its p= is empty.", f"Replace the record by: {to_add}")
    if own and key != tags_of(own)["p"]:
        return wrong(
            name,
            f"The key at {place} is not that of DKIM_KEY: no signature holds.",
            f"Replace the record by the one below, or set DKIM_KEY to the key that belongs to it. {to_add}",
        )
    bits = _bits(key) if tags.get("k", "rsa").lower() == "rsa" else GOOD_BITS
    if bits is None:
        return wrong(name, f"The key at {place} cannot be read.", f"Replace the record by: {to_add}")
    if bits < LEAST_BITS:
        return wrong(name, f"The key at {place} has {bits} bits, which receivers refuse.", "Make one of 2048 bits.")
    if bits < GOOD_BITS:
        return warning(name, f"The key at {place} has {bits} bits.", "Make one of 2048 bits under another selector.")
    if "y" in tags.get("t", "").lower().split(":"):
        return warning(name, f"The key at {place} is marked as a test (t=y).", "Take t=y out once all is well.")
    return ok(name, f"The key at {place} is {'that of DKIM_KEY' if own else 'there'}.")


def _shown(record: str) -> str:
    """Return a record to copy; whoever writes zone files has to part it, and most providers' pages do it themselves."""
    if len(record) <= LONGEST_STRING:
        return record
    parts = (record[start : start + LONGEST_STRING] for start in range(0, len(record), LONGEST_STRING))
    strings = " ".join(f'"{part}"' for part in parts)
    return f"{record} (in a zone file as strings: {strings})"


def _bits(key: str) -> int | None:
    try:
        public = load_der_public_key(base64.b64decode(key, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return public.key_size if isinstance(public, RSAPublicKey) else None
