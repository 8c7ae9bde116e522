"""A print statement put into the past: any function of the state, at every position of a log."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from orderlab.core.errors import OrderlabError
from orderlab.timeline.asof.frames import column_of
from orderlab.timeline.reading import lived, positions_of

if TYPE_CHECKING:
    import pandas as pd

    from orderlab.timeline.timeline import Timeline


class ProbeFailed(OrderlabError):
    """A function of the user's that raised; its text says on which event, and its cause is what was raised.

    Args:
        sentence: What failed, where, and why.
        position: The position it was asked at.
    """

    def __init__(self, sentence: str, position: int) -> None:
        super().__init__(sentence)
        self.position = position

    def __reduce__(self) -> tuple[type["ProbeFailed"], tuple[str, int]]:
        return ProbeFailed, (str(self), self.position)


def probe_of(timeline: "Timeline[Any]", function: Callable[[Any], Any], *, key: str | None = None) -> "pd.Series[Any]":
    """Return what a function says of every state, as a column by position from 0, under the function's name.

    Args:
        timeline: The timeline.
        function: Asked about each state; or, with a key, about the entity whenever it has changed.
        key: An entity's key. Its column has the answer about the entity as of each position, and none (not a call
            with None) before there is one.

    Raises:
        UnknownKey: The timeline has no such entity.
        ProbeFailed: The function raised; the error names the position and the event.
    """
    import pandas as pd  # noqa: PLC0415 - heavy, and only wanted here

    if not callable(function):
        raise TypeError(f"a probe must be a function of the state, such as lambda state: …, not {function!r}")
    values = list(_of_states(timeline, function) if key is None else _of_entity(timeline, function, key))
    index = pd.RangeIndex(len(values), name="position")
    kinds = {type(value) for value in values}
    # pandas would make fractions of whole numbers where there is None, and round the large ones.
    column = column_of(values, index) if kinds == {int, type(None)} else pd.Series(values, index=index)
    return column.rename(called(function))


def asked(timeline: "Timeline[Any]", position: int, function: Callable[[Any], Any], argument: Any) -> Any:
    """Return what a function of the user's says about what there is at a position.

    Raises:
        ProbeFailed: It raised.
    """
    try:
        return function(argument)
    except Exception as error:
        where = "before the first event"
        if position:
            recorded = timeline.event(position)
            where = f"after position {position}, {recorded.event_type} of {recorded.stream_id}"
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise ProbeFailed(f"{called(function)} failed {where}: {reason}", position) from error


def called(function: Callable[..., Any]) -> str:
    """Return the name of a function.

    >>> called(len), called(lambda state: 0)
    ('len', '<lambda>')
    """
    return str(getattr(function, "__name__", None) or type(function).__name__)


def _of_states(timeline: "Timeline[Any]", function: Callable[[Any], Any]) -> Iterator[Any]:
    for position, state in enumerate(timeline):
        yield asked(timeline, position, function, state)


def _of_entity(timeline: "Timeline[Any]", function: Callable[[Any], Any], key: str) -> Iterator[Any]:
    positions = positions_of(timeline, key)
    yield from [None] * positions[0]
    until = [*positions[1:], len(timeline) + 1]
    for position, end, (_, _, entity) in zip(positions, until, lived(timeline, positions), strict=True):
        yield from [asked(timeline, position, function, entity)] * (end - position)
