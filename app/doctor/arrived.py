"""A test e-mail as it arrived: are its signatures right by DNS and aligned, and what did the receiver find?"""

import email
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

import dkim

from app.doctor.dmarc import is_aligned
from app.doctor.finding import Finding, not_tried, ok, warning, wrong
from app.doctor.set_up import SetUp, no_answer
from app.doctor.tags import tags_of
from app.email.dns import NoDnsAnswer
from app.email.domain import domain_of

SLOW = timedelta(minutes=5)
MAX_SIGNATURES = 5
_SIGNATURE = "DKIM of the e-mail that arrived"
_METHOD = re.compile(r"(?i)\b(spf|dkim|dmarc)\s*=\s*([a-z]+)")


def check_arrived(raw: bytes, site: SetUp) -> Iterator[Finding]:
    """Look at the source of an e-mail that this site sent."""
    message = email.message_from_bytes(raw)  # not by the newer policy, which trips over odd headers
    sender = domain_of(parseaddr(str(message.get("From", "")))[1])
    if sender != site.sender_domain:
        yield wrong(
            "Sender of the e-mail that arrived",
            f"Its From is of {sender or 'nobody'}, and MAIL_DEFAULT_SENDER is of {site.sender_domain}.",
            "Take an e-mail that this site sent; if it is one, the relay replaces the sender: have that switched off.",
        )
        return
    yield from _signatures(raw, message, site)
    yield from _return_path(message, site)
    yield from _receiver(message)
    yield from _delay(message)


def _signatures(raw: bytes, message: "Message[str, str]", site: SetUp) -> Iterator[Finding]:
    headers = [str(header) for header in message.get_all("DKIM-Signature", [])][:MAX_SIGNATURES]
    if not headers:
        yield wrong(
            _SIGNATURE,
            "It has no DKIM signature: large providers refuse who sends much without one.",
            "Have the relay sign for the sender's domain, or sign here: DKIM_KEY and DKIM_SELECTOR, see docs/mail.md.",
        )
        return
    aligned = False
    for number, header in enumerate(headers):
        domain = re.sub(r"\s", "", tags_of(header).get("d", ""))
        try:
            problem = _problem(raw, number, site)
        except NoDnsAnswer as error:
            yield not_tried(_SIGNATURE, no_answer(error))
            return
        if problem:
            yield wrong(
                _SIGNATURE,
                f"The signature of {domain or 'nobody'} does not hold: {problem}.",
                "If the body's hash differs, something changed the e-mail after it was signed: a relay that adds lines"
                " or converts it. Else the key in DNS is not the one that signed.",
            )
        elif is_aligned(domain, site.sender_domain, is_strict=False):
            aligned = True
            yield ok(_SIGNATURE, f"The signature of {domain} holds, and is aligned with {site.sender_domain}.")
    if not aligned:
        yield wrong(
            _SIGNATURE,
            f"No signature that holds is of {site.sender_domain}: for DMARC it is as if there were none.",
            "Register the sender's domain with the relay so that it signs for it, or sign here with DKIM_KEY.",
        )


def _problem(raw: bytes, number: int, site: SetUp) -> str:
    """Return why a signature does not hold, or nothing; raise NoDnsAnswer."""

    def text_of(name: bytes | str, timeout: int = 5) -> bytes | None:
        place = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        return next((text.encode() for text in site.records.texts(place, "")), None)

    try:
        return "" if dkim.DKIM(raw).verify(idx=number, dnsfunc=text_of) else "it was made with another key"
    except NoDnsAnswer:
        raise
    except dkim.ValidationError as error:
        return "the body's hash differs" if "body hash" in str(error) else "it is over, or malformed"
    except Exception:  # noqa: BLE001 - dkimpy reads what anybody wrote
        return "there is no usable key in DNS, or the signature is malformed"


def _return_path(message: "Message[str, str]", site: SetUp) -> Iterator[Finding]:
    name = "Envelope of the e-mail that arrived"
    envelope = domain_of(parseaddr(str(message.get("Return-Path", "")))[1])
    if envelope and envelope != site.envelope_domain:
        yield warning(
            name,
            f"It bears {envelope}, not {site.envelope_domain}: the relay replaces the envelope, and gets the bounces.",
            "Have the relay leave the envelope's sender as it is, or it will know of bounces and this site not.",
        )
    elif envelope:
        yield ok(name, f"It bears {envelope}.")


def _receiver(message: "Message[str, str]") -> Iterator[Finding]:
    """Tell what the receiver found (RFC 8601): the topmost header alone, as others could come from anywhere."""
    name = "What the receiver found"
    header = message.get("Authentication-Results")
    found = {method.lower(): result.lower() for method, result in _METHOD.findall(str(header or ""))[::-1]}
    if not found:
        yield not_tried(name, "The receiver says nothing (no Authentication-Results).")
        return
    words = ", ".join(f"{method}={result}" for method, result in sorted(found.items()))
    bad = [method for method, result in found.items() if result not in {"pass", "none"}]
    if bad:
        yield wrong(name, f"It says {words}.", "See the findings on SPF, DKIM and DMARC above for what to change.")
    else:
        yield ok(name, f"It says {words}.")


def _delay(message: "Message[str, str]") -> Iterator[Finding]:
    try:
        arrived = parsedate_to_datetime(str(message.get_all("Received", [])[0]).rpartition(";")[2].strip())
        sent = parsedate_to_datetime(str(message["Date"]))
        took = _utc(arrived) - _utc(sent)
    except (IndexError, ValueError, TypeError):
        return
    if took > SLOW:
        minutes = int(took.total_seconds() // 60)
        yield warning("Way of the e-mail", f"It took {minutes} minutes.", "Look into the relay's queue.")
    elif took < -SLOW:
        yield warning("Clock", "It arrived before it was sent.", "Set the clock of this machine by NTP.")
    else:
        yield ok("Way of the e-mail", "It took less than five minutes.")


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
