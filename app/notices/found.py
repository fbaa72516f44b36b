"""What was found to be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.models import NoticeKind


@dataclass(frozen=True, slots=True)
class Found:
    """Something to tell the organisers of a petition: the row of `notice` that it gets, and words for its e-mail."""

    petition_id: int
    kind: NoticeKind
    number: int
    words: Mapping[str, Any] = field(default_factory=dict)
