"""Sent rows: which signatures were on a list, as one bit for each signature id, compressed, in blocks of 65,536 ids.

Blocks are small enough to look up one signature by reading one of them, however long the list was.
"""

import zlib
from collections import defaultdict

BLOCK_BITS = 16
BYTES_PER_BLOCK = (1 << BLOCK_BITS) // 8
COMPRESSION_LEVEL = 1  # as small as the default to within a fiftieth, where a block is large at all


class SentRows:
    """The signature ids that went out with a list so far, in 8 KiB for each block that has any."""

    def __init__(self) -> None:
        self._blocks: defaultdict[int, bytearray] = defaultdict(lambda: bytearray(BYTES_PER_BLOCK))

    def add(self, signature_id: int) -> None:
        """Add an id, in any order."""
        self._blocks[signature_id >> BLOCK_BITS][signature_id >> 3 & BYTES_PER_BLOCK - 1] |= 1 << (signature_id & 7)

    def blocks(self) -> dict[int, bytes]:
        """Return the compressed blocks that have an id, by their number."""
        return {number: zlib.compress(bits, COMPRESSION_LEVEL) for number, bits in self._blocks.items()}


def block_of(signature_id: int) -> int:
    """Return the number of the block that an id is in."""
    return signature_id >> BLOCK_BITS


def was_sent(block: bytes, signature_id: int) -> bool:
    """Tell whether an id is in its compressed block."""
    return bool(zlib.decompress(block)[signature_id >> 3 & BYTES_PER_BLOCK - 1] >> (signature_id & 7) & 1)
