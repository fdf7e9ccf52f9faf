"""How property tests draw their examples: the same ones at every run, or, with ROOMCTL_WILD set, new ones each time.

A run that fails for the first time on somebody else's change helps nobody; `make wild` looks for what nobody has thought of.
"""

import os

from hypothesis import settings

settings.register_profile("room", deadline=None, derandomize=True)
settings.register_profile("wild", deadline=None)
settings.load_profile("wild" if os.environ.get("ROOMCTL_WILD") else "room")
