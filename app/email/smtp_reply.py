"""A mail server's reply, as it is kept: its codes and a word of ours. Its own words may name the signer."""

import re

# The subject of an enhanced status code (RFC 3463, 3): the middle one of its three numbers.
SUBJECTS = {
    1: "the address",
    2: "the mailbox",
    3: "the mail system",
    4: "the network",
    5: "the protocol",
    6: "the content",
    7: "security or policy",
}
# Replies that come without one (RFC 5321, 4.2.3).
REPLIES = {
    421: "the server is closing",
    450: "the mailbox is not available",
    451: "an error in processing",
    452: "not enough storage",
    530: "signing in is needed",
    535: "the user name or password is wrong",
    550: "the mailbox is not available",
    551: "the mailbox is elsewhere",
    552: "not enough storage",
    553: "the address is not allowed",
    554: "the transaction failed",
}
MAX_LENGTH = 1000  # of a reply that is looked at
# What others may have chosen: addresses, names of hosts, and what those answered.
_OF_OTHERS = re.compile(r"<[^<>]*>|\bsaid:.*|\S*(?:@|\.[^\W\d])\S*", re.IGNORECASE | re.DOTALL)
ENHANCED = re.compile(r"\s*([245]\.(\d{1,3})\.\d{1,3})(?!\S)")


def describe_reply(code: int, reply: bytes | str) -> str:
    """Return an SMTP reply as its code, its enhanced status code if there is one, and what that is about.

    As `550 5.1.1: the address` or `451: an error in processing`. Nothing else of the server's text is in it.
    """
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    enhanced = ENHANCED.match(text)
    if enhanced is None:
        return f"{code}: {REPLIES.get(code, 'another reason')}"
    return f"{code} {enhanced[1]}: {SUBJECTS.get(int(enhanced[2]), 'another reason')}"


def own_words(reply: bytes | str, recipient: str) -> str:
    """Return what a reply says without what the server repeats: the recipient, host names, other servers' answers.

    Only on that may be acted for more than this e-mail: else whoever types `ratelimit@...` says it of everybody's.
    """
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    local_part = re.escape(recipient.rpartition("@")[0])
    return re.sub(rf"(?<!\w){local_part}(?!\w)", " ", _OF_OTHERS.sub(" ", text[:MAX_LENGTH]), flags=re.IGNORECASE)
