"""What the judge process is asked, and what it says."""

from typing import NamedTuple


class Request(NamedTuple):
    """What is to be judged.

    Args:
        content: The exercise and the answer, pickled: opened only by the process that judges them.
        seconds: How long it may take.
        path: Where modules are looked for.
        folder: Where relative paths begin.
        lines: The learner's sources by file name, for naming lines.
    """

    content: bytes
    seconds: float
    path: list[str]
    folder: str
    lines: dict[str, list[str]]


class Reply(NamedTuple):
    """What came of it.

    Args:
        verdict: The verdict, pickled; None if there is none.
        sentence: Why there is none: why it cannot be read, or judged; empty if it is late, or the process ended.
        ended: How the process ended by itself: its exit code, or minus a signal; None if it was ended, being late.
        used: Installed modules that were imported for it; the process has them ready for the next.
    """

    verdict: bytes | None = None
    sentence: str = ""
    ended: int | None = None
    used: tuple[str, ...] = ()
