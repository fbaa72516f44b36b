"""What is kept, and the rules that the database itself enforces."""

from app.models.ledger import DELTA, Kind, LedgerEntry, Tally
from app.models.outbox import Occasion, OutboxRow, Progress
from app.models.petition import Donation, Elsewhere, Initiator, Link, Petition, PetitionText, PrivacyNotice
from app.models.signature import Reason, Signature, State, Visibility

__all__ = [
    "DELTA",
    "Donation",
    "Elsewhere",
    "Initiator",
    "Kind",
    "LedgerEntry",
    "Link",
    "Occasion",
    "OutboxRow",
    "Petition",
    "PetitionText",
    "PrivacyNotice",
    "Progress",
    "Reason",
    "Signature",
    "State",
    "Tally",
    "Visibility",
]
