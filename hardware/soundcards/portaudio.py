"""Sound cards behind PortAudio, by name: the one that was asked for, or none.

PortAudio's own library is needed (Debian: libportaudio2). The moment a block is heard at is read at the top of each callback as
`monotonic + (outputBufferDacTime - stream.time)`: the two stream times are only ever subtracted, since epochs differ. With the
callback's own `currentTime` in place of `stream.time`, every wait for the interpreter's lock would be taken for the card's.
Verified against: a recorded PulseAudio null sink, through PortAudio's ALSA host.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hardware.soundcards.seam import Fill, SoundCard, silence

_RETRY_S: Final = 1.0
_WATCH_S: Final = 0.1
_LOST_S: Final = 1.0
"""A stream whose callback has been quiet for this long is taken for lost: twenty buffers."""

_library = threading.Lock()
"""PortAudio is started and ended for the whole process, so one thread at a time."""


@dataclass(frozen=True, slots=True)
class ListedCard:
    """An output as PortAudio lists it."""

    index: int
    name: str
    host: str
    channels: int
    rate_hz: int


def library() -> ModuleType:
    """The sounddevice module. Raises OSError with what to install where PortAudio is missing."""
    try:
        import sounddevice
    except OSError as fault:
        raise OSError(
            "sound cards need the PortAudio library, which is not installed; on Debian and Ubuntu: apt install libportaudio2"
        ) from fault
    module: ModuleType = sounddevice
    return module


def list_cards(again: bool = False) -> list[ListedCard]:
    """The outputs that PortAudio sees; `again` looks for new ones, and is only legal while no stream is open.

    Raises OSError where PortAudio is not installed or will not start.
    """
    with _library:
        sd = library()
        try:
            if again:
                sd._terminate()
                sd._initialize()
            hosts = sd.query_hostapis()
            found = sd.query_devices()
        except sd.PortAudioError as fault:
            raise OSError(f"PortAudio will not start: {fault}") from fault
    return [
        ListedCard(
            at, card["name"], hosts[card["hostapi"]]["name"], card["max_output_channels"], int(card["default_samplerate"])
        )
        for at, card in enumerate(found)
        if card["max_output_channels"] > 0
    ]


def choose_card(cards: Sequence[ListedCard], wanted: str) -> ListedCard:
    """The card of exactly that name, or the only one whose name contains it (capitals do not count).

    Raises OSError that says which are there. Where one name stands under several hosts, the first listed is meant.
    """
    exact = [card for card in cards if card.name == wanted]
    if exact:
        return exact[0]
    like = {card.name: card for card in reversed(cards) if wanted.casefold() in card.name.casefold()}
    if len(like) == 1:
        return next(iter(like.values()))
    there = ", ".join(f'"{name}"' for name in dict.fromkeys(card.name for card in cards)) or "none"
    what = f"{len(like)} sound cards have it in their names" if like else "no sound card has that name"
    raise OSError(f'sound card "{wanted}": {what}; there are: {there}')


class PortAudioCard(SoundCard):
    """The card called `device` in PortAudio's list. Never another.

    Hosts round the buffer as they like: behind ALSA and PulseAudio, 48 ms asked for in blocks of 512 gave 46 ms, in blocks of
    256 gave 69 ms.
    """

    driver = "portaudio"
    verified = True

    def __init__(
        self,
        device: str,
        name: str = "sound card",
        channels: int = 2,
        rate_hz: int = 48_000,
        latency_s: float = 0.048,
        block_frames: int = 512,
    ) -> None:
        super().__init__(name, channels, rate_hz, latency_s)
        self.device = device
        self._block_frames = block_frames
        self._fill: Fill = silence
        self._stream: Any = None
        self._called_s = 0.0
        self._finished = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, fill: Fill = silence) -> None:
        """Begin to look for the card and to play; the link says how it goes."""
        if self._thread is not None:
            raise AssertionError(f'sound card "{self.name}" was opened twice')
        self._fill = fill
        self.set_link("CONNECTING")
        self._thread = threading.Thread(target=self._run, name=f"card {self.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop at once and let the card go."""
        self._closing.set()
        self._finished.set()
        if self._thread is not None:
            self._thread.join(5.0)
        self.set_link("ABSENT")

    def _run(self) -> None:
        """Open, watch, and open again each second until closed."""
        again = False
        while not self._closing.is_set():
            try:
                self._start(again)
            except OSError as fault:
                self.set_link("FAULT", str(fault))
                self._closing.wait(_RETRY_S)
            else:
                self.set_link("READY")
                why = self._watch()
                self._stop()
                if why:
                    self.set_link("FAULT", why)
            again = True

    def _start(self, again: bool) -> None:
        card = choose_card(list_cards(again), self.device)
        if card.channels < self.channels:
            raise OSError(f'sound card "{card.name}" has {card.channels} channels, and the room file uses {self.channels}')
        sd = library()
        self._finished.clear()
        try:
            with _library:
                self._stream = sd.OutputStream(
                    device=card.index,
                    channels=self.channels,
                    samplerate=self.rate_hz,
                    blocksize=self._block_frames,
                    dtype="float32",
                    latency=self.latency_s,
                    callback=self._callback,
                    finished_callback=self._finished.set,
                )
                self._called_s = time.monotonic()
                self._stream.start()
        except (sd.PortAudioError, ValueError) as fault:
            self._stop()
            raise OSError(
                f'sound card "{card.name}" will not play {self.rate_hz} Hz on {self.channels} channels: {fault}'
            ) from fault

    def _watch(self) -> str:
        """Wait until the stream is lost; the sentence says how, and is empty where the card was closed."""
        while not self._finished.wait(_WATCH_S):
            if not self._stream.active:
                break
            if time.monotonic() - self._called_s > _LOST_S:
                return f'sound card "{self.device}" no longer asks for sound; is it still plugged in?'
        return "" if self._closing.is_set() else f'sound card "{self.device}" is gone; is it still plugged in?'

    def _stop(self) -> None:
        """Drop the stream, what it holds unplayed included."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with _library:
                stream.abort(ignore_errors=True)
                stream.close(ignore_errors=True)

    def _callback(self, block: npt.NDArray[np.float32], frames: int, times: Any, status: Any) -> None:
        """Called by PortAudio for each block, on a thread of its own."""
        stream = self._stream
        if stream is None:
            block.fill(0.0)
            return
        self._called_s = time.monotonic()
        dac_mono_s = self._called_s + (times.outputBufferDacTime - stream.time)
        if status.output_underflow:
            self.underruns += 1
        self._pull(self._fill, block, dac_mono_s)
