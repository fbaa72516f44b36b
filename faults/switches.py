"""Switches: a small file that tells running processes what time it is and whether their disk is full."""

import json
from pathlib import Path


class Switches:
    """What the file at `path` says; whoever reads it finds it whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def set(self, *, clock_shift: float = 0, disk_is_full: bool = False) -> None:
        """Say how many seconds the clock is ahead (behind, if negative), and whether the disk is full."""
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps({"clock_shift": clock_shift, "disk_is_full": disk_is_full}))
        draft.replace(self.path)

    def clock_shift(self) -> float:
        """Return how many seconds the clock is ahead."""
        return float(self._read()["clock_shift"])

    def disk_is_full(self) -> bool:
        """Tell whether the disk is full."""
        return bool(self._read()["disk_is_full"])

    def _read(self) -> dict[str, float]:
        said: dict[str, float] = json.loads(self.path.read_text())
        return said
