"""What somebody did to a program, the music or the room light, in the few words that every panel's header shows."""

from __future__ import annotations

from typing import Final

from roomctl import messages as m

MOVES: Final = {
    "dose": "dose given",
    "next": "next phase",
    "previous": "phase before",
    "skip": "to another phase",
    "hold": "hold",
    "release": "hold released",
    "extend": "phase longer",
    "booster": "booster given",
    "anchor": "anchor marked",
    "pause": "pause",
    "resume": "program goes on",
    "calm": "CALM",
    "attention": "ATTENTION",
    "check-light": "check light",
    "breath": "breath",
    "end": "program ended",
}
MUSIC: Final = {"next": "next track", "duck": "music ducked", "unduck": "music back", "announce": "announcement"}


def words_of(command: m.Command) -> str:
    """A few words for `command`; its own name where there are none."""
    match command:
        case m.ProgramStart():
            return f"program {command.program}"
        case m.ProgramMove():
            return MOVES.get(command.move, command.move)
        case m.PromptAnswer():
            return "prompt done" if command.answer == "done" else "prompt put off"
        case m.MusicMove():
            return MUSIC.get(command.move, command.move)
        case m.ChangeMusic():
            return "music level"
        case m.ChangeLights():
            return "room light"
        case m.TagTrack():
            return "tags of a track"
        case _:
            return str(getattr(command, "do", "a change"))
