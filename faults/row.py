"""A row of the table: a scenario on one kind of database, what happened, and the verdict."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from faults.verdict import Verdict

SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    scenario: str
    kind: str
    detail: str
    verdict: Verdict

    def line(self, seconds: float) -> str:
        """Return it as a line of the table, with its problems below."""
        found = self.verdict
        numbers = f"{found.signed:>7,} {found.confirmed:>9,} {found.emails:>7,} {found.twice:>6,}"
        word = "WRONG" if found.problems else "OK"
        line = f"{self.scenario:<24} {self.kind:<10} {numbers}  {word:<5} {seconds:>4.0f} s  {self.detail}"
        return "\n".join([line.rstrip(), *(f"    {problem}" for problem in _shortened(found.problems))])


def heading() -> str:
    """Return the table's first line."""
    return f"{'scenario':<24} {'database':<10} {'signed':>7} {'confirmed':>9} {'e-mails':>7} {'twice':>6}"


def answers(statuses: Counter[int]) -> str:
    """Return how often the crowd was answered what, for the detail of a line."""
    return ", ".join(f"{number} x {status or 'no answer'}" for status, number in sorted(statuses.items()))


def _shortened(problems: Iterable[str]) -> list[str]:
    """Return the problems, the same ones together, and no more of them than people read."""
    found = Counter(problems).most_common()
    shown = [f"{number} x {words}" if number > 1 else words for words, number in found[:SHOWN_PROBLEMS]]
    return shown + ([f"and {len(found) - SHOWN_PROBLEMS} others"] if len(found) > SHOWN_PROBLEMS else [])
