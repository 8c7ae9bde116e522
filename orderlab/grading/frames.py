"""Messages through a pipe between two processes: the length first, then so many bytes."""

import os
from struct import Struct

_LENGTH = Struct("<Q")

HEAD = _LENGTH.size
"""Bytes that say how long a message is."""


def framed(message: bytes) -> bytes:
    """Return a message with its length before it."""
    return _LENGTH.pack(len(message)) + message


def length_in(head: bytes) -> int:
    """Return how long the message is that follows these first bytes."""
    return int(_LENGTH.unpack(head)[0])


def write_frame(pipe: int, message: bytes) -> None:
    """Write a message whole.

    Raises:
        OSError: Nobody reads any more.
    """
    left = memoryview(framed(message))
    while left:
        left = left[os.write(pipe, left) :]


def read_frame(pipe: int) -> bytes | None:
    """Read a message whole; None if the other side ended before it was."""
    head = _read(pipe, HEAD)
    return None if head is None else _read(pipe, length_in(head))


def _read(pipe: int, size: int) -> bytes | None:
    parts: list[bytes] = []
    while size:
        part = os.read(pipe, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
