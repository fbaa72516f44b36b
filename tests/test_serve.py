"""`make run` ends with everything that it started, also where that does not end by itself."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from app import serve
from app.stop_signal import StopSignal
from tests.site import wait_until

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(end="", flush=True)
while True:
    time.sleep(600)
"""
ENDS_ALONE = STUBBORN.replace("while True:\n    time.sleep(600)\n", "")


@pytest.mark.parametrize("program", [STUBBORN, ENDS_ALONE], ids=["it ignores SIGTERM", "it ended and left another"])
def test_nothing_is_left_of_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    (tmp_path / "child.py").write_text(program)
    monkeypatch.setattr(serve, "STOP_SECONDS", 0.5)
    (child,) = serve.start({"child": ["child"]}, {"PYTHONPATH": str(tmp_path)}).values()

    def family() -> list[psutil.Process]:
        return [one for one in psutil.process_iter() if in_group(one.pid, child.pid)]

    wait_until(lambda: len(family()) == 2 or (program == ENDS_ALONE and child.poll() is not None))
    left = family()
    assert left
    serve.end([child])
    assert psutil.wait_procs(left, timeout=10)[1] == []


def in_group(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


def test_any_number_of_signals_at_once_ends_the_wait() -> None:
    program = (
        "from app.stop_signal import StopSignal; stop = StopSignal(); print('ready', flush=True); print(stop.wait(60))"
    )
    waiting = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert waiting.stdout
    with waiting, waiting.stdout as output:
        assert output.readline() == "ready\n"
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) * 50:
            if waiting.poll() is None:
                waiting.send_signal(number)
        assert output.read() == "True\n"


def test_without_a_signal_the_wait_ends_when_its_time_is_over() -> None:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        before = time.monotonic()
        assert not StopSignal().wait(0.2)
        assert time.monotonic() - before >= 0.2
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
