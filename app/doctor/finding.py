"""A finding: what a check saw of one thing, and what to change if that is not right."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a finding is. NOT_TRIED: it could not be looked at, or does not concern this site."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    NOT_TRIED = "not tried"


_WORST_FIRST = [Verdict.WRONG, Verdict.WARNING, Verdict.NOT_TRIED, Verdict.OK]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is, in plain words, and what to change; `name` is that of the thing looked at, the same in every run."""

    name: str
    verdict: Verdict
    found: str
    change: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it for JSON."""
        return asdict(self)


def ok(name: str, found: str) -> Finding:
    """Return a finding that all is right."""
    return Finding(name, Verdict.OK, found)


def warning(name: str, found: str, change: str) -> Finding:
    """Return a finding of what works, and will not for ever or not everywhere."""
    return Finding(name, Verdict.WARNING, found, change)


def wrong(name: str, found: str, change: str) -> Finding:
    """Return a finding of what has to be changed."""
    return Finding(name, Verdict.WRONG, found, change)


def not_tried(name: str, found: str, change: str = "") -> Finding:
    """Return a finding that nothing could be found, and why."""
    return Finding(name, Verdict.NOT_TRIED, found, change)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings with what has to be changed at the beginning, else in their order."""
    return sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.verdict))


def command(words: str) -> str:
    """Return a command of the site as it is typed in its folder."""
    return f"`.venv/bin/flask --app wsgi {words}`"


def exit_status(findings: Iterable[Finding]) -> int:
    """Return 2 if anything is wrong, 1 if there are warnings, else 0."""
    verdicts = {finding.verdict for finding in findings}
    return 2 if Verdict.WRONG in verdicts else 1 if Verdict.WARNING in verdicts else 0
