"""The database's tables, and the constraints that the database itself enforces."""

from app.models.audit import Act, AuditEntry
from app.models.bounced import BouncedMailbox, Returned, ReturnedEmail
from app.models.data_key import DataKey
from app.models.domain import DomainRule, Verdict
from app.models.draft import CodeTries, Declined, Draft, FormCopy
from app.models.handover import Delivery, DeliveryVolume, Format, HandOver, HandOverBlock, Making
from app.models.health import HealthReport
from app.models.hourly_numbers import HourlyNumbers
from app.models.journal import Change, JournalEntry
from app.models.ledger import DELTA, Kind, LedgerEntry, Tally
from app.models.membership import Membership, Role
from app.models.monitoring import BACKED_UP, CountCheck, Counter, JobSuccess
from app.models.news import News, NewsState, NewsText, PauseReason
from app.models.notice import Notice, NoticeKind
from app.models.organiser import AlteredAccount, Organiser
from app.models.outbox import Occasion, OutboxProgress, OutboxRow, Unwanted
from app.models.pace import Departures, MailDomain, ProviderConnection, ProviderPace, SendingAddress
from app.models.passkey import Passkey
from app.models.petition import (
    AlteredPetition,
    Donation,
    Elsewhere,
    Initiator,
    Link,
    Petition,
    Translation,
)
from app.models.proof_of_work import SpentProof
from app.models.sign_in import LoginAttempt, SignIn
from app.models.signature import Reason, Signature, State, Visibility
from app.models.site import Site
from app.models.sums import HourSum, KeptSum, LetterSum, RecountDue, SignatureSum
from app.models.suspicion import BURSTS, TOO_SOON, Clue, Suspicion
from app.models.texts import Erasure, PetitionText, Picture, PrivacyNotice

__all__ = [
    "BACKED_UP",
    "BURSTS",
    "DELTA",
    "TOO_SOON",
    "Act",
    "AlteredAccount",
    "AlteredPetition",
    "AuditEntry",
    "BouncedMailbox",
    "Change",
    "Clue",
    "CodeTries",
    "CountCheck",
    "Counter",
    "DataKey",
    "Declined",
    "Delivery",
    "DeliveryVolume",
    "Departures",
    "DomainRule",
    "Donation",
    "Draft",
    "Elsewhere",
    "Erasure",
    "FormCopy",
    "Format",
    "HandOver",
    "HandOverBlock",
    "HealthReport",
    "HourSum",
    "HourlyNumbers",
    "Initiator",
    "JobSuccess",
    "JournalEntry",
    "KeptSum",
    "Kind",
    "LedgerEntry",
    "LetterSum",
    "Link",
    "LoginAttempt",
    "MailDomain",
    "Making",
    "Membership",
    "News",
    "NewsState",
    "NewsText",
    "Notice",
    "NoticeKind",
    "Occasion",
    "Organiser",
    "OutboxProgress",
    "OutboxRow",
    "Passkey",
    "PauseReason",
    "Petition",
    "PetitionText",
    "Picture",
    "PrivacyNotice",
    "ProviderConnection",
    "ProviderPace",
    "Reason",
    "RecountDue",
    "Returned",
    "ReturnedEmail",
    "Role",
    "SendingAddress",
    "SignIn",
    "Signature",
    "SignatureSum",
    "Site",
    "SpentProof",
    "State",
    "Suspicion",
    "Tally",
    "Translation",
    "Unwanted",
    "Verdict",
    "Visibility",
]
