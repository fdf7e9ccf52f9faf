"""`python -m roomctl.cli`."""

from __future__ import annotations

import sys

from roomctl.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
