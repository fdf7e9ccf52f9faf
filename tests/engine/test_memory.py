"""What the engine asks of the C library, seen from outside a process that asked for it."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from roomctl.engine import memory
from roomctl.engine.memory import LARGE_BYTES, keep_memory_small

GLIBC = hasattr(ctypes.CDLL(None), "mallopt") if sys.platform == "linux" else False

LET_GO = """
import sys
import threading
import numpy as np
from roomctl.engine.memory import keep_memory_small

def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

if sys.argv[1] == "small":
    assert keep_memory_small()
for size in (1, 4, 16):  # each one that is let go teaches the library to keep the next
    np.ones(size << 18)
before = resident_bytes()
held = [np.ones(3 << 17) for _ in range(40)]
last = np.ones(64)
del held[::2], held
print(resident_bytes() - before)
"""


def kept_bytes(how: str) -> int:
    """Bytes that stay with a process after 120 MB were taken in 3 MB pieces and let go."""
    ran = subprocess.run([sys.executable, "-c", LET_GO, how], capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(not GLIBC, reason="there is no glibc here, so nothing to ask of it")
def test_large_pieces_go_back_to_the_system_at_once() -> None:
    assert kept_bytes("small") < 4 * LARGE_BYTES


def test_without_glibc_the_engine_goes_on_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        def __init__(self, name: None) -> None:
            raise OSError("no such library")

    monkeypatch.setattr(memory.ctypes, "CDLL", Other)
    assert keep_memory_small() is False
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    assert keep_memory_small() is False
