"""Two real workers are killed with -9 while they send news, and nobody gets it twice; `make faults` sends 50,000."""

from contextlib import ExitStack

import pytest

from faults.news import play
from faults.stage import KINDS, Stage

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", KINDS)
def test_each_signer_gets_news_once_however_often_workers_are_killed(kind: str) -> None:
    with ExitStack() as stack:
        row = play(Stage(stack, seed=14, is_short=True), kind, signers=1_500, kills=6)
    assert not row.verdict.problems, row.verdict.problems
    assert row.verdict.twice == 0
