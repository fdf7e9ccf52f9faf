"""The web process's end of the link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from roomctl.errors import Away
from roomctl.link import AsyncEngineLink
from roomctl.messages import Delta, Resume, SetFinish, Snapshot, Stop, Who

WHO = Who(name="panel", role="control", panel_id="p1")


class Heard:
    """What a link handed on."""

    def __init__(self) -> None:
        self.pushes: asyncio.Queue[Any] = asyncio.Queue()
        self.away: asyncio.Queue[bool] = asyncio.Queue()


@pytest.fixture
async def heard() -> Heard:
    return Heard()


@pytest.fixture
async def alink(engine: Any, heard: Heard) -> AsyncIterator[AsyncEngineLink]:
    link = AsyncEngineLink(engine.server.path, on_push=heard.pushes.put_nowait, on_away=heard.away.put_nowait, reply_s=1.0)
    link.start()
    assert await link.wait_connected(5)
    yield link
    await link.close()


async def test_it_connects_and_hands_on_the_snapshot_and_deltas(engine: Any, alink: AsyncEngineLink, heard: Heard) -> None:
    assert await asyncio.wait_for(heard.pushes.get(), 5) == Snapshot(state={"boot_id": "b", "rev": 7})
    delta = Delta(boot_id="b", rev=8, changed={})
    engine.server.publish(delta)
    assert await asyncio.wait_for(heard.pushes.get(), 5) == delta


async def test_commands_and_questions_are_answered(alink: AsyncEngineLink) -> None:
    assert (await alink.request(Resume(), WHO)).body == {"done": "resume"}
    assert (await alink.ask("echo", a=1)).body == {"a": 1}


async def test_stop_overtakes_a_command_that_hangs(engine: Any, alink: AsyncEngineLink) -> None:
    slow = asyncio.create_task(alink.request(SetFinish(), WHO))
    assert await asyncio.to_thread(engine.hanging.wait, 5)
    assert (await alink.request(Stop(), WHO)).body == {"stopped": True}
    assert not slow.done()
    engine.go_on.set()
    assert (await slow).status == 200


async def test_a_hanging_engine_is_away(engine: Any, alink: AsyncEngineLink) -> None:
    with pytest.raises(Away, match="1 s"):
        await alink.ask("hang")


async def test_without_an_engine_every_call_is_away_at_once(tmp_path: Any) -> None:
    link = AsyncEngineLink(tmp_path / "engine.sock")
    link.start()
    with pytest.raises(Away):
        await link.ask("state")
    assert not link.connected
    await link.close()


async def test_it_says_that_the_engine_went_and_comes_back_with_a_new_snapshot(
    engine: Any, alink: AsyncEngineLink, heard: Heard
) -> None:
    assert await asyncio.wait_for(heard.away.get(), 5) is False
    alink.panels([{"id": "p1"}])
    pending = asyncio.create_task(alink.ask("hang"))
    assert await asyncio.to_thread(engine.hanging.wait, 5)
    closing = asyncio.create_task(asyncio.to_thread(engine.server.close))
    with pytest.raises(Away):
        await pending
    assert await asyncio.wait_for(heard.away.get(), 5) is True
    engine.go_on.set()
    await closing
    again = type(engine)(engine.server.path)
    again.server.start()
    try:
        assert await asyncio.wait_for(heard.away.get(), 5) is False
        assert await asyncio.to_thread(again.wait_panels, [{"id": "p1"}])
        assert (await alink.ask("echo", a=4)).body == {"a": 4}
    finally:
        await asyncio.to_thread(again.server.close)
