"""`python -m roomctl.screen --data DIR --name NAME`: the light bar as a window, until it is closed or told to end."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import sys
from pathlib import Path

SOCKET = Path("run") / "engine.sock"


def main(arguments: list[str] | None = None) -> int:
    """Run the window; 0 when it was closed, 1 where no display can be opened, 2 for wrong use."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="screen %(levelname)s: %(message)s")
    os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import pygame

    from hardware.record import EventRecorder
    from roomctl.screen.feed import EngineFeed
    from roomctl.screen.window import Window, WindowConfig

    try:
        pygame.display.init()
        feed = EngineFeed(asked.data / SOCKET, asked.name)
        recorder = EventRecorder(asked.record)
        window = Window(WindowConfig(asked.name, asked.display, asked.windowed, asked.onset_ms, asked.vsync), feed, recorder)
    except (pygame.error, ValueError) as fault:
        print(f"the screen bar cannot open its window: {fault}", file=sys.stderr)  # noqa: T201
        return 1
    signal.signal(signal.SIGTERM, lambda *_: pygame.event.post(pygame.event.Event(pygame.QUIT)))
    signal.signal(signal.SIGINT, signal.getsignal(signal.SIGTERM))
    recorder.open()
    feed.start()
    try:
        window.run()
    finally:
        window.close()
        feed.close()
        recorder.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m roomctl.screen", description="The light bar as a window; Esc in it is STOP."
    )
    parser.add_argument("--data", type=Path, required=True, help="the room's data folder")
    parser.add_argument("--name", required=True, help="the light bar's name in the room file")
    parser.add_argument("--display", type=int, default=0, help="which display, from 0")
    parser.add_argument("--windowed", type=_size, metavar="WxH", help="a window of this size rather than the whole display")
    parser.add_argument("--record", type=Path, metavar="FILE", help="append each picture as a line of JSON")
    parser.add_argument("--onset-ms", type=float, default=0.0, help="how much later than sent the display shows a picture")
    parser.add_argument(
        "--vsync", action="store_true", help="draw whole pictures with the display's own beat: never torn, more work"
    )
    return parser


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text, re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(f'"{text}" is not a size such as 1280x720')
    return int(found[1]), int(found[2])


if __name__ == "__main__":
    sys.exit(main())
