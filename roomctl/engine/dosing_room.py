"""The dosing half of the room: program, music and room light, and the commands that move them."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Literal

from hardware.seams import RoomLook
from roomctl import messages as m
from roomctl.engine.lamps import STEADY, LampFade, operator_fade
from roomctl.engine.session_log import Recovered
from roomctl.errors import Invalid, Refused, UnknownId
from roomctl.journal import Journal


class DosingRoom:
    """Holds the room light's fade and, while a program runs, the program. Called under the room's lock."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._fade: LampFade = STEADY

    @property
    def mode(self) -> Literal["emdr", "dosing"]:
        """What the room is doing: a program, or bilateral work."""
        return "emdr"

    @property
    def is_playing(self) -> bool:
        """Whether music or a fade is under way."""
        return False

    def recover(self, recovered: Recovered) -> None:
        """Take up what the journal knows; nothing plays by itself but the bed."""

    def refuse_set(self) -> None:
        """Raise Refused while a program runs: a set and a program are separate modes."""

    def room_light_at(self, frame: float) -> RoomLook:
        """Where the room light is at `frame`."""
        return self._fade.look_at(frame)

    def tick(self, frame: int) -> None:
        """What time brings."""

    def has_changed(self) -> bool:
        """Whether time has brought something that everyone should see at once."""
        return False

    def stopped(self, frame: int, *, at_once: bool) -> None:
        """STOP was pressed: the room goes dim and warm, never dark and never full."""

    def handle(
        self, command: m.Command, frame: int, session_id: str | None, by: str
    ) -> tuple[dict[str, Any], Future[None] | None]:
        """Answer a command. Raises the room's errors."""
        if isinstance(command, m.ChangeLights):
            return self._change_lights(command, frame), None
        raise Refused("no program is running", state="idle", possible=["program/start"])

    def _change_lights(self, command: m.ChangeLights, frame: int) -> dict[str, Any]:
        now = self._fade.look_at(frame)
        level_l = now.level_l if command.level_l is None else command.level_l
        cct_k = now.cct_k if command.cct_k is None else command.cct_k
        if not 0.0 <= level_l <= 100.0:
            raise Invalid(f"level_l is {level_l:g}; allowed is 0 to 100 (CIE L*)", allowed={"ge": 0, "le": 100})
        if not 1800.0 <= cct_k <= 6500.0:
            raise Invalid(f"cct_k is {cct_k:g}; allowed is 1800 to 6500 kelvin", allowed={"ge": 1800, "le": 6500})
        if command.fade_s is not None and not 0.0 <= command.fade_s <= 3600.0:
            raise Invalid(f"fade_s is {command.fade_s:g}; allowed is 0 to 3600 s", allowed={"ge": 0, "le": 3600})
        self._fade = operator_fade(now, frame, level_l, cct_k, command.fade_s)
        return {"level_l": level_l, "cct_k": cct_k, "fade_s": self._fade.level_frames / 48_000}

    def state(self, frame: float) -> dict[str, Any]:
        """The parts of the state that are this half's: program, music, lights."""
        look = self._fade.look_at(frame)
        return {
            "program": None,
            "music": {"volume_db": -12.0, "now": None, "next": None, "ducked": False},
            "lights": {"level_l": round(look.level_l, 2), "cct_k": round(look.cct_k), "target_l": self._fade.to_level_l},
        }

    def ask(self, what: str, args: dict[str, Any]) -> Any:
        """Questions about programs and music. Raises UnknownId."""
        raise UnknownId(f'nothing answers to "{what}"')
