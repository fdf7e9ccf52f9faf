"""HTTPS with the room's own authority: a real TLS handshake, checked by a client that trusts nothing else."""

from __future__ import annotations

import datetime
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from roomctl.errors import RoomError
from roomctl.local_ca import TlsFiles, own_names, room_certificate


def handshake(files: TlsFiles, name: str) -> str | None:
    """Connect as `name`, trusting the room's authority alone; the TLS version spoken."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    client = ssl.create_default_context(cafile=str(files.authority))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as spoken:
                spoken.recv(1)
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as spoken:
            version = spoken.version()
            spoken.sendall(b".")
    finally:
        ours.close()
        thread.join(5.0)
    return version


def test_a_client_that_trusts_the_rooms_authority_connects_by_name_and_by_address(tmp_path: Path) -> None:
    files = room_certificate(tmp_path, ("room-1.local", "127.0.0.1"))
    assert handshake(files, "room-1.local") == "TLSv1.3"
    assert handshake(files, "127.0.0.1") == "TLSv1.3"


def test_another_name_is_not_believed(tmp_path: Path) -> None:
    files = room_certificate(tmp_path, ("room-1.local",))
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, "bank.example")


def test_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    files = room_certificate(tmp_path, ("room-1.local",))
    for path in (files.key, tmp_path / "tls" / "ca.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_certificate_is_kept_while_it_is_good_and_renewed_before_it_ends(tmp_path: Path) -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    first = room_certificate(tmp_path, ("a.local",), now).certificate.read_bytes()
    assert room_certificate(tmp_path, ("a.local",), now + datetime.timedelta(days=300)).certificate.read_bytes() == first
    authority = (tmp_path / "tls" / "ca.pem").read_bytes()
    renewed = room_certificate(tmp_path, ("a.local",), now + datetime.timedelta(days=380)).certificate.read_bytes()
    assert renewed != first
    assert (tmp_path / "tls" / "ca.pem").read_bytes() == authority


def test_a_new_name_gets_a_new_certificate_of_the_same_authority(tmp_path: Path) -> None:
    room_certificate(tmp_path, ("a.local",))
    authority = (tmp_path / "tls" / "ca.pem").read_bytes()
    files = room_certificate(tmp_path, ("a.local", "b.local"))
    assert handshake(files, "b.local") == "TLSv1.3"
    assert (tmp_path / "tls" / "ca.pem").read_bytes() == authority


def test_a_damaged_authority_is_said_in_a_sentence(tmp_path: Path) -> None:
    room_certificate(tmp_path, ("a.local",))
    (tmp_path / "tls" / "ca.key").write_text("not a key", encoding="ascii")
    with pytest.raises(RoomError, match="move the folder away"):
        room_certificate(tmp_path, ("a.local",))


def test_the_room_answers_to_loopback_its_host_name_and_what_the_room_file_adds() -> None:
    names = own_names("127.0.0.1", ("therapy.example",))
    assert {"localhost", "127.0.0.1", socket.gethostname(), "therapy.example"} <= set(names)
    assert len(set(names)) == len(names)
