"""A refusal beside others, and one in words that the library alone knows."""

from app.bounces.recognise import recognise
from app.bounces.verdict import Kind
from tests.bounces.returned import ORIGINAL, TO, plain
from tests.bounces.worked_forms import postfix

HARD, FULL = postfix("550 5.1.1 no such user"), postfix("552 5.2.2 Mailbox size limit exceeded")


def beside(report: bytes, other: bytes) -> bytes:
    """Return a report with the fields of another's recipient after its own."""
    fields = other[other.index(b"\nFinal-Recipient:") : other.index(b"Remote-MTA:")]
    return report.replace(b"Remote-MTA: dns; mx.mail.example\n", b"", 1).replace(
        b"\n\n--=_edge\nContent-Type: message/rfc822", b"\n" + fields + b"\n\n--=_edge\nContent-Type: message/rfc822", 1
    )


def test_of_several_refusals_the_mildest_counts_whichever_stands_first() -> None:
    """A mailbox can be sent on to others: of those one may be gone while another is only full."""
    assert recognise(beside(HARD, HARD)).kind == Kind.HARD
    assert recognise(beside(HARD, FULL)).kind == Kind.FULL
    assert recognise(beside(FULL, HARD)).kind == Kind.FULL


def test_a_form_that_the_library_alone_knows_is_recognised() -> None:
    words = f"failed addresses follow:\n  {TO} 550 5.1.1 no such user\nmessage text follows:\n\n{ORIGINAL}"
    assert recognise(plain("Gateway <gateway@relay.example>", "Your message", words)).kind == Kind.HARD
    harmless = words.replace("failed addresses follow:", "these are our addresses:")
    assert recognise(plain("Gateway <gateway@relay.example>", "Your message", harmless)).kind == Kind.NOTHING
