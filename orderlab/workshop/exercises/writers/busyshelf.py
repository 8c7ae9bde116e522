"""A shelf from which others take just when you have looked at it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.core.errors import VersionConflict
from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.workshop.exercises.recording import Conflict, Recording, as_value
from orderlab.workshop.exercises.shelf import SHELF, Fill, Take

ROUNDS = 3
YOU, STREAM = "your program", SHELF.stream_id("mugs")


@dataclass(frozen=True, slots=True)
class Read(AsTable):
    """Read the shelf."""

    shelf: str


@dataclass(frozen=True, slots=True)
class Append(AsTable):
    """Append events, provided that the shelf is still at this version."""

    shelf: str
    events: tuple[Any, ...]
    version: int | None


@dataclass(frozen=True, slots=True)
class Answer(AsTable):
    """Answer a command."""

    command: Any


class _Endless(RuntimeError):
    """The answer tries for ever."""


class _Shop:
    """A shelf, others who take from it right after each time that you have read it, and what happens."""

    def __init__(self, others: Sequence[tuple[str, Any]], pieces: int, title: str) -> None:
        self.recording, self._version, self._others = Recording(SHELF, title), 0, list(others)
        self._happen("shop", Fill("mugs", pieces))

    def _happen(self, writer: str, command: Any) -> None:
        said = SHELF.decide(command, self.recording.entity("mugs"), key="mugs", at=self.recording.at)
        events = said if isinstance(said, tuple) else ()
        self._version += len(events)
        self.recording.tell(writer, command, events, rejection=None if events else said, key="mugs")

    def read(self) -> tuple[Any, int]:
        """Return the shelf and its version; then another customer comes."""
        seen = self.recording.entity("mugs"), self._version
        self.recording.tell(YOU, Read("mugs"), key="mugs")
        if len(self.recording) > 10 * ROUNDS:
            raise _Endless(sum(isinstance(step.command, Read) for step in self.recording.trace().steps))
        self.another_comes()
        return seen

    def another_comes(self) -> bool:
        """Have the next of the others take what they want; tell whether there was one."""
        if self._others:
            self._happen(*self._others.pop(0))
            return True
        return False

    def append(self, events: Any, version: Any = None) -> None:
        """Append events, provided that the shelf is at this version."""
        action = Append("mugs", tuple(events), version)
        if version is not None and version != self._version:
            conflict = VersionConflict(STREAM, version, self._version)
            self.recording.tell(YOU, action, rejection=Conflict.of(conflict), key="mugs")
            raise conflict
        self._version += len(action.events)
        self.recording.tell(YOU, action, action.events, key="mugs")


def _decide(command: Any, shelf: Any) -> Any:
    return SHELF.decide(command, shelf, key="mugs", at=None)


def played(handle: Callable[..., Any], command: Take, others: Sequence[Any], pieces: int, title: str) -> Trace:
    """Return what comes of a command that is handled by this function while others come in between."""
    shop, failure = _Shop(others, pieces, title), ""
    try:
        answer = as_value(handle(command, shop.read, _decide, shop.append))
    except VersionConflict as conflict:
        answer = Conflict.of(conflict)
    except _Endless as error:
        answer, failure = None, f"it has tried {error} times and goes on"
    while shop.another_comes():
        pass
    events, rejection = (answer, None) if isinstance(answer, tuple) else ((), answer)
    shop.recording.tell(YOU, Answer(command), rejection=rejection, failure=failure, effects=events, key="mugs")
    return shop.recording.trace()


def decide_each_time(command: Any, read: Any, decide: Any, append: Any) -> Any:
    """Handle a command: read and decide anew in every round."""
    for attempt in range(1, ROUNDS + 1):
        shelf, version = read()
        said = decide(command, shelf)
        if not isinstance(said, tuple):
            return said
        try:
            append(said, version)
        except VersionConflict:
            if attempt == ROUNDS:
                raise
        else:
            return said
    raise AssertionError


def runs() -> tuple[Trace, ...]:
    """Return the days on the shelf that an answer is tried on."""
    take, bens, idas = Take("mugs", 2), ("ben", Take("mugs", 1)), ("ida", Take("mugs", 1))
    cases = (
        ("Nobody comes in between", 2, ()),
        ("There is too little from the start", 1, ()),
        ("Another takes the last that you need", 2, (bens,)),
        ("Another comes in between, and there is enough for all", 4, (bens,)),
        ("Another comes in between twice", 4, (bens, idas)),
        ("Another comes in between every time", 8, (bens, idas, bens, idas)),
    )
    runs = (played(decide_each_time, take, others, pieces, title) for title, pieces, others in cases)
    return tuple(sorted(runs, key=len))
