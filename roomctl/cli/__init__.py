"""The command line: `roomctl --help`. Each command is a file; errors are one plain sentence on stderr.

Exit codes: 0 done, 1 failed, 2 wrong use.
"""

from __future__ import annotations

from roomctl.cli.app import main

__all__ = ["main"]
