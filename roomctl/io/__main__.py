"""`python -m roomctl.io --data DIR [--room FILE]`: the io process, as the launcher starts it."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from roomctl.errors import RoomError
from roomctl.io.follower import Follower
from roomctl.io.inlets import Inlets
from roomctl.room_file import load_room

log = logging.getLogger("roomctl.io")


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to end; 0 ended on request, 1 where the room file cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m roomctl.io")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--room", type=Path)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    socket_path = given.data / "run" / "engine.sock"
    try:
        room = load_room(given.room)
        inlets, follower = Inlets(room, socket_path), Follower(room.osc.send, socket_path)
    except (RoomError, ValueError) as problem:
        log.error("%s", problem)
        return 1
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, frame: ended.set())
    inlets.open()
    follower.open()
    ended.wait()
    follower.close()
    inlets.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
