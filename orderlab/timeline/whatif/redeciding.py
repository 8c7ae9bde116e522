"""Have one command decided again: by the domain's own reducer, as of an instant, with the ids that are said."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orderlab.core.decider import DeciderReducer
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.environment import FixedClock, IdGenerator, SequentialIds
from orderlab.orders.reducer import OrderEnvironment
from orderlab.replay import require_zone

BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)
"""When a command is decided that nothing in a log gives a time to; a `TestClock` starts then too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command leads to on some state: the state after it, and its events or its rejection.

    `stream_id` is None where there is no event; `failure` says what went wrong where deciding raised an error.
    """

    state: Any
    events: tuple[Any, ...]
    rejection: Any
    stream_id: str | None
    failure: str = ""

    @property
    def outcome(self) -> str:
        """One word or two: `accepted`, `refused`, `fails`, or `no event` for what is accepted and changes nothing."""
        if self.failure:
            return "fails"
        return "accepted" if self.events else "no event" if self.rejection is None else "refused"


def answer_to(reducer: DeciderReducer[Any, Any], state: Any, command: Any, *, at: datetime, ids: IdGenerator) -> Answer:
    """Have a command decided on a state.

    Delays are not waited for: what came of them is in the log, or among the commands, as a step of its own.

    Raises:
        TypeError: It is no command of the domain.
    """
    if not isinstance(command, reducer.decider.commands):
        raise TypeError(f"{command!r} is no command of {reducer.decider.name}")
    step = reducer.reduce(state, command, OrderEnvironment(FixedClock(at), ids))
    append = next((effect for effect in step.effects if isinstance(effect, AppendEvents) and effect.events), None)
    if append is not None:
        return Answer(step.state, tuple(append.events), None, append.stream_id)
    said = next((effect.action for effect in step.effects if isinstance(effect, Emit)), None)
    return Answer(state, (), said, None)


def tried(reducer: DeciderReducer[Any, Any], state: Any, command: Any, *, at: datetime, ids: IdGenerator) -> Answer:
    """Have a command decided on a past that never was, which `decide` need not be made for; a failure is an answer."""
    try:
        return answer_to(reducer, state, command, at=at, ids=ids)
    except Exception as error:  # noqa: BLE001 - it is told of, and the other commands go on
        return Answer(state, (), None, None, f"deciding it fails with {type(error).__name__}: {error}")


class OneId(SequentialIds):
    """Draw the id that was drawn in the log."""

    def __init__(self, drawn: str) -> None:
        super().__init__()
        self._drawn = drawn

    def new_id(self, kind: str) -> str:
        """Return the id."""
        return self._drawn


class UnusedIds(SequentialIds):
    """Count past the ids that are in use: `order-3` where a log has `order-1` and `order-2`.

    Args:
        is_used: Tells whether an id is in use.
    """

    def __init__(self, is_used: Callable[[str], bool]) -> None:
        super().__init__()
        self._is_used = is_used

    def new_id(self, kind: str) -> str:
        """Return the next id of this kind that is not in use."""
        while self._is_used(drawn := super().new_id(kind)):
            pass
        return drawn


def in_utc(name: str, at: Any) -> datetime:
    """Return a time that somebody gives in UTC, in which all times of a log are.

    Raises:
        TypeError: It is no time.
        ValueError: It has no zone, or is beyond the calendar in UTC.
    """
    if not isinstance(at, datetime):
        raise TypeError(f"{name} must be a datetime, not {at!r}")
    require_zone(name, at)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} must be a time of the calendar in UTC, and {at.isoformat()} is beyond it") from None


def time_of_event(event: Any, recorded_at: datetime) -> datetime:
    """Return when an event happened: its own aware `timestamp` if it has one, else when it was recorded.

    >>> time_of_event("no event", BEGINNING) == BEGINNING
    True
    """
    own = getattr(event, "timestamp", None)
    return own if isinstance(own, datetime) and own.utcoffset() is not None else recorded_at
