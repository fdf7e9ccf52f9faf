"""Walks a person through one device: left, right, level, latency. What it finds is a `DeviceCheck`.

Pure dialogue: the person and the device are given, so that a test can be both.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from hardware.entries import Entry, LightBarEntry, RoomLightEntry
from hardware.roomlights.lightness import LINEAR_DRIVERS, Curve, output_frac
from hardware.seams import Device, Due, LightBar, LightFrame, RoomLight, RoomLook, Tapper, TapPulse
from roomctl.device_checks import DeviceCheck, where_of
from roomctl.errors import Away, Refused
from stimuli.beats import Side

READY_S: Final = 12.0
ROUNDS: Final = 6
GAMMA_ROUNDS: Final = 5
TEST_PULSE_MS: Final = 200.0
TEST_LEVEL_FRAC: Final = 0.3
LEVELS_FRAC: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
LONGEST_ONSET_MS: Final = 300.0
BAR_SHOWS_S: Final = 1.5
BAR_FRAME_S: Final = 0.04
WARM: Final = (1.0, 0.6, 0.3)
MOST_GAMMA: Final = 3.5
"""Controllers of LEDs bend by 2.2 to 2.8; a match beyond this is a slip, and would make every dim picture bright."""


def pause(wait_s: float) -> None:
    """Let the device show what it was told."""
    time.sleep(wait_s)


class Person(Protocol):
    """Who is asked."""

    def say(self, sentence: str) -> None:
        """Tell."""

    def choose(self, question: str, choices: Sequence[str]) -> str:
        """One of `choices`."""

    def reaction_s(self, cue: Callable[[], None]) -> float:
        """Give the cue after an unforeseen while; how long the person took to press Enter after it."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One device and the person before it. `wait` sleeps; a test's does not."""

    device: Device
    entry: Entry
    person: Person
    wait: Callable[[float], None] = pause

    def ready(self) -> None:
        """Open the device and wait until it is there. Raises Away with its own reason."""
        self.device.open()
        until_s = time.monotonic() + READY_S
        while self.device.link.state != "READY" and time.monotonic() < until_s:
            self.wait(0.05)
            if self.device.link.state in ("FAULT", "ABSENT") and self.device.link.why:
                break
        if self.device.link.state != "READY":
            raise Away(f'"{self.device.name}" is not ready: {self.device.link.why or "it does not answer"}')

    def show(self, side: Side, level_frac: float) -> None:
        """Let the device show one side for a moment."""
        device, now = self.device, Due(0, time.monotonic())
        if isinstance(device, Tapper):
            device.offer(TapPulse(side, max(TEST_PULSE_MS, device.capabilities.min_pulse_ms), level_frac), now)
            self.wait(0.5)
        elif isinstance(device, LightBar):
            self._light(device, side, level_frac)

    def _light(self, bar: LightBar, side: Side, level_frac: float) -> None:
        frame = end_lit(side, level_frac, max(1, bar.capabilities.pixels))
        for _ in range(round(BAR_SHOWS_S / BAR_FRAME_S)):
            bar.offer(frame, Due(0, time.monotonic()))
            self.wait(BAR_FRAME_S)
        bar.offer(end_lit(side, 0.0, max(1, bar.capabilities.pixels)), Due(0, time.monotonic()))


def end_lit(side: Side, level_frac: float, pixels: int) -> LightFrame:
    """The outer fifth of the bar on one side."""
    lit = np.zeros((pixels, 3), dtype=np.float32)
    many = max(1, pixels // 5)
    lit[slice(0, many) if side == "left" else slice(pixels - many, pixels)] = np.float32(level_frac)
    return LightFrame(-1.0 if side == "left" else 1.0, level_frac, WARM, lit)


def walk_through(walk: Walk, checked_utc: str) -> DeviceCheck:
    """The whole walk. Raises Refused where the person does not confirm, Away where the device is not there."""
    walk.ready()
    device, onset_ms, gamma = walk.device, walk.entry.onset_ms, 1.0
    if isinstance(device, RoomLight):
        highest = lamp_walk(walk, device)
    else:
        confirm_sides(walk)
        highest = highest_comfortable(walk)
    if isinstance(device, Tapper):
        onset_ms = onset_by_reaction(walk, device, highest)
    if isinstance(device, LightBar):
        gamma = gamma_by_match(walk, device)
    return DeviceCheck(
        walk.entry.driver, where_of(walk.entry), checked_utc, onset_ms, gamma, share_of_full(walk.entry, highest)
    )


def share_of_full(entry: Entry, level_frac: float) -> float:
    """What share of its full output a device gave at a level of the walk; bars and lamps are held by their entry already."""
    if isinstance(entry, LightBarEntry):
        return entry.level_frac * level_frac
    if isinstance(entry, RoomLightEntry):
        curve: Curve = "linear" if entry.driver in LINEAR_DRIVERS else "perceptual"
        return round(output_frac(100.0 * level_frac, curve, entry.level_frac), 4)
    return level_frac


def confirm_sides(walk: Walk) -> None:
    """Left, then right, each told by the person. Raises Refused with what to do."""
    how = (
        "Take a tapper in each hand." if isinstance(walk.device, Tapper) else "Sit where the client sits, and look at the bar."
    )
    walk.person.say(how + " It shows one side after the other.")
    told = {}
    sides: tuple[Side, Side] = ("left", "right")
    for side in sides:
        while True:
            walk.show(side, TEST_LEVEL_FRAC)
            answer = walk.person.choose("Which side was that, as the client sits?", ("left", "right", "neither", "again"))
            if answer != "again":
                break
        told[side] = answer
    if told == {"left": "left", "right": "right"}:
        return
    if told == {"left": "right", "right": "left"}:
        raise Refused(f'"{walk.device.name}": left and right are swapped; swap its wires, or turn it round, and check it again')
    missing = " and ".join(side for side, answer in told.items() if answer != side)
    raise Refused(f'"{walk.device.name}": {missing} was not where it should be; look at its wires, and check it again')


def highest_comfortable(walk: Walk) -> float:
    """The highest level that is still comfortable, as a share of full; it never goes on past a "too much"."""
    highest = 0.0
    walk.person.say('Now the level, step by step; "too much" ends it at the step before.')
    for level_frac in LEVELS_FRAC:
        walk.person.say(f"Now at {level_frac:.0%}.")
        walk.show("left", level_frac)
        walk.show("right", level_frac)
        answer = walk.person.choose("How is that?", ("comfortable", "nothing felt or seen", "too much"))
        if answer == "too much":
            break
        if answer == "comfortable":
            highest = level_frac
    if highest == 0.0:
        raise Refused(
            f'"{walk.device.name}": no level was comfortable; look at its power and its room file, and check it again'
        )
    return highest


def matching_halves(level_frac: float, pixels: int) -> LightFrame:
    """Left half: every LED at `level_frac` of the test level. Right half: every other LED at all of it: half the light."""
    lit = np.zeros((pixels, 3), dtype=np.float32)
    lit[: pixels // 2] = np.float32(TEST_LEVEL_FRAC * level_frac)
    lit[pixels // 2 :: 2] = np.float32(TEST_LEVEL_FRAC)
    return LightFrame(0.0, TEST_LEVEL_FRAC, WARM, lit)


def gamma_by_match(walk: Walk, bar: LightBar) -> float:
    """The exponent between the level a bar is told and its light, by matching half light.

    It is 1 where the bar has few LEDs, and where no level matched that a controller could have bent.
    """
    pixels = bar.capabilities.pixels
    if pixels < 8:
        return 1.0
    low, high = 0.25, 1.0
    walk.person.say("The left half shines evenly, and of the right half every other LED, brighter.")
    walk.person.say("Step back until the LEDs of the right half run together, and compare it with the left half.")
    for _ in range(GAMMA_ROUNDS):
        level_frac = (low + high) / 2
        for _ in range(round(BAR_SHOWS_S / BAR_FRAME_S)):
            bar.offer(matching_halves(level_frac, pixels), Due(0, time.monotonic()))
            walk.wait(BAR_FRAME_S)
        answer = walk.person.choose("Which half is brighter?", ("left", "right", "same"))
        if answer == "same":
            break
        low, high = (low, level_frac) if answer == "left" else (level_frac, high)
    bar.offer(end_lit("left", 0.0, pixels), Due(0, time.monotonic()))
    gamma = round(math.log(0.5) / math.log(level_frac), 2)
    if 0.5 <= gamma <= MOST_GAMMA:
        return gamma
    walk.person.say("The halves could not be matched, so the bar is taken to shine as it is told.")
    return 1.0


def onset_by_reaction(walk: Walk, tapper: Tapper, strength_frac: float) -> float:
    """How much later than a word on the screen a tap is felt, in ms: the difference of two medians, 20 ms or so uncertain.

    A sensor on the tapper is better; its figure goes into the room file as `onset_ms`, which counts before this one.
    """
    walk.person.say(f"{ROUNDS} short trials: press Enter as soon as you see the word NOW.")
    seen = [walk.person.reaction_s(lambda: walk.person.say("NOW")) for _ in range(ROUNDS)]
    pulse = TapPulse("left", max(TEST_PULSE_MS, tapper.capabilities.min_pulse_ms), strength_frac)
    walk.person.say(
        f"{ROUNDS} more, by touch: hold the left tapper, and press Enter with the other hand as soon as you feel a tap."
    )
    felt = [walk.person.reaction_s(lambda: tapper.offer(pulse, Due(0, time.monotonic()))) for _ in range(ROUNDS)]
    later_ms = (statistics.median(felt) - statistics.median(seen)) * 1000.0
    return round(min(LONGEST_ONSET_MS, max(0.0, later_ms)), 1)


def lamp_walk(walk: Walk, lamp: RoomLight) -> float:
    """Dim, then brighter; the highest comfortable level as a share of full."""
    lamp.offer(RoomLook(10.0, 2200.0, 1.0), Due(0, time.monotonic()))
    walk.wait(2.0)
    if walk.person.choose("Is the room's light dim and warm now?", ("yes", "no")) == "no":
        raise Refused(f'"{lamp.name}" did not become dim and warm; is it the lamp that the room file names?')
    highest = 0.0
    for level_frac in LEVELS_FRAC:
        lamp.offer(RoomLook(100.0 * level_frac, 2700.0, 1.0), Due(0, time.monotonic()))
        walk.wait(2.0)
        if walk.person.choose(f"Now at {level_frac:.0%}. How is that?", ("comfortable", "too much")) == "too much":
            break
        highest = level_frac
    lamp.offer(RoomLook(20.0, 2200.0, 2.0), Due(0, time.monotonic()))
    walk.wait(0.5)
    if highest == 0.0:
        raise Refused(f'"{lamp.name}": no level was comfortable; use a weaker lamp, or set level_frac in the room file')
    return highest
