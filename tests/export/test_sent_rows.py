"""Sent rows: what goes into a set of signature ids comes out of it, and a long list's set stays small."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.export.sent_rows import SentRows, block_of, was_sent

IDS = st.integers(1, 2**63 - 1) | st.integers(1, 200_000)


def packed(ids: list[int]) -> dict[int, bytes]:
    sent = SentRows()
    for one in ids:
        sent.add(one)
    return sent.blocks()


@given(st.lists(IDS), st.lists(IDS))
def test_an_id_is_found_exactly_if_it_was_added(added: list[int], others: list[int]) -> None:
    blocks = packed(added)
    near = [one + apart for one in added for apart in (-65_536, -8, -1, 0, 1, 8, 65_536) if one + apart > 0]
    for one in {*near, *others}:
        block = blocks.get(block_of(one))
        assert (block is not None and was_sent(block, one)) == (one in added)
    assert set(blocks) == {block_of(one) for one in added}


@pytest.mark.parametrize(("apart", "most"), [(1, 2_000), (2, 300_000)])
def test_a_million_rows_take_few_bytes(apart: int, most: int) -> None:
    ids = random.Random(1).sample(range(1, 1_000_001 * apart), 1_000_000)
    blocks = packed(ids)
    assert sum(map(len, blocks.values())) < most
    assert max(map(len, blocks.values())) < 9_000, "one block is read for each hand-over that a signer sees"
