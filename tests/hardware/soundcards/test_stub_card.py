"""The stub card: a clock, a buffer that can run dry, and a recording that is true to the frame."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from hardware.faults import Fault
from hardware.seams import Device, Link
from hardware.soundcards.seam import Block
from hardware.soundcards.stub import StubSoundCard
from hardware.soundcards.tape import Tape
from hardware.soundcards.wav import WavWriter, header, read_recording

WAIT_S = 20.0
ROOT = Path(__file__).parents[3]


class Ramp:
    """Fills with a count that never stands still, and keeps what it was told of each block."""

    def __init__(self, enough: int) -> None:
        self.enough = threading.Event()
        self.frame = 0
        self.blocks: list[tuple[float, int, int]] = []
        self._enough = enough

    def __call__(self, block: Block, dac_mono_s: float) -> None:
        self.blocks.append((dac_mono_s, block.shape[0], self.frame))
        block[:] = self.value(np.arange(self.frame, self.frame + block.shape[0]))[:, None]
        self.frame += block.shape[0]
        if self.frame >= self._enough:
            self.enough.set()

    @staticmethod
    def value(frames: np.ndarray) -> np.ndarray:
        return (frames % 4096 + 1).astype(np.float32) / 8192


class Links:
    """The card's states, and a way to wait for one."""

    def __init__(self, card: StubSoundCard) -> None:
        self.seen: list[Link] = []
        self._news = threading.Condition()
        card.on_link = self._note

    def wait_for(self, state: str, times: int = 1) -> None:
        with self._news:
            assert self._news.wait_for(lambda: [link.state for link in self.seen].count(state) >= times, WAIT_S), self.seen

    def _note(self, device: Device, link: Link) -> None:
        with self._news:
            self.seen.append(link)
            self._news.notify_all()


@pytest.fixture
def cards() -> Iterator[list[StubSoundCard]]:
    """Cards put here are closed."""
    made: list[StubSoundCard] = []
    yield made
    for card in made:
        card.close()


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_the_recording_holds_each_block_at_the_moment_it_was_due(
    tmp_path: Path, speed: float, cards: list[StubSoundCard]
) -> None:
    card = StubSoundCard(speed=speed, record=tmp_path / "out.wav")
    cards.append(card)
    ramp = Ramp(24_000)
    card.open(ramp)
    assert ramp.enough.wait(WAIT_S)
    card.close()
    heard = read_recording(tmp_path / "out.wav")
    assert heard.frames_per_s == 48_000 * speed
    for dac_s, frames, first in ramp.blocks:
        at = heard.frame_at(dac_s)
        assert np.array_equal(heard.samples[at : at + frames, 0], Ramp.value(np.arange(first, first + frames)))
    assert (card.fill_fault, card.record_fault) == ("", "")


def test_blocks_are_due_one_after_the_other_without_drift(cards: list[StubSoundCard]) -> None:
    card = StubSoundCard(block_frames=256)
    cards.append(card)
    ramp = Ramp(48_000)
    card.open(ramp)
    assert ramp.enough.wait(WAIT_S)
    card.close()
    if card.underruns == 0:
        begun_s = ramp.blocks[0][0]
        assert all(abs(dac_s - begun_s - first / 48_000) < 1e-9 for dac_s, _, first in ramp.blocks)
    else:
        assert sorted(ramp.blocks) == ramp.blocks


def test_unplugged_it_is_a_fault_and_silent_and_then_plays_on(tmp_path: Path, cards: list[StubSoundCard]) -> None:
    card = StubSoundCard(record=tmp_path / "out.wav", faults=[Fault(0.2, "unplug", 0.2)])
    cards.append(card)
    links = Links(card)
    ramp = Ramp(19_200)
    card.open(ramp)
    links.wait_for("READY", times=2)
    assert ramp.enough.wait(WAIT_S)
    card.close()
    assert [link.state for link in links.seen] == ["CONNECTING", "READY", "FAULT", "READY", "ABSENT"]
    assert "unplugged" in links.seen[2].why
    heard = read_recording(tmp_path / "out.wav")
    sounding = np.zeros(heard.samples.shape[0], dtype=bool)
    for dac_s, frames, first in ramp.blocks:
        at = heard.frame_at(dac_s)
        sounding[at : at + frames] = True
        assert np.array_equal(heard.samples[at : at + frames, 0], Ramp.value(np.arange(first, first + frames)))
    assert not sounding.all()
    assert not heard.samples[~sounding].any()


@pytest.mark.parametrize("do", ["delay", "slow", "drop"])
def test_stalled_it_runs_dry_and_counts_it(cards: list[StubSoundCard], do: str) -> None:
    card = StubSoundCard(faults=[Fault(0.1, do, 0.3)])  # type: ignore[arg-type]
    cards.append(card)
    ramp = Ramp(14_400)
    card.open(ramp)
    assert ramp.enough.wait(WAIT_S)
    assert card.underruns >= 1
    assert card.link.state == "READY"


def test_a_fill_that_is_too_slow_is_an_underrun_and_not_a_crash(cards: list[StubSoundCard]) -> None:
    card = StubSoundCard(latency_s=0.02)
    cards.append(card)
    late = threading.Event()
    calls = []

    def fill(block: Block, dac_mono_s: float) -> None:
        calls.append(dac_mono_s)
        if len(calls) == 5:
            threading.Event().wait(0.2)
        if len(calls) == 20:
            late.set()

    card.open(fill)
    assert late.wait(WAIT_S)
    assert card.underruns >= 1
    assert calls == sorted(calls)


def test_a_fill_that_raises_is_silence_and_is_kept(tmp_path: Path, cards: list[StubSoundCard]) -> None:
    card = StubSoundCard(record=tmp_path / "out.wav")
    cards.append(card)
    called = threading.Event()

    def fill(block: Block, dac_mono_s: float) -> None:
        block.fill(0.5)
        called.set()
        raise ZeroDivisionError("no sound")

    card.open(fill)
    assert called.wait(WAIT_S)
    card.close()
    assert card.fill_fault == "ZeroDivisionError: no sound"
    assert not read_recording(tmp_path / "out.wav").samples.any()


def test_a_disk_that_cannot_be_written_ends_the_recording_and_not_the_sound(tmp_path: Path, cards: list[StubSoundCard]) -> None:
    (tmp_path / "file").write_text("in the way")
    card = StubSoundCard(record=tmp_path / "file" / "out.wav")
    cards.append(card)
    ramp = Ramp(9_600)
    card.open(ramp)
    assert ramp.enough.wait(WAIT_S)
    card.close()
    assert "is no longer recorded" in card.record_fault
    assert ramp.frame >= 9_600


def test_close_leaves_no_thread_and_a_second_open_is_refused(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    card = StubSoundCard(record=tmp_path / "out.wav")
    card.open()
    with pytest.raises(AssertionError, match="opened twice"):
        card.open()
    card.close()
    assert set(threading.enumerate()) <= before
    assert card.link.state == "ABSENT"


KILLED = """
import sys, time, threading
import numpy as np
from pathlib import Path
from hardware.soundcards.stub import StubSoundCard
n = 0
def fill(block, dac):
    global n
    block[:] = ((np.arange(n, n + len(block)) % 4096 + 1) / 8192)[:, None]
    n += len(block)
    if n > 120_000:
        print("enough", flush=True)
StubSoundCard(record=Path(sys.argv[1])).open(fill)
threading.Event().wait()
"""


def test_a_killed_process_leaves_a_file_that_players_read(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"enough\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10.0)
    heard = read_recording(path)
    assert heard.samples.shape[0] > 48_000
    played = heard.samples[heard.samples[:, 0] != 0.0, 0]
    assert played.shape[0] > 48_000
    assert np.array_equal(played, Ramp.value(np.arange(played.shape[0]))), "but for silence where the machine stalled"
    with av.open(str(path)) as container:
        frames = sum(frame.samples for frame in container.decode(audio=0))
    assert 24_000 <= frames <= heard.samples.shape[0], "a player that goes by the header lacks about a second at most"


def test_the_file_before_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    for value in (0.25, 0.5):
        writer = WavWriter(tmp_path / "out.wav", 2, 48_000, 0.0, 48_000.0)
        writer.write(np.full((10, 2), value, dtype=np.float32))
        writer.close()
    assert read_recording(tmp_path / "out.wav").samples[0, 0] == 0.5
    assert read_recording(tmp_path / "out.previous.wav").samples[0, 0] == 0.25


def test_past_4_gb_the_header_turns_into_rf64() -> None:
    frames = 600_000_000
    small, large = header(2, 48_000, 1000, 0.0, 48_000.0), header(2, 48_000, frames, 0.0, 48_000.0)
    assert len(small) == len(large)
    assert (small[:4], small[12:16]) == (b"RIFF", b"JUNK")
    assert (large[:4], large[4:8], large[12:16]) == (b"RF64", b"\xff\xff\xff\xff", b"ds64")
    _, riff, data, count, _ = struct.unpack_from("<IQQQI", large, 16)
    assert (riff, data, count) == (len(large) - 8 + 8 * frames, 8 * frames, frames)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3" + bytes(400), b"RIFF" + bytes(4) + b"AVI " + bytes(400)])
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(ValueError, match="not a recording of this program"):
        read_recording(tmp_path / "x.wav")


def test_where_the_disk_cannot_keep_up_silence_keeps_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardware.soundcards.tape._MOST_WAITING", 3)
    gate, entered = threading.Event(), threading.Event()
    write = WavWriter.write

    def slow(self: WavWriter, block: Block) -> None:
        entered.set()
        assert gate.wait(WAIT_S)
        write(self, block)

    monkeypatch.setattr(WavWriter, "write", slow)
    tape = Tape(tmp_path / "out.wav", 2, 48_000, time.monotonic(), 48_000.0)
    tape.put(np.full((100, 2), 0.1, dtype=np.float32))
    assert entered.wait(WAIT_S)
    for _ in range(8):
        tape.put(np.full((100, 2), 0.2, dtype=np.float32))
    assert tape.lost_frames == 500
    gate.set()
    while tape._waiting.qsize():
        time.sleep(0.001)
    tape.put(np.full((100, 2), 0.3, dtype=np.float32))
    tape.close()
    samples = read_recording(tmp_path / "out.wav").samples[:, 0]
    assert samples.shape[0] == 1000
    assert np.array_equal(samples[::100], np.array([0.1, 0.2, 0.2, 0.2, 0, 0, 0, 0, 0, 0.3], dtype=np.float32))
