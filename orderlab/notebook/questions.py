"""What can be asked of a run or a log: in which state something is after each step, before that is shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

from orderlab.core.decider import Decider, DeciderReducer, Reducer
from orderlab.core.log import RecordedEvent
from orderlab.drawing.tables import AsTable
from orderlab.exploration.telling.words import action_in_words, entity_in, noun_of, state_name
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import NOTE, TraceStep
from orderlab.notebook.recording import Way
from orderlab.timeline.timeline import Timeline

MOST_QUESTIONS = 200
"""So many steps of a log are asked about: nobody guesses more."""


@dataclass(frozen=True, slots=True)
class Question(AsTable):
    """One step of a run, to be guessed.

    Args:
        about: What it is about, with the state that it is in, as a sentence.
        asked: What comes next, in words.
        before: The state that it is in.
        after: The state that it is in then.
        reason: Why, as a sentence.
        is_refused: Whether what comes next is refused, so that nothing changes.
        way: The way that the state goes; None if it stays, or goes several.
    """

    about: str
    asked: str
    before: str
    after: str
    reason: str
    is_refused: bool = False
    way: Way | None = None


@dataclass(frozen=True, slots=True)
class Questions:
    """All that is asked.

    Args:
        noun: What an entity is called.
        decider: The domain's decider; None for a reducer that was not lifted from one.
        start: The state before anything has happened.
        states: The names of the states.
        questions: What is asked, in order.
        left_out: How many further steps nobody is asked about.
    """

    noun: str
    decider: Decider[Any] | None
    start: str
    states: tuple[str, ...]
    questions: tuple[Question, ...]
    left_out: int = 0

    @property
    def has_refusals(self) -> bool:
        """Whether something is refused."""
        return any(each.is_refused for each in self.questions)


def questions_of(log: Any) -> Questions:
    """Return what can be asked of a trace, a timeline, what has a `to_timeline()`, recorded events, or a log's file.

    Raises:
        TypeError: It is none of these.
    """
    if isinstance(log, Trace):
        return _of_trace(log)
    if isinstance(log, Timeline):
        return _of_timeline(log)
    if hasattr(log, "to_timeline"):
        return _of_timeline(log.to_timeline())
    if isinstance(log, str | PathLike):
        with Timeline.from_file(fspath(log)) as timeline:
            return _of_timeline(timeline)
    if hasattr(log, "read_all"):
        raise TypeError("an event store is loaded first: Predict(await Timeline.load(event_store))")
    events = list(log) if isinstance(log, Iterable) else [log]
    if not all(isinstance(event, RecordedEvent) for event in events):
        raise TypeError(f"Predict asks about a Trace, a Timeline, recorded events, or an exported log, not {log!r}")
    return _of_timeline(Timeline(events))


def _gathered(reducer: Reducer[Any], state: Any, start: str, questions: Iterable[Question], left_out: int) -> Questions:
    decider = reducer.decider if isinstance(reducer, DeciderReducer) else None
    asked = tuple(questions)
    met = (name for each in asked for name in (each.before, each.after))
    named = () if decider is None else decider.states
    return Questions(
        noun_of(reducer, state), decider, start, tuple(dict.fromkeys((*named, start, *met))), asked, left_out
    )


# A trace knows its commands, and which were refused.


def _of_trace(trace: Trace) -> Questions:
    steps = list(_told(trace.steps))
    asked = (_of_step(trace.reducer, step) for step in steps[:MOST_QUESTIONS])
    start = state_name(trace.reducer, None, trace.start)
    return _gathered(trace.reducer, trace.start, start, asked, max(len(steps) - MOST_QUESTIONS, 0))


def _told(steps: Sequence[TraceStep]) -> Iterator[TraceStep]:
    """Give the steps that something may come of; where deciding and appending are two, an append knows its refusal."""
    refused: dict[str, TraceStep] = {}
    for step in steps:
        if step.part == "decide":
            refused[step.writer] = step
        elif step.part == "append" and not step.events and not step.failure and step.writer in refused:
            decided = refused[step.writer]
            yield TraceStep(
                step.command,
                step.at,
                step.before,
                step.state,
                rejection=decided.rejection,
                failure=decided.failure,
                key=step.key,
                writer=step.writer,
                part=step.part,
            )
        elif step.part not in ("read", NOTE):
            yield step


def _of_step(reducer: Reducer[Any], step: TraceStep) -> Question:
    entities = [entity_in(reducer, state, step.key) for state in (step.before, step.state)]
    before, after = [state_name(reducer, each, step.state) for each in entities]
    who = (
        f"{step.writer} appends what came of" if step.part else f"{step.writer} gives" if step.writer else "Next comes"
    )
    noun, key = noun_of(reducer, step.state), step.key or ""
    is_refused = not step.events and (step.rejection is not None or bool(step.failure))
    types = tuple(type(event).__name__ for event in step.events)
    return Question(
        _about(noun, key, before, is_there=entities[0] is not None),
        f"{who} {action_in_words(step.command, step.key)}",
        before,
        after,
        _why(step, types, before, after),
        is_refused,
        Way(before, types[0], after) if len(types) == 1 else None,
    )


def _why(step: TraceStep, types: tuple[str, ...], before: str, after: str) -> str:
    """Return why a state comes of a step, as a sentence."""
    if step.failure and not step.events:
        return f"nothing is written ({' '.join(step.failure.split()).rstrip('.')}), so it stays {before}."
    if step.rejection is not None and not step.events:
        return f"it is refused ({action_in_words(step.rejection, step.key)}), so it stays {before}."
    if not types:
        return f"it is accepted and nothing comes of it, so it stays {before}."
    return _led(" and ".join(types), before, after)


def _led(what: str, before: str, after: str) -> str:
    return f"{what}, and it stays {after}." if before == after else f"{what} leads from {before} to {after}."


def _about(noun: str, key: str, before: str, *, is_there: bool) -> str:
    """Return what a question is about, with the state that it is in, as a sentence."""
    what = f"{noun} {key}".strip()
    return f"{what[:1].upper()}{what[1:]} is {before}." if is_there else f"There is no {what} yet: it is {before}."


# A timeline knows its events; of what they answered it asks where they tell that.


def _of_timeline(timeline: Timeline[Any]) -> Questions:
    count = min(len(timeline), MOST_QUESTIONS)
    asked = (_of_event(timeline, position) for position in range(1, count + 1))
    start = timeline.decider.state_of(None)
    return _gathered(timeline.reducer, None, start, asked, len(timeline) - count)


def _of_event(timeline: Timeline[Any], position: int) -> Question:
    decider, recorded = timeline.decider, timeline.event(position)
    key = decider.key_in(recorded.stream_id)
    entities = [timeline.entity(key, at=at) for at in (position - 1, position)]
    before, after = map(decider.state_of, entities)
    command = None if decider.command_of is None else decider.command_of(recorded.event)
    happens = "Next happens" if command is None else "Next comes"
    return Question(
        _about(decider.name, key, before, is_there=entities[0] is not None),
        f"{happens} {action_in_words(recorded.event if command is None else command, key)}",
        before,
        after,
        _led(recorded.event_type, before, after),
        way=Way(before, recorded.event_type, after),
    )
