"""What somebody gives a timeline: events, a reducer, a codec, commands; looked at before anything is made of them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from os import PathLike
from typing import Any

from orderlab.commandfile import read_commands
from orderlab.core.codec import Codec, JsonCodec
from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.log import RecordedEvent
from orderlab.core.script import TimedCommand
from orderlab.orders.codec import ORDER_CODEC
from orderlab.orders.decider import ORDERS
from orderlab.orders.reducer import OrderReducer

Commands = Iterable[TimedCommand] | str | PathLike[str]
"""The commands that were given, or the file that they are in, as `write_commands` writes it."""

_KINDS: dict[str, type] = {"version": int, "stream_id": str, "event_type": str, "recorded_at": datetime}


def given_events(events: Iterable[RecordedEvent]) -> list[RecordedEvent]:
    """Return events as a list, once they are known to be a whole log in position order."""
    if isinstance(events, str | bytes) or not isinstance(events, Iterable):
        raise TypeError(
            f"events must be recorded events in position order, not {events!r}: an event store is loaded by "
            "`await Timeline.load(event_store)`, a file by `Timeline.from_file(path)`"
        )
    found = list(events)
    time: datetime | None = None
    for position, event in enumerate(found, start=1):
        if not isinstance(event, RecordedEvent):
            raise TypeError(
                f"events must be recorded events, and number {position} is {event!r}: `load_events` and `read_all` of "
                "an event store give them"
            )
        _require_fields(event)
        if event.position != position:
            what = f"it begins at position {event.position}" if position == 1 else f"{event.position} comes after it"
            raise ValueError(
                f"events must be a whole log from position 1 without gaps, and {what}"
                f"{'' if position == 1 else f' where {position} is next'}: make a timeline of the whole log, in which "
                "one can stand anywhere"
            )
        if event.recorded_at.utcoffset() is None:
            raise _not_rising(event)
        if event.recorded_at.tzinfo is not UTC:  # two times in one zone would be compared by what its clocks show
            found[position - 1] = replace(event, recorded_at=_in_utc(event.recorded_at, f"position {position}"))
        if time is not None and found[position - 1].recorded_at < time:
            raise _not_rising(event)
        time = found[position - 1].recorded_at
    return found


def _require_fields(event: RecordedEvent) -> None:
    """Make sure that what the index is made from is of its type, which Python does not check."""
    for name, kind in _KINDS.items():
        value = getattr(event, name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise TypeError(
                f"{name} of the event at position {event.position} must be {kind.__name__}, not {value!r}: "
                "`load_events` and `read_all` of an event store give whole events"
            )


def _not_rising(event: RecordedEvent) -> ValueError:
    return ValueError(
        f"events must have aware times that never decrease, and that of position {event.position} is "
        f"{event.recorded_at.isoformat()}"
    )


def domain_of(reducer: Any) -> DeciderReducer[Any, Any]:
    """Return a reducer, that of orders by default."""
    if reducer is None:
        reducer = OrderReducer()
    if not isinstance(reducer, DeciderReducer):
        raise TypeError(f"reducer must be a DeciderReducer, such as OrderReducer(), not {reducer!r}")
    return reducer


def codec_of(reducer: DeciderReducer[Any, Any], codec: Codec | None) -> Callable[[], Codec]:
    """Return what gives the codec of a domain's events; one that nobody brings is made when it is first asked for."""
    if codec is not None:
        if not all(callable(getattr(codec, name, None)) for name in ("encode", "decode", "current_decoder")):
            raise TypeError(f"codec must be a codec of the events, such as a JsonCodec, not {codec!r}")
        return lambda: codec
    decider = reducer.decider
    return cache(lambda: ORDER_CODEC if decider is ORDERS else _made(decider))


def given_commands(commands: Any, decider: Decider[Any]) -> tuple[TimedCommand, ...]:
    """Return commands as a tuple, from a file where one is named, once they are known to be such, of this domain."""
    if not isinstance(commands, Iterable | PathLike):
        raise TypeError(f"commands must be TimedCommands, or the file that they are in, not {commands!r}")
    found = read_commands(commands) if isinstance(commands, str | PathLike) else tuple(commands)
    return tuple(_given(timed, decider) for timed in found)


def _given(timed: Any, decider: Decider[Any]) -> TimedCommand:
    if not isinstance(timed, TimedCommand):
        raise TypeError(f"commands must be TimedCommands, each with its time and key, and one is {timed!r}")
    if not isinstance(timed.command, decider.commands):
        raise TypeError(f"commands must be of {decider.name}, and {timed.key} is {timed.command!r}")
    if not isinstance(timed.at, datetime) or timed.at.utcoffset() is None:
        raise ValueError(f"commands must have aware times, and that of {timed.key} is {timed.at!r}")
    return timed if timed.at.tzinfo is UTC else replace(timed, at=_in_utc(timed.at, f"command {timed.key}"))


def _made(decider: Decider[Any]) -> Codec:
    try:
        return JsonCodec(list(decider.events))
    except (TypeError, NameError, ValueError) as error:
        raise TypeError(
            f"no codec can be made of the events of {decider.name}, so give the timeline one as codec=…: {error}"
        ) from error


def _in_utc(time: datetime, whose: str) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"the time of {whose}, {time.isoformat()}, is beyond the calendar in UTC") from None
