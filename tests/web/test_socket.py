"""The panel's WebSocket."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from roomctl.sign_in import Panel, SignIn
from web.hub import WAITING_MOST, Hub, Seat
from web.socket import GARBAGE_ALLOWED

WAIT_S = 10.0


@pytest.fixture
def panel(served: Any) -> Iterator[ClientConnection]:
    with served.socket() as panel:
        yield panel


def told(panel: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this kind."""
    while True:
        message: dict[str, Any] = json.loads(panel.recv(WAIT_S))
        if message["type"] == kind:
            return message


def test_the_first_message_is_the_same_flat_object_as_the_state(panel: ClientConnection, control: Any) -> None:
    assert json.loads(panel.recv(WAIT_S)) == {"type": "snapshot", **control.get("/api/state").json()}


def test_changes_and_heartbeats_follow_in_order(panel: ClientConnection, engine: Any) -> None:
    told(panel, "snapshot")
    engine.change(stopped=True)
    engine.beat()
    assert json.loads(panel.recv(WAIT_S)) == {"type": "delta", "boot_id": "boot-1", "rev": 4, "changed": {"stopped": True}}
    assert json.loads(panel.recv(WAIT_S))["clock"]["frame"] == 48_000


def test_every_panel_hears_and_a_late_one_gets_the_present_state(panel: ClientConnection, served: Any, engine: Any) -> None:
    told(panel, "snapshot")
    engine.change(stopped=True)
    with served.socket("view") as late:
        assert told(late, "snapshot")["stopped"] is True
        engine.change(stopped=False)
        assert told(late, "delta")["rev"] == 5
    assert [told(panel, "delta")["rev"], told(panel, "delta")["rev"]] == [4, 5]


@pytest.mark.parametrize("message", ['{"type":"stop"}', '{"do":"stop"}'])
def test_stop_in_the_view_role_reaches_the_engine(served: Any, engine: Any, message: str) -> None:
    with served.socket("view") as panel:
        panel.send(message)
        assert told(panel, "stopped")["status"] == 200
    assert engine.stops[0].who.role == "view"
    assert engine.stops[0].who.panel_id.startswith("p-")


def test_a_press_keeps_its_key_on_the_way_so_that_two_ways_are_one_stop(panel: ClientConnection, engine: Any) -> None:
    panel.send('{"type":"stop","idempotency_key":"press-1"}')
    told(panel, "stopped")
    assert engine.stops[0].idempotency_key == "press-1"


@pytest.mark.parametrize("key", ['""', "7", "null", '"' + "x" * 201 + '"'])
def test_a_stop_with_a_key_that_cannot_be_one_is_still_a_stop(panel: ClientConnection, engine: Any, key: str) -> None:
    panel.send('{"type":"stop","idempotency_key":' + key + "}")
    assert told(panel, "stopped")["status"] == 200
    assert engine.stops[0].idempotency_key is None


def test_stop_overtakes_everything_that_hangs_in_the_engine(served: Any, engine: Any, control: Any) -> None:
    engine.hold.clear()
    with served.socket("view") as panel:
        panel.send('{"type":"snapshot"}')
        panel.send('{"type":"stop"}')
        assert told(panel, "stopped")["status"] == 200
    assert control.post("/api/stop").status_code == 200


def test_a_snapshot_is_sent_anew_when_asked_for(panel: ClientConnection, engine: Any) -> None:
    told(panel, "snapshot")
    engine.state = {**engine.state, "rev": 9}
    panel.send('{"type":"snapshot"}')
    assert told(panel, "snapshot")["rev"] == 9


@pytest.mark.parametrize(
    "garbage",
    ["", "garbage", "[]", '{"type":"start"}', '{"type":["stop"]}', "[" * 4000, b"\x00\xff", '{"type":"stop"}' + " " * 9000],
)
def test_garbage_is_answered_and_does_nothing(panel: ClientConnection, engine: Any, garbage: str | bytes) -> None:
    panel.send(garbage)
    assert "stop" in told(panel, "error")["error"]
    panel.send('{"type":"snapshot"}')
    told(panel, "snapshot")
    assert engine.stops == engine.requests == []


def test_a_few_pieces_of_garbage_close_the_socket(panel: ClientConnection) -> None:
    for _ in range(GARBAGE_ALLOWED):
        panel.send(os.urandom(64))
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            panel.recv(WAIT_S)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1008


def test_a_message_of_a_megabyte_closes_the_socket(panel: ClientConnection, control: Any) -> None:
    with pytest.raises(ConnectionClosed) as caught:
        panel.send("x" * 1_000_000)
        while True:
            panel.recv(WAIT_S)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009
    assert control.get("/api/state").status_code == 200


def test_a_stranger_is_refused_at_the_door(served: Any) -> None:
    with pytest.raises(InvalidStatus) as caught:
        connect(served.ws_url, origin=served.url)
    assert caught.value.response.status_code == 401
    assert "not signed in" in json.loads(caught.value.response.body)["error"]


def test_a_script_may_listen_with_its_token_and_is_no_panel(served: Any, engine: Any) -> None:
    with connect(served.ws_url, additional_headers={"Authorization": f"Bearer {served.token('view')}"}) as script:
        told(script, "snapshot")
        with served.socket() as panel:
            told(panel, "snapshot")
            assert engine.wait(lambda: len(engine.panels) == 1)


def test_a_panel_that_says_it_is_here_is_heard_and_not_answered(panel: ClientConnection, served: Any) -> None:
    told(panel, "snapshot")
    (seat,) = served.server.config.app.state.room.hub.seats
    seat.heard_s -= 60.0
    for _ in range(2 * GARBAGE_ALLOWED):
        panel.send('{"type":"here"}')
    panel.send('{"type":"snapshot"}')
    assert json.loads(panel.recv(WAIT_S))["type"] == "snapshot"
    assert time.monotonic() - seat.heard_s < 60.0


def test_a_panel_with_two_sockets_was_heard_on_the_one_that_spoke_last(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr("web.hub.time.monotonic", lambda: now_s)
    hub, told_panels = Hub(), []
    hub.tell_panels = told_panels.append
    seats = [Seat(Panel("p-1", "control", "Tablet", 0.0, 0.0), "token", heard_s=100.0) for _ in range(2)]
    hub.seats.update(seats)
    now_s = 107.0
    seats[1].heard()
    now_s = 108.5
    hub.panels_changed()
    assert told_panels == [[{"id": "p-1", "role": "control", "name": "Tablet", "seen_s": 1.5}]]


def test_the_engine_is_told_which_panels_are_open(served: Any, engine: Any) -> None:
    with served.socket("view") as panel:
        told(panel, "snapshot")
        assert engine.wait(lambda: [shown["role"] for shown in engine.panels] == ["view"])
        assert set(engine.panels[0]) == {"id", "role", "name", "seen_s"}
    assert engine.wait(lambda: engine.panels == [])


def test_a_panel_that_is_signed_out_loses_its_socket(served: Any, panel: ClientConnection) -> None:
    told(panel, "snapshot")
    store = SignIn(served.data / "sign_in.db")
    store.revoke(store.panels()[0].id)
    store.close()
    with pytest.raises(ConnectionClosed):
        while True:
            panel.recv(WAIT_S)


def test_panels_hear_that_the_engine_went_and_that_it_is_back(served_alone: Any, engine_later: Any) -> None:
    engine_later.server.start()
    with served_alone.socket() as panel:
        told(panel, "snapshot")
        engine_later.server.close()
        while not (went := told(panel, "engine"))["away"]:
            pass
        assert "engine is away" in went["error"]
        again = type(engine_later)(served_alone.data)
        again.state["boot_id"] = "boot-2"
        again.server.start()
        try:
            assert told(panel, "engine")["away"] is False
            assert told(panel, "snapshot")["boot_id"] == "boot-2"
            assert again.wait(lambda: len(again.panels) == 1)
        finally:
            again.server.close()


def test_a_panel_that_comes_while_the_engine_is_away_hears_so_first(served_alone: Any, engine_later: Any) -> None:
    with served_alone.socket() as panel:
        assert json.loads(panel.recv(WAIT_S))["away"] is True
        panel.send('{"type":"stop"}')
        assert told(panel, "error")["status"] == 503
        engine_later.server.start()
        assert told(panel, "snapshot")["boot_id"] == "boot-1"


def test_a_tablet_that_stops_reading_loses_its_place_and_the_others_go_on(
    served: Any, engine: Any, panel: ClientConnection
) -> None:
    told(panel, "snapshot")
    hub = served.server.config.app.state.room.hub
    port = int(served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(handshake(port, served.token("view")))
        assert engine.wait(lambda: len(engine.panels) == 2)
        for _ in range(4 * WAITING_MOST):
            engine.change(library="x" * 50_000)
            told(panel, "delta")
            if len(hub.seats) == 1:
                break
        assert engine.wait(lambda: len(engine.panels) == 1)
    panel.send('{"type":"stop"}')
    assert told(panel, "stopped")["status"] == 200


def handshake(port: int, token: str) -> bytes:
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Cookie: roomctl={token}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_a_socket_that_does_not_take_its_messages_is_dropped_and_delays_no_other() -> None:
    hub = Hub()
    deaf, keen = seat("p-1"), seat("p-2")
    hub.join(deaf)
    hub.join(keen)
    for number in range(WAITING_MOST + 1):
        hub.engine_away(bool(number % 2))
        keen.queue.get_nowait()
    assert deaf.over.is_set()
    assert not keen.over.is_set()


def seat(panel_id: str) -> Seat:
    return Seat(Panel(panel_id, "view", "t", 0.0, 0.0), "token")
