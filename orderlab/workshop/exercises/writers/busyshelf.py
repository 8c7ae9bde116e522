"""A shelf from which others take just when you have looked at it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import VersionConflict
from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import NOTE
from orderlab.workshop.exercises.recording import Recording, as_value, brief, conflict_in_words
from orderlab.workshop.exercises.shelf import SHELF, Fill, Take

ROUNDS = 3
YOU, STREAM = "your program", SHELF.stream_id("mugs")


@dataclass(frozen=True, slots=True)
class Answer(AsTable):
    """Answer a command: the last step, in which the program says what came of it.

    Args:
        command: The command.
        told: The answer in words; empty if there is none.
    """

    command: Any
    told: str = ""

    def __str__(self) -> str:
        return f"answers with {self.told}" if self.told else "gives no answer"


@dataclass(frozen=True, slots=True)
class Answered(AsTable):
    """What the answer was."""

    value: Any


class _Endless(RuntimeError):
    """The answer tries for ever."""


class _Shop:
    """A shelf, others who take from it right after each time that you have read it, and what happens."""

    def __init__(self, command: Take, others: Sequence[tuple[str, Any]], pieces: int, title: str) -> None:
        self.recording, self._version, self._others = Recording(SHELF, title), 0, list(others)
        self._command, self._reads = command, 0
        self._happen("shop", Fill("mugs", pieces))

    def _happen(self, writer: str, command: Any) -> None:
        said = SHELF.decide(command, self.recording.entity("mugs"), key="mugs", at=self.recording.at)
        events = said if isinstance(said, tuple) else ()
        self._version += len(events)
        self.recording.tell(writer, command, events, rejection=None if events else said, key="mugs")

    def read(self) -> tuple[Any, int]:
        """Return the shelf and its version; then another customer comes."""
        seen = self.recording.entity("mugs"), self._version
        self._tell("read")
        self._reads += 1
        if self._reads > 2 * ROUNDS:
            raise _Endless(self._reads)
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
        new = tuple(events)
        asked = AppendEvents(STREAM, new, version)
        if version is not None and version != self._version:
            error = VersionConflict(STREAM, version, self._version)
            self._tell("append", failure=conflict_in_words(error), effects=(asked,))
            raise error
        self._version += len(new)
        self._tell("append", new, effects=(asked,))

    def decide(self, command: Any, shelf: Any) -> Any:
        """Return the events that a command causes on a shelf, or the rejection."""
        said = SHELF.decide(command, shelf, key="mugs", at=None)
        events = said if isinstance(said, tuple) else ()
        asked = (AppendEvents(STREAM, events),) if events else ()
        self._tell("decide", rejection=None if events else said, effects=asked)
        return said

    def _tell(self, part: str, events: tuple[Any, ...] = (), **more: Any) -> None:
        self.recording.tell(YOU, self._command, events, key="mugs", part=part, **more)


def played(handle: Callable[..., Any], command: Take, others: Sequence[Any], pieces: int, title: str) -> Trace:
    """Return what comes of a command that is handled by this function while others come in between."""
    shop, answer, failure = _Shop(command, others, pieces, title), None, ""
    try:
        answer = as_value(handle(command, shop.read, shop.decide, shop.append))
    except VersionConflict as error:
        failure = conflict_in_words(error)
    except _Endless as error:
        failure = f"Endless: it has read {error} times and goes on"
    while shop.another_comes():
        pass
    told = "" if failure else brief(answer)
    shop.recording.tell(YOU, Answer(command, told), failure=failure, effects=(Answered(answer),), key="mugs", part=NOTE)
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
