"""The local stream socket between the engine and those who talk to it, carrying `roomctl.messages` one line each.

`LinkServer` is the engine's end, `EngineLink` a blocking client (command line, screen window, tests), `AsyncEngineLink` the web
process's. May import `roomctl.messages` and `roomctl.errors` only. No end ever waits for the other without a bound.
"""

from roomctl.link.async_client import AsyncEngineLink
from roomctl.link.client import EngineLink
from roomctl.link.replies import result
from roomctl.link.server import LinkServer

__all__ = ["AsyncEngineLink", "EngineLink", "LinkServer", "result"]
