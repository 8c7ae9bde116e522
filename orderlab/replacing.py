"""Write a file whole or not at all: whoever reads it finds what was there before or what is there now, and no half."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a file beside another to write to, which takes that one's name when all went well.

    Each writer has one of its own: of two at once the later has its file there, and neither has parts of both.

    Args:
        target: The file to be written; one that is there is replaced.

    Raises:
        OSError: It cannot be replaced.
    """
    partial = target.with_name(f".{target.name}.{token_hex(4)}.partial")
    try:
        yield partial
        partial.replace(target)
    finally:
        with suppress(OSError):  # it is not there if all went well, or if nothing did
            partial.unlink()
