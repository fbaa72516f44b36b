"""Recognise: what a message that came to a return path says became of which e-mail, whatever its bytes are.

flufl.bounce and Python's e-mail package do what they can; our own rules tell of what kind a refusal is, which they do
not, and know the forms that they miss.
"""

import logging
import re
from collections.abc import Iterable
from email.errors import MessageError
from email.header import decode_header, make_header

from app import logs
from app.bounces.auto_reply import is_auto_reply
from app.bounces.library import failures_in
from app.bounces.parts import Parts, fields_in, read_parts
from app.bounces.refusal import UNSPECIFIC, code_in, kind_of_refusal, more_specific
from app.bounces.verdict import Kind, Verdict
from app.email.return_path import tokens_in

log = logging.getLogger(__name__)
_TO_US = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")
# Of the types in RFC 5965, 7.3, and of those that are in use: what the reader of the mailbox wishes.
_COMPLAINTS = {"abuse", "fraud", "opt-out", "opt-out-list", "complaint"}
_DAEMON = re.compile(
    r"(?i)mail(?:er)?[ ._-]*daemon|mail delivery|postmaster|microsoftexchange|mail administrator|<>|<@"
)
_SUBJECT_OF_BOUNCE = re.compile(
    r"""(?ix) undeliver | non\ remis | not\ delivered | delivery\ (?:status|fail|has\ failed|problem|report)
    | failure\ notice
    | returned\ (?:mail|to\ sender) | mail\ (?:delivery\ )?fail | returning\ message | unzustellbar | nicht\ zugestellt
    | не\ доставлен | недоставлен | no\ entregad | non\ recapitat | warning:\ (?:message|could\ not)
    | could\ not\ be\ delivered
    """
)
_LATE = re.compile(
    r"""(?ix) not\ yet\ been\ delivered | (?:has|have)n['’]t\ been\ delivered\ yet | warning\ (?:message\ )?only
    | (?:do\ not|don['’]t)\ need\ to\ resend | will\ (?:be\ retried|continue\ to|keep\ trying) | still\ being\ retried
    | delivery\ (?:is|has\ been)\ delayed | verzögert | wird\ weiter\ versucht
    """
)


def recognise(raw: bytes, recipients: Iterable[str] = ()) -> Verdict:
    """Return what became of an e-mail, by these bytes, whatever they are.

    `recipients` are those of the envelope, where they are known. `tokens` in the verdict are those of the address that
    this came to, else those in the message that it returns; without any, nothing else is looked at.
    """
    try:
        parts = read_parts(raw)
        tokens = _find_tokens(parts, recipients)
        kind, status = _judge(parts) if tokens else (Kind.NOTHING, None)
    except Exception as error:  # noqa: BLE001 - Python's e-mail package fails in many ways on what is no message
        log.warning("a message cannot be read: %s", logs.describe_error(error))
        return Verdict(Kind.NOTHING, None, [])
    return Verdict(kind, status, tokens)


def _judge(parts: Parts) -> tuple[Kind, str | None]:
    if parts.feedback is not None:
        is_complaint = parts.feedback.get("feedback-type", "").strip().lower() in _COMPLAINTS
        return (Kind.COMPLAINT if is_complaint else Kind.NOTHING), None
    fields = parts.delivery or [one for one in fields_in(parts.words) if "final-recipient" in one]
    judged = _by_fields(fields, parts.words)
    if judged is not None:
        return judged
    subject = _decoded(parts.headers.get("subject", ""))
    is_bounce = "x-failed-recipients" in parts.headers or bool(
        _DAEMON.search(parts.headers.get("from", "<>")) or _SUBJECT_OF_BOUNCE.search(subject)
    )
    if not is_bounce and is_auto_reply(parts.headers, subject):
        return Kind.AUTO_REPLY, None
    late, failed = failures_in(parts.message)
    if _LATE.search(parts.words) or (late and not failed):
        return Kind.DELAYED, None
    if is_bounce or failed:
        return _by_words(parts.words)
    return Kind.NOTHING, None


def _by_fields(recipients: list[dict[str, str]], words: str) -> tuple[Kind, str | None] | None:
    """Return what a report says (RFC 3464): of several failures the mildest, as the mailbox may be another's alias."""
    actions = [(one.get("action", "").lower(), one) for one in recipients if "action" in one or "status" in one]
    failed = [one for action, one in actions if action.startswith(("fail", "error")) or not action]
    if failed:
        judged = [_by_field(one, words) for one in failed]
        arrived = any(action.startswith(("relayed", "delivered", "expanded")) for action, _ in actions)
        milder = [one for one in judged if one[0] != Kind.HARD]
        return milder[0] if milder else (Kind.SOFT, judged[0][1]) if arrived else judged[0]
    if any(action.startswith("delayed") for action, _ in actions):
        return Kind.DELAYED, actions[0][1].get("status")
    return (Kind.NOTHING, None) if actions else None


def _by_field(recipient: dict[str, str], words: str) -> tuple[Kind, str | None]:
    said = recipient.get("diagnostic-code", "")
    status = more_specific(code_in(recipient.get("status", "")), code_in(said))
    # A report without the server's reply has words for people, with whatever a company adds to its e-mails.
    is_told = said or (status and not UNSPECIFIC.fullmatch(status))
    return kind_of_refusal(status, said if is_told else words), status


def _by_words(words: str) -> tuple[Kind, str | None]:
    status = code_in(words)
    return kind_of_refusal(status, words), status


def _find_tokens(parts: Parts, recipients: Iterable[str]) -> list[str]:
    to_us = [*recipients, *(parts.headers.get(name, "") for name in _TO_US)]
    found = dict.fromkeys(token for address in to_us for token in tokens_in(address))
    return list(found or dict.fromkeys(tokens_in(parts.everything)))


def _decoded(subject: str) -> str:
    try:
        return str(make_header(decode_header(subject)))
    except (MessageError, LookupError, ValueError):
        return subject
