"""Rules of organisers for e-mail domains: which may sign a petition and which may not."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime
from app.models.signature import words


class Verdict(StrEnum):
    """Whether addresses at a domain may sign."""

    ALLOW = "allow"
    BLOCK = "block"


class DomainRule(Base):
    """The rule for a domain (in ASCII, lower case) and for all subdomains that have no rule of their own."""

    __tablename__ = "domain_rule"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True, autoincrement=False)
    domain: Mapped[str] = mapped_column(String(254), primary_key=True)
    verdict: Mapped[Verdict] = mapped_column(words(Verdict, "verdict"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
