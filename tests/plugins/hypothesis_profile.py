"""Property tests have no deadline: how long an example takes is the machine's business, and no test asserts timing."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("room", deadline=None)
settings.load_profile("room")
