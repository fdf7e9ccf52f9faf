"""The engine's end of the link. A STOP is handed over in the reader thread itself, and waits for no other request.

A client has a reader, a writer and a thread that answers its commands in order; questions are answered by a few threads that
all clients share, so that a long one delays no command.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from roomctl.errors import Away, RoomError
from roomctl.link.address import MAX_LINE_BYTES, Listening, forget, listen
from roomctl.link.outbox import Outbox
from roomctl.link.replies import garbage_reply, refusal
from roomctl.messages import (
    AnyMessage,
    Ask,
    Delta,
    Heartbeat,
    Panels,
    Reply,
    Request,
    Snapshot,
    Stop,
    Subscribe,
    decode,
    encode,
)

log = logging.getLogger(__name__)

GARBAGE_LINES_ALLOWED = 5
ASK_THREADS = 3
_WAITING_COMMANDS = 128
_WAITING_ASKS = 256
_JOIN_S = 2.0
_ACCEPT_S = 1.0
"""Where closing a socket does not wake the thread that accepts on it, it looks this often whether it should end."""

Answer = Callable[[Request | Ask], Reply]
Task = Callable[[], None]


class LinkServer:
    """Takes commands and questions from any number of local clients, and publishes to those who subscribed.

    `answer` may wait; it is called in a thread of the link. `stop` must not: it runs in the reader thread. An error of the
    room's tree that either raises becomes its reply, anything else is logged and answered 500.
    """

    def __init__(
        self,
        path: Path,
        answer: Answer,
        *,
        stop: Callable[[Request], Reply],
        snapshot: Callable[[], Snapshot],
        on_panels: Callable[[list[dict[str, Any]]], None],
    ) -> None:
        self.path = path
        self._answer = answer
        self._stop = stop
        self._snapshot = snapshot
        self._on_panels = on_panels
        self._clients: set[_Client] = set()
        self._lock = threading.Lock()
        self._panels_lock = threading.Lock()
        self._asks: queue.Queue[Task | None] = queue.Queue(_WAITING_ASKS)
        self._threads: list[threading.Thread] = []
        self._listening: Listening | None = None
        self._closing = False

    def start(self) -> None:
        """Listen, and serve in threads; raises Refused where another engine answers at the same path."""
        self._listening = listen(self.path)
        self._listening.sock.settimeout(_ACCEPT_S)
        self._threads = [threading.Thread(target=self._accept, name="link-accept", daemon=True)]
        for number in range(ASK_THREADS):
            self._threads.append(threading.Thread(target=run_tasks, args=(self._asks,), name=f"link-ask-{number}", daemon=True))
        for thread in self._threads:
            thread.start()

    def publish(self, message: Snapshot | Delta | Heartbeat) -> None:
        """Send to everyone who subscribed. Never blocks; a client that does not read is dropped."""
        self.publish_line(encode(message))

    def publish_line(self, line: bytes) -> None:
        """As `publish`, for a message already encoded."""
        with self._lock:
            subscribed = [client for client in self._clients if client.subscribed]
        for client in subscribed:
            client.push(line)

    def close(self) -> None:
        """End every connection and thread, and remove the socket."""
        if self._listening is None or self._closing:
            return
        self._closing = True
        _shut(self._listening.sock)
        self._listening.sock.close()
        forget(self.path)
        with self._lock:
            clients = list(self._clients)
        for client in clients:
            client.drop()
        _end_tasks(self._asks, ASK_THREADS)
        for thread in [*self._threads, *(thread for client in clients for thread in client.threads)]:
            if thread is not threading.current_thread():
                thread.join(_JOIN_S)

    def answer(self, message: Request | Ask) -> Reply:
        """The reply to one message, whatever the engine raises."""
        return _guarded(message.id, lambda: self._answer(message))

    def stop(self, request: Request) -> Reply:
        """The reply to a STOP, at once."""
        return _guarded(request.id, lambda: self._stop(request))

    def snapshot_line(self) -> bytes:
        """The engine's snapshot, encoded."""
        return encode(self._snapshot())

    def ask(self, client: _Client, message: Ask) -> None:
        """Answer in one of the shared threads."""
        self._hand_over(self._asks, client, message)

    def command(self, client: _Client, message: Request) -> None:
        """Answer after the commands this client gave before."""
        self._hand_over(client.commands, client, message)

    def panels_changed(self) -> None:
        """Tell the engine which panels all clients together have open."""
        with self._panels_lock:
            with self._lock:
                panels = [panel for client in self._clients for panel in client.panels]
            self._on_panels(panels)

    def _hand_over(self, tasks: queue.Queue[Task | None], client: _Client, message: Request | Ask) -> None:
        try:
            tasks.put_nowait(lambda: client.send(self.answer(message)))
        except queue.Full:
            client.send(refusal(message.id, Away("the engine is busy; try again in a moment")))

    def _accept(self) -> None:
        assert self._listening is not None
        while not self._closing:
            try:
                sock, _ = self._listening.sock.accept()
            except TimeoutError:
                continue
            except OSError:
                if not self._closing:
                    log.exception("the link can no longer accept connections")
                return
            client = _Client(self, sock, self._listening)
            with self._lock:
                self._clients.add(client)
            client.start()

    def left(self, client: _Client) -> None:
        """A client's connection ended."""
        with self._lock:
            self._clients.discard(client)
        if client.panels and not self._closing:
            self.panels_changed()


class _Client:
    """One connection: its socket, its threads, and what it told of its panels."""

    def __init__(self, server: LinkServer, sock: socket.socket, listening: Listening) -> None:
        self.subscribed = False
        self.panels: list[dict[str, Any]] = []
        self.commands: queue.Queue[Task | None] = queue.Queue(_WAITING_COMMANDS + 1)
        self._server = server
        self._sock = sock
        self._listening = listening
        self.outbox = Outbox(sock, self.drop)
        self._push_lock = threading.Lock()
        self._held: list[bytes] | None = None
        self.threads = [
            self.outbox.thread,
            threading.Thread(target=run_tasks, args=(self.commands,), name="link-commands", daemon=True),
            threading.Thread(target=self._read, name="link-reader", daemon=True),  # started last: it ends the others
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def send(self, message: Reply) -> None:
        self.outbox.put(encode(message))

    def push(self, line: bytes) -> None:
        """Send what is published; while a snapshot is being taken, after it."""
        with self._push_lock:
            if self._held is not None:
                self._held.append(line)
                return
        self.outbox.put(line)

    def _subscribe(self) -> None:
        """The snapshot and then all that follows: a change that falls in between comes after it, and is never lost."""
        with self._push_lock:
            self._held = []
        self.subscribed = True
        snapshot = self._server.snapshot_line()
        with self._push_lock:
            held, self._held = self._held, None
            for line in (snapshot, *held):
                self.outbox.put(line)

    def drop(self) -> None:
        """End the connection from this side; the reader then cleans up."""
        self.outbox.close()
        _shut(self._sock)

    def _read(self) -> None:
        try:
            with self._sock.makefile("rb", buffering=65536) as stream:
                if not self._listening.secret or self._listening.admits(stream.readline(256)):
                    self._serve(stream)
        except OSError:  # reset by the peer: the same end as a closed connection
            log.debug("a link client's connection was reset")
        except Exception:
            log.exception("a link client is dropped: the engine failed at its message")
        finally:
            self.outbox.close(drain=True)
            self.outbox.thread.join(_JOIN_S)
            self.outbox.close()
            _shut(self._sock)
            self._sock.close()
            _end_tasks(self.commands, 1)
            self._server.left(self)

    def _serve(self, stream: Any) -> None:
        garbage = 0
        while line := stream.readline(MAX_LINE_BYTES + 1):
            if len(line) > MAX_LINE_BYTES:
                self.send(Reply(id=0, status=413, body={"error": f"a line may be at most {MAX_LINE_BYTES} bytes"}))
                return
            try:
                message = decode(line)
            except ValidationError as fault:
                garbage += 1
                self.send(garbage_reply(line, fault))
                if garbage >= GARBAGE_LINES_ALLOWED:
                    return
                continue
            self._take(message)

    def _take(self, message: AnyMessage) -> None:
        match message:
            case Request(command=Stop()):
                self.send(self._server.stop(message))
            case Request():
                self._server.command(self, message)
            case Ask():
                self._server.ask(self, message)
            case Subscribe():
                self._subscribe()
            case Panels():
                self.panels = list(message.panels)
                self._server.panels_changed()
            case _:
                self.send(Reply(id=0, status=422, body={"error": f"a client may not send {message.type}"}))


def run_tasks(tasks: queue.Queue[Task | None]) -> None:
    """Run each task until a None comes."""
    while (task := tasks.get()) is not None:
        task()


def _end_tasks(tasks: queue.Queue[Task | None], threads: int) -> None:
    """Forget what still waits, and end the threads that run them."""
    with contextlib.suppress(queue.Empty):
        while True:
            tasks.get_nowait()
    for _ in range(threads):
        tasks.put(None, timeout=_JOIN_S)


def _guarded(request_id: int, call: Callable[[], Reply]) -> Reply:
    try:
        return call()
    except RoomError as error:
        return refusal(request_id, error)
    except Exception:
        log.exception("the engine failed to answer a message")
        return Reply(id=request_id, status=500, body={"error": "the engine failed at this; its log says where"})


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:  # already ended by the other side
        log.debug("the link's socket had already ended")
