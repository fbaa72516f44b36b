"""Sends letters from the outbox in a process of its own, as a worker does: `python -m bench.sender` says `ready`.

Then, for each line of its input, it sends for so many seconds, and says how many letters went out and in how many.
"""

import sys
import time

from app import create_app
from app.outbox.deliver import deliver
from app.worker import LETTERS


def send(seconds: float) -> tuple[int, float]:
    number, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        number += deliver(LETTERS)
    return number, time.perf_counter() - began


if __name__ == "__main__":
    with create_app().app_context():
        print("ready", flush=True)
        for line in sys.stdin:
            print(*send(float(line)), flush=True)
