"""Game pads as tappers, by SDL's rumble: one pad's two motors, or a pair of pads, one in each hand.

Verified against: SDL 2.32's own virtual joystick. A pad ends a pulse only when it is told, so a thread of this driver tells it;
each rumble also carries an expiry, the pulse's length and a little more, which SDL keeps while the room lives. On Linux pads
are driven by the kernel, which stills one whose program is gone, however it ended (drivers/input/ff-core.c, flush_effects).
"""

from __future__ import annotations

import os
import re
import sys
import threading
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final

from hardware.entries import TapperEntry
from hardware.io_thread import Wire
from hardware.seams import TapPulse
from hardware.tappers.pulse_end import PulseEnd
from hardware.tappers.wired import MotorConfig, WiredTapper

PUMP_S: Final = 0.25
EXPIRY_SPARE_MS: Final = 50.0
ON_SILENCE: Final = "still at a pulse's end, by the driver's own thread; without the engine, " + (
    "at once, by the kernel" if sys.platform == "linux" else "by the pad's own time-out if it has one"
)
_NUMBERED: Final = re.compile(r"(?P<name>.*?)(?:#(?P<number>[1-9]))?\Z")


@dataclass(frozen=True, slots=True)
class GamepadConfig(MotorConfig):
    """Which pad, or which two. A part of a pad's name will do; `#2` after it takes the second such pad; "" takes any."""

    pad: str = ""
    left: str = ""
    right: str = ""
    _: KW_ONLY
    min_pulse_ms: float = 80.0

    @property
    def paired(self) -> bool:
        """Whether there is a pad for each hand."""
        return bool(self.left and self.right)


@dataclass(frozen=True, slots=True)
class FoundPad:
    """A pad that is plugged in."""

    index: int
    name: str
    guid: str


def choose_pad(pads: list[FoundPad], wanted: str) -> FoundPad | None:
    """The pad a room file's name means; upper and lower case are one."""
    match = _NUMBERED.match(wanted)
    name, number = (match["name"], int(match["number"] or 1)) if match else (wanted, 1)
    fitting = [pad for pad in pads if name.strip().lower() in pad.name.lower()]
    return fitting[number - 1] if len(fitting) >= number else None


class Pads:
    """SDL's pads in this process. One lock around SDL, as every tapper that is a pad shares its events."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._users = 0
        self._gone: set[int] = set()
        self._pygame: Any = None

    def enter(self) -> None:
        """Start SDL's joysticks for one more user. They need an event queue, and that needs a video driver, if only a dummy."""
        with self.lock:
            self._users += 1
            if self._pygame is not None:
                return
            os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
            os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")
            os.environ.setdefault("SDL_JOYSTICK_HIDAPI_COMBINE_JOY_CONS", "0")
            if sys.platform == "linux":
                os.environ.setdefault("SDL_JOYSTICK_HIDAPI", "0")
            import pygame

            pygame.display.init()
            pygame.joystick.init()
            self._pygame = pygame

    def leave(self) -> None:
        """One user fewer; the last one lets go of SDL's joysticks."""
        with self.lock:
            self._users = max(0, self._users - 1)
            if self._users == 0 and self._pygame is not None:
                self._pygame.joystick.quit()
                self._pygame = None
                self._gone.clear()

    def pump(self) -> None:
        """Let SDL see what was plugged in or out."""
        with self.lock:
            if self._pygame is None:
                return
            self._pygame.event.pump()
            for event in self._pygame.event.get(self._pygame.JOYDEVICEREMOVED):
                self._gone.add(event.instance_id)

    def found(self) -> list[FoundPad]:
        """Every pad that is plugged in."""
        with self.lock:
            self.pump()
            pads = [self._pygame.joystick.Joystick(index) for index in range(self._pygame.joystick.get_count())]
            return [FoundPad(index, pad.get_name(), pad.get_guid()) for index, pad in enumerate(pads)]

    def take(self, pad: FoundPad) -> Any:
        """The opened pad."""
        with self.lock:
            return self._pygame.joystick.Joystick(pad.index)

    def is_gone(self, pad: Any) -> bool:
        """Whether an opened pad was plugged out since."""
        return pad.get_instance_id() in self._gone


PADS: Final = Pads()


class GamepadTapper(WiredTapper):
    """One pad (left and right motor) or a pair of pads. Motors in one body are felt in both hands: a pair is better."""

    driver = "gamepad"

    def __init__(self, name: str, config: GamepadConfig, pads: Pads | None = None) -> None:
        super().__init__(name, GamepadWire(name, config, pads or PADS), config, ON_SILENCE)


class GamepadWire(Wire[TapPulse]):
    """The pads, opened, and the thread that ends their pulses."""

    def __init__(self, name: str, config: GamepadConfig, pads: Pads) -> None:
        self._config = config
        self._pads = pads
        self._end = PulseEnd(name, self._end_now)
        self._open: dict[str, Any] = {}
        self._entered = False

    def connect(self) -> None:
        """Find the pads, open them, and see that they rumble."""
        if not self._entered:
            self._pads.enter()
            self._entered = True
        found = self._pads.found()
        config = self._config
        names = {"left": config.left, "right": config.right} if config.paired else {"one": config.pad}
        for hand, wanted in names.items():
            pad = choose_pad(found, wanted)
            if pad is None:
                there = ", ".join(each.name for each in found) or "no pad at all"
                named = f'no pad named "{wanted}" is plugged in; there is {there}'
                raise FileNotFoundError(named if wanted else "no pad is plugged in; is its cable in, or its radio paired?")
            self._open[hand] = self._pads.take(pad)
        if config.paired and self._open["left"].get_instance_id() == self._open["right"].get_instance_id():
            raise OSError(f'"{config.left}" and "{config.right}" are the same pad; a pair needs two')
        if not all(self._rumble(pad, 0.0, 0.0, 1) for pad in self._open.values()):
            raise OSError("the pad cannot rumble, or its driver does not let it")

    def send(self, pulse: TapPulse) -> None:
        """Begin a pulse in one hand, the other still; raises OSError where a pad is gone."""
        with self._pads.lock:
            expiry_ms = int(pulse.ms + EXPIRY_SPARE_MS)
            if not self._set(pulse.side, pulse.strength_frac, expiry_ms):
                raise OSError("the pad was unplugged")
        self._end.begin(pulse.ms)

    def _set(self, side: str, strength_frac: float, expiry_ms: int) -> bool:
        if not self._config.paired:
            low, high = (strength_frac, 0.0) if side == "left" else (0.0, strength_frac)
            return self._rumble(self._open["one"], low, high, expiry_ms)
        other = "right" if side == "left" else "left"
        still = self._rumble(self._open[other], 0.0, 0.0, 1)
        return self._rumble(self._open[side], strength_frac, strength_frac, expiry_ms) and still

    def safe(self) -> None:
        """Every motor still."""
        self._end.cancel()
        self._end_now()

    def _end_now(self) -> None:
        with self._pads.lock:
            for pad in self._open.values():
                self._rumble(pad, 0.0, 0.0, 1)

    def _rumble(self, pad: Any, low_frac: float, high_frac: float, ms: int) -> bool:
        """Whether SDL took it. Full rumble, then none, in one call each; SDL sends nothing where nothing changed."""
        with self._pads.lock:
            if self._pads.is_gone(pad) or not pad.get_init():
                return False
            return bool(pad.rumble(low_frac, high_frac, ms))

    def tick(self) -> float:
        """See whether a pad was unplugged."""
        self._pads.pump()
        if any(self._pads.is_gone(pad) for pad in self._open.values()):
            raise OSError("the pad was unplugged")
        return PUMP_S

    def disconnect(self) -> None:
        """Still every motor, let go of the pads and of SDL."""
        self._end.close()
        self._end_now()
        self._open.clear()
        if self._entered:
            self._entered = False
            self._pads.leave()


def build(entry: TapperEntry) -> GamepadTapper:
    """The tapper of a room file's entry. Motors in pads are slow: a pulse shorter than 80 ms is always left out."""
    config = GamepadConfig(
        pad=entry.device or "",
        left=entry.left or "",
        right=entry.right or "",
        min_pulse_ms=max(80.0, entry.min_pulse_ms),
        onset_ms=entry.onset_ms,
    )
    return GamepadTapper(entry.name, config)
