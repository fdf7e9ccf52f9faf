"""The machine, and the conditions it measured under."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from typing import Final

import psutil

LIBRARIES: Final = ("numpy", "sounddevice", "av", "pygame-ce", "uvicorn", "fastapi")


def realtime_allowed() -> bool:
    """Whether a process of ours is given SCHED_FIFO. Asked in a process of its own, so that this one stays as it is."""
    if shutil.which("chrt") is None:
        return False
    return subprocess.run(["chrt", "--fifo", "10", "true"], capture_output=True, check=False).returncode == 0


def conditions() -> dict[str, str]:
    """Name and value of everything a reader needs to judge the figures."""
    one, five, _ = os.getloadavg() if hasattr(os, "getloadavg") else (float("nan"),) * 3
    memory_gb = psutil.virtual_memory().total / 2**30
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores, {memory_gb:.1f} GB",
        "load average": f"{one:.1f} over 1 min, {five:.1f} over 5 min, as the benchmark began",
        "real time": "SCHED_FIFO granted" if realtime_allowed() else "SCHED_FIFO not granted",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": ", ".join(f"{name} {_version(name)}" for name in LIBRARIES),
        "sound server": _said("pulseaudio", "--version"),
    }


def _processor() -> str:
    if os.path.exists("/proc/cpuinfo"):  # noqa: PTH110
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _said(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return f"no {command[0]}"
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.splitlines()[0] if found.stdout else f"{command[0]} says nothing"
