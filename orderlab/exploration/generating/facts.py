"""Events that can follow, and whole logs of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from orderlab.core.codec import Codec, JsonCodec
from orderlab.core.decider import Decider, Reducer
from orderlab.core.log import RecordedEvent
from orderlab.exploration.domain import decider_of, reducer_of
from orderlab.exploration.generating.likely import Commands, likely_commands
from orderlab.exploration.generating.running import MOST_STEPS, traces
from orderlab.exploration.playing import AT, play
from orderlab.exploration.trace import Trace
from orderlab.orders.codec import ORDER_CODEC
from orderlab.orders.decider import ORDERS


def events_for(decider: Decider[Any], state: Any = None, *, at: datetime = AT) -> "st.SearchStrategy[Any]":
    """Return a strategy for events that can follow: in this state, or anywhere in a run if none is given.

    Args:
        decider: The domain.
        state: The state that they must be able to follow in.
        at: When they happen.

    Raises:
        CannotMake: The fields of a command type do not say what they hold.

        @given(events_for(ORDERS))
        def test_an_event_survives_the_codec(event): ...
    """
    if state is None:
        runs = traces(decider).filter(lambda trace: bool(trace.events))
        return runs.flatmap(lambda trace: st.sampled_from(trace.events))
    commands = likely_commands(decider, state, at=at)
    reducer = reducer_of(decider)
    steps = commands.map(lambda command: play(reducer, state, command, at=at)).filter(lambda step: bool(step.events))
    return steps.map(lambda step: step.events[0])


def states_of(domain: Decider[Any] | Reducer[Any] = ORDERS, *, max_size: int = MOST_STEPS) -> "st.SearchStrategy[Any]":
    """Return a strategy for states that a run of a domain can reach.

    Args:
        domain: A decider, or a reducer.
        max_size: How many commands lead there at the most.

        @given(states_of(ORDERS), commands())
        def test_a_refused_command_changes_nothing(state, command): ...
    """
    return traces(domain, max_size=max_size).map(lambda trace: trace.state)


def logs(
    domain: Decider[Any] | Reducer[Any] = ORDERS,
    *,
    commands: Commands = None,
    codec: Codec | None = None,
    max_size: int = MOST_STEPS,
) -> "st.SearchStrategy[list[RecordedEvent]]":
    """Return a strategy for whole logs: recorded events as a store would have written them, several streams mixed.

    Args:
        domain: A decider, or its reducer.
        commands: What is asked for; see `traces`.
        codec: What says the schema versions; that of orders for orders, else all are at version 1.
        max_size: How many commands the log comes of at the most.

    Raises:
        CannotMake: The fields of a command type do not say what they hold.
        TypeError: It is a reducer of no decider, whose streams have no names.

        @given(logs(ORDERS))
        def test_a_projection_knows_every_order(log): ...
    """
    decider = decider_of(reducer_of(domain))
    if decider is None:
        raise TypeError(f"{domain!r} is of no decider, so the streams of its log have no names")
    writes = codec or (ORDER_CODEC if decider.events == ORDERS.events else JsonCodec(list(decider.events)))
    runs = traces(domain, commands=commands, max_size=max_size)
    return runs.map(lambda trace: recorded(trace, decider, writes))


def recorded(trace: Trace, decider: Decider[Any], codec: Codec) -> list[RecordedEvent]:
    """Return the log of a run; its ids count from 1, and each command is a request of its own."""
    log: list[RecordedEvent] = []
    versions: dict[str, int] = {}
    for number, step in enumerate(trace.steps, start=1):
        for event in step.events:
            stream_id = decider.stream_id(str(decider.key_of(event)))
            versions[stream_id] = versions.get(stream_id, 0) + 1
            log.append(_row(event, step.at, codec, stream_id, versions[stream_id], len(log) + 1, f"request-{number}"))
    return log


def _row(  # noqa: PLR0917 - the fields of a row
    event: Any, at: datetime, codec: Codec, stream_id: str, version: int, position: int, request: str
) -> RecordedEvent:
    encoded = codec.encode(event)
    return RecordedEvent(
        UUID(int=position),
        stream_id,
        version,
        position,
        encoded.event_type,
        encoded.schema_version,
        event,
        at,
        request,
        request,
        {},
    )
