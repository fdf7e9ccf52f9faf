"""Leads the player by the arc: what phase, pause, calm or end mean for the music. The same live and offline.

It looks at the arc as often as it is asked to, and acts only on what changed since.
"""

from __future__ import annotations

from typing import Final, Literal

from playlists.arc import Arc, ArcPoint, ArcState
from playlists.curves import target_at
from playlists.player import Player
from playlists.programs import known_pools

Sounding = Literal["silent", "music", "pause", "calm", "attention", "stop", "bed", "end"]

SOUNDING: Final[dict[ArcState, Sounding]] = {
    "arrival": "music",
    "running": "music",
    "held": "music",
    "overrun": "music",
    "paused": "pause",
    "calm": "calm",
    "attention": "attention",
    "stopped": "stop",
    "awaiting-resume": "bed",
    "ended": "end",
}
RESTART_FADE_S: Final = 10.0
INTENSITY_STEP: Final = 0.05


class Conductor:
    """Holds what the player was last told."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._sounding: Sounding = "silent"
        self._aimed: tuple[str, float] | None = None
        """The phase that was aimed for and since when: two moves at one moment differ by the phase alone."""

        self._intensity = -1.0
        self._after_restart = False

    @property
    def is_silent(self) -> bool:
        """Whether nothing was begun, or all was ended."""
        return self._sounding in ("silent", "end")

    def follow(self, arc: Arc, point: ArcPoint, at_frame: int) -> None:
        """Tell the player what of `point` is new, from `at_frame` on."""
        if arc.program.silent:
            return
        wanted = SOUNDING[point.state]
        if wanted == "bed" and not _bed_is_wanted(arc):
            wanted = "stop"
        self._aim(arc, point, at_frame)
        if wanted != self._sounding:
            self._change(wanted, at_frame)
            self._sounding = wanted

    def _aim(self, arc: Arc, point: ArcPoint, at_frame: int) -> None:
        aim = point.music
        if (aim.phase, aim.changed_s) != self._aimed:
            self._aimed, self._intensity = (aim.phase, aim.changed_s), aim.begins
            trim_db = target_at(arc.levels.trim, point.t_s)
            self._player.set_targets(
                aim.begins,
                trim_db,
                aim.pools,
                aim.crossfade_s,
                at_frame,
                pad=aim.pad,
                voice=aim.voice,
                percussion=aim.percussion,
                known_pools=known_pools(arc.program),
            )
        elif point.t_s >= aim.changed_s + aim.crossfade_s and abs(aim.intensity - self._intensity) >= INTENSITY_STEP:
            self._intensity = aim.intensity
            self._player.set_intensity(aim.intensity, at_frame)

    def _change(self, wanted: Sounding, at_frame: int) -> None:
        player = self._player
        if wanted == "music":
            self._go(at_frame)
        elif wanted == "pause":
            player.pause(at_frame)
        elif wanted == "calm":
            player.calm(at_frame)
        elif wanted == "attention":
            player.attention(at_frame)
        elif wanted == "stop":
            player.stop(at_frame)
        elif wanted == "bed":
            self._after_restart = True
            player.start(at_frame, RESTART_FADE_S)
            player.pause(at_frame)
        elif wanted == "end":
            player.end(at_frame)

    def _go(self, at_frame: int) -> None:
        """Music: from the beginning, after a restart by a 10 s fade, or on from where it stood."""
        if self._sounding in ("silent", "end"):
            self._player.start(at_frame)
        elif self._after_restart:
            self._after_restart = False
            self._player.resume(at_frame, RESTART_FADE_S)
        else:
            self._player.resume(at_frame)


def _bed_is_wanted(arc: Arc) -> bool:
    """Whether the bed should be there: not after a restart at which STOP stood, not even once STOP is unlatched."""
    return target_at(arc.levels.bed, arc.last_s) > 0.0
