"""The log of a run, as a runtime would have recorded it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orderlab.core.codec import Codec
from orderlab.core.decider import Decider, DeciderReducer, Reducer
from orderlab.core.environment import FixedClock, SequentialIds
from orderlab.core.log import NO_STREAM, RecordedEvent
from orderlab.core.script import TimedCommand
from orderlab.exploration.arguments import in_brief
from orderlab.exploration.asked import command_names
from orderlab.exploration.patience import StartsAs, breaks_of, can_be_tried, patient
from orderlab.exploration.playing import AT, told
from orderlab.exploration.telling.words import entities_in
from orderlab.idempotency import event_id_of
from orderlab.orders.codec import ORDER_CODEC
from orderlab.orders.decider import ORDERS
from orderlab.orders.reducer import OrderEnvironment
from orderlab.timeline.timeline import Timeline
from orderlab.timeline.whatif.redeciding import time_of_event

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace


def begun(reducer: Reducer[Any], state: Any, given: Sequence[Any]) -> Any:
    """Return the state that events lead to.

    Raises:
        ValueError: An event cannot follow those before it.
    """
    env = OrderEnvironment(FixedClock(AT), SequentialIds())
    for number, event in enumerate(given, start=1):
        if isinstance(reducer, DeciderReducer) and not isinstance(event, reducer.decider.events):
            raise TypeError(f"given takes events of {reducer.decider.name}, not {in_brief(event)}")
        try:
            state = _folded(reducer, state, event, env)
        except Exception as error:
            raise ValueError(f"given: event {number}, {in_brief(event)}, cannot follow: {told(error)}") from error
    return state


def _folded(reducer: Reducer[Any], state: Any, event: Any, env: OrderEnvironment) -> Any:
    """Return the state after an event; a decider's is folded, for its reducer leaves out a fact that it knows."""
    if not isinstance(reducer, DeciderReducer):
        return reducer.reduce(state, event, env).state
    key = str(reducer.decider.key_of(event))
    version = reducer.entity(state, key)[1] + 1
    return reducer.replay(state, [(reducer.decider.stream_id(key), version, event)])


def timeline_of(trace: "Trace") -> Timeline[Any]:
    """Return the log of a run as a timeline, with its commands."""
    reducer, decider = trace.reducer, trace.decider
    if decider is None or not isinstance(reducer, DeciderReducer):
        raise ValueError(
            f"a timeline folds events by a decider, and {type(reducer).__name__} is a reducer that has none: lift the "
            "domain by DeciderReducer(decider), or look at trace.states"
        )
    facts = list(_facts(trace, decider))
    commands = list(_commands(trace, decider))
    breaks = breaks_of(decider, ((key, event) for key, event, _, _ in facts))
    is_sound = not breaks and not any(isinstance(event, StartsAs) for _, event, _, _ in facts)
    if is_sound and can_be_tried(decider):
        codec = ORDER_CODEC if decider is ORDERS else None
        return Timeline(_recorded(facts, decider, codec), reducer=reducer, codec=codec, commands=commands)
    tolerant: DeciderReducer[Any, Any] = DeciderReducer(patient(decider, breaks))
    return Timeline(_recorded(facts, decider, None), reducer=tolerant, commands=commands)


_Fact = tuple[str, Any, datetime, str | None]
"""What is recorded: a key, an event, when, and the key of the command that it answers."""


def _facts(trace: "Trace", decider: Decider[Any]) -> Iterator[_Fact]:
    """Give all that the log of a run holds."""
    first = trace.steps[0].at if trace.steps else AT
    if not trace.given:
        entities = entities_in(trace.start)
        for key in sorted(entities, key=str):
            yield str(key), StartsAs(str(key), entities[key]), first, None
    for event in trace.given:
        yield str(decider.key_of(event)), event, time_of_event(event, first), None
    for step, name in zip(trace.steps, command_names(trace.steps), strict=True):
        for event in step.events:
            yield str(decider.key_of(event)), event, step.at, name


def _commands(trace: "Trace", decider: Decider[Any]) -> Iterator[TimedCommand]:
    """Give the commands of a run once each; what is none of the domain's cannot be decided again."""
    seen: set[str] = set()
    for step, name in zip(trace.steps, command_names(trace.steps), strict=True):
        if name not in seen and step.part in ("", "decide") and isinstance(step.command, decider.commands):
            seen.add(name)
            yield TimedCommand(step.at, step.command, name)


def _recorded(facts: Sequence[_Fact], decider: Decider[Any], codec: Codec | None) -> Iterator[RecordedEvent]:
    versions: dict[str, int] = {}
    last: datetime | None = None
    for position, (key, event, at, name) in enumerate(facts, start=1):
        stream_id, time = decider.stream_id(key), at.astimezone(UTC)
        versions[stream_id] = version = versions.get(stream_id, NO_STREAM) + 1
        last = time if last is None else max(last, time)  # as an event store raises an earlier time to the last
        shape = 1 if codec is None else codec.encode(event).schema_version
        cause = name or f"given-{position}"
        yield RecordedEvent(
            event_id_of(cause, position),
            stream_id,
            version,
            position,
            type(event).__name__,
            shape,
            event,
            last,
            name,
            name,
            {},
        )
