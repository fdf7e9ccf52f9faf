"""A track's name for ever: a hash of its encoded sound, so that new tags, another name or folder leave it the same track."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av

from playlists.decode import Source

ID_BYTES = 10


def content_id(path: Path) -> str:
    """20 hexadecimal digits over the packets of the first sound in `path`; raises DecodeError where there is none.

    Damaged packets at the end stop the hash where the demuxer stops: the decoder says what is wrong.
    """
    digest = hashlib.blake2b(digest_size=ID_BYTES)
    with Source(path) as source:
        digest.update(f"{source.facts.codec} {source.facts.rate_hz} {source.facts.channels}".encode())
        try:
            for packet in source.packets():
                digest.update(packet)
        except (av.FFmpegError, OSError):
            digest.update(b"broken off")
    return digest.hexdigest()
