"""What every test may use: the recorded virtual sound card."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parent / "plugins"


def pytest_configure(config: pytest.Config) -> None:
    """Load the plugins beside this file, however pytest was started."""
    for path in sorted(PLUGINS.glob("*.py")):
        name = f"roomctl_tests_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        config.pluginmanager.register(module, name)
