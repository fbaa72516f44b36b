"""What a message that came back says: of which e-mail of ours, and what became of that."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What became of an e-mail.

    HARD: there is no such mailbox. FULL: it takes none until it is emptied. BLOCKED: it was refused for its sender, its
    content or a policy. SOFT: something else went wrong. DELAYED: it is tried again. COMPLAINT: its reader called it
    spam. AUTO_REPLY: a program answered in the place of its reader, so it arrived. NOTHING: none of these, as when it
    was delivered, or somebody wrote an answer.
    """

    HARD = "hard"
    FULL = "full"
    BLOCKED = "blocked"
    SOFT = "soft"
    DELAYED = "delayed"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto-reply"
    NOTHING = "nothing"


class Verdict(NamedTuple):
    """The kind, the enhanced status code (RFC 3463) if there is one, and the tokens found: see recognise.py."""

    kind: Kind
    status: str | None
    tokens: list[str]
