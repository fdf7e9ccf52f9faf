"""What the room commands, put together once at the start."""

from __future__ import annotations

from dataclasses import dataclass

from playlists.presets import Preset
from roomctl.clock import SessionClock
from roomctl.engine.devices import Rack
from roomctl.engine.dosing_room import DosingRoom
from roomctl.engine.output_stage import OutputStage
from roomctl.engine.render_ahead import RenderAhead
from roomctl.engine.renderer import RoomRenderer
from roomctl.engine.sound import Sound
from roomctl.engine.sources import Sources
from roomctl.engine.view import Outlook
from roomctl.journal import Journal
from roomctl.room_file import RoomFile


@dataclass(slots=True)
class Parts:
    """What the room commands."""

    room_file: RoomFile
    clock: SessionClock
    outlook: Outlook
    stage: OutputStage
    ahead: RenderAhead
    renderer: RoomRenderer
    sources: Sources
    sound: Sound
    rack: Rack
    journal: Journal
    presets: dict[str, Preset]
    dosing: DosingRoom
    speed: float = 1.0
    demo: bool = True
    verified: frozenset[str] = frozenset()
