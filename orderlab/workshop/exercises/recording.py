"""Record a run as it happens, where several write and an answer is one of them: step by step, to a trace."""

import asyncio
import inspect
import pickle
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import is_dataclass, replace
from typing import Any

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.errors import CorruptStream, VersionConflict
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.sending import pickled
from orderlab.orders.model import Order, Placed
from orderlab.workshop.exercises.telling import shown

NOT_AWAITED = "a coroutine that nobody awaited"
"""What is told of an answer that forgot an `await` before what it returns."""


class Recording:
    """Gathers the steps of a run; the state after each is what its events make of the one before.

    Args:
        decider: The domain.
        title: What the run shows.
    """

    def __init__(self, decider: Decider[Any], title: str = "") -> None:
        self._reducer: DeciderReducer[Any, Any] = DeciderReducer(decider)
        self._title = title
        self._start = self._state = self._reducer.initial_state()
        self._steps: list[TraceStep] = []
        self._read: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def at(self) -> Any:
        """The time of every step: where writers meet, all is done at once."""
        return AT

    @property
    def entities(self) -> int:
        """How many entities there are."""
        return len(self._state.entities)

    def entity(self, key: str) -> Any:
        """Return the entity with this key as the events so far have made it; None if there is none."""
        return self._reducer.entity(self._state, key)[0]

    def tell(
        self,
        writer: str,
        command: Any,
        events: Iterable[Any] = (),
        *,
        rejection: Any = None,
        failure: str = "",
        effects: Iterable[Any] = (),
        key: str | None = None,
        part: str = "",
    ) -> None:
        """Add a step, with the state that its events make; whoever decides does so on the state that they have read."""
        events = tuple(events)
        if part == "read":
            self._read[writer] = self._state
        before = self._read.get(writer, self._state) if part == "decide" else self._state
        for event in events:
            about = str(self._reducer.decider.key_of(event))
            entity, version = self._reducer.entity(self._state, about)
            after = _even_if_it_cannot_be(self._reducer.decider, entity, event)
            self._state = self._reducer.with_entity(self._state, about, after, version + 1)
        if key is None:  # what a step without events is about is what the one before it was about
            key = self._reducer.decider.key_of(events[0]) if events else self._steps[-1].key if self._steps else None
        self._steps.append(
            TraceStep(
                command, self.at, before, self._state, events, rejection, failure, key, writer, tuple(effects), part
            )
        )

    def trace(self) -> Trace:
        """Return the run so far."""
        run = Trace(self._reducer, self._start, tuple(self._steps), self._title)
        return run.marked(0, "")  # the title says what the run is about, not what is to be seen at its end


def conflict_in_words(error: VersionConflict) -> str:
    """Return a conflict as the failure of a step, which a trace tells apart from one that is a bug."""
    return f"{type(error).__name__}: {error}"


def _even_if_it_cannot_be(decider: Decider[Any], entity: Any, event: Any) -> Any:
    """Return the entity after an event; one that cannot follow overrides what was, as in a table."""
    try:
        return decider.evolve(entity, event)
    except CorruptStream:
        if not isinstance(entity, Order):
            raise
    try:
        return decider.evolve(replace(entity, status=Placed()), event)
    except CorruptStream:
        return replace(decider.evolve(None, event), version=entity.version + 1)


def brief(value: Any) -> str:
    """Return a value as it is said in a sentence: of an event, or a tuple of them, its name and whose it is.

    >>> from orderlab.workshop.exercises.shelf import Taken
    >>> brief((Taken("mugs", 1),)), brief(None)
    ('(Taken of mugs,)', 'None')
    """
    if isinstance(value, tuple):
        return f"({', '.join(map(brief, value))}{',' * (len(value) == 1)})"
    key = getattr(value, "order_id", None) or getattr(value, "shelf", None)
    if key is not None:
        return f"{type(value).__name__} of {key}"
    return shown(value)


def as_value(value: Any) -> Any:
    """Return what a learner's function gave as a trace can keep it: a value as it is, anything stranger as text."""
    if value is None or isinstance(value, tuple | int | str) or (is_dataclass(value) and not isinstance(value, type)):
        return value
    return shown(value)


def copies_of(function: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Yield copies of a learner's function, each with the global values as they are now: programs that start anew.

    The function itself is never called, so whatever it keeps outside the log does not reach from one run to the next.
    """
    program = pickled(function)
    while True:
        yield pickle.loads(program)  # noqa: S301 - written a moment ago, here


async def called(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a learner's function, be it `async` or not, and return what it gives."""
    given = function(*arguments, **named)
    given = await given if inspect.isawaitable(given) else given
    if inspect.iscoroutine(given):
        given.close()
        return NOT_AWAITED
    return given


def in_a_loop(work: Callable[[], Any]) -> Any:
    """Run what a function begins to its end, in an event loop of its own.

    What a learner forgot to await is told by what is missing then, so Python's own warning about it is not shown.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return asyncio.run(work())
