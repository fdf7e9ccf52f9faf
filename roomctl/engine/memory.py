"""How the engine asks for memory: large pieces go back to the system as soon as they are let go, and threads share two heaps.

By itself the C library learns from every large piece that is freed to keep the next ones, and gives each thread a heap of its
own: over a session with music that came to 35 MB more, and it grew.
"""

from __future__ import annotations

import ctypes
from typing import Final

M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
M_ARENA_MAX: Final = -8
"""glibc's names and numbers, from malloc.h."""

LARGE_BYTES: Final = 256 * 1024
"""Pieces of this size and above are mapped alone. A block of sound is far smaller, a minute of music far larger."""

HEAPS: Final = 2


def keep_memory_small() -> bool:
    """Tell the C library so, before threads are begun; False where it knows of no such thing, and the room goes on without."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    asked = ((M_MMAP_THRESHOLD, LARGE_BYTES), (M_TRIM_THRESHOLD, LARGE_BYTES), (M_ARENA_MAX, HEAPS))
    taken = [mallopt(name, value) == 1 for name, value in asked]
    return all(taken)
