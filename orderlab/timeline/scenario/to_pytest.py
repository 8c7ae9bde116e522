"""A stretch of a log as tests: what was given, what was asked for, and what came of it then."""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.timeline.reading import events_at
from orderlab.timeline.scenario.decider_place import place_of
from orderlab.timeline.scenario.scenario_writer import PytestModule, Scenario, ScenarioStep, pytest_module
from orderlab.timeline.whatif.asked import Asked, Place
from orderlab.timeline.whatif.matching import history_of
from orderlab.timeline.whatif.redeciding import OneId, answer_to

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

MOST = 1_000
"""How many commands are written where nobody asks for more."""

_FAILS = "The rules did not lead to what the log has when this was written: until they do, this test fails."

_WORDS = 4
"""After how many of its steps a test is named."""


def to_pytest(
    timeline: "Timeline[Any]",
    first: int = 1,
    last: int | None = None,
    *,
    key: str | None = None,
    name: str | None = None,
    decider: str | None = None,
    most: int = MOST,
) -> PytestModule:
    """Return a stretch of a log as the text of a test module: `given(…).when(…).then(…)` for each entity in it.

    What happened to an entity before the stretch is given; then each of its commands comes at its own time, and what is
    stated is what the log has. A refused command among the timeline's `commands` is stated to be refused. Where the
    rules do not lead to what the log has, a comment says that the test fails.

    Args:
        timeline: The log.
        first: The position of the first event.
        last: The position of the last event; the end if None.
        key: Only the entity with this key.
        name: What the tests are named after; each after its entity and what happens if None.
        decider: Where the decider is found, `module:NAME`. None looks for it in the modules of its own functions; that
            of orders need not be said.
        most: How many commands there may be, and how many events before those of one entity.

    Raises:
        IndexError: A position is not in the log.
        NoPythonSource: A value cannot be written as source, or would not equal itself when it is read again.
        TypeError: An argument is of another kind than it must be.
        ValueError: There are no commands to be written, or more than `most`, or the decider is not found.
    """
    _require_kinds(name, decider, most)
    stretch = _stretch(timeline, first, last)
    place = place_of(timeline.decider, decider)
    found: list[tuple[Place, Scenario]] = []
    written = 0
    for each in [key] if key is not None else _keys(timeline, stretch):
        selected = _selected(timeline, each, stretch)
        if selected:
            before = _before(timeline, each, selected[0])
            written += len(selected)
            if max(written, len(before)) > most:
                what = "commands in" if written > most else f"events of {each} before"
                raise ValueError(
                    f"there are more than {most:,} {what} this stretch: name another one by first and last, one "
                    f"{timeline.decider.name} by key, or say how many by most"
                )
            found.append((selected[0].place, _scenario(timeline, each, before, selected, name)))
    if not found:
        of = f" of {key}" if key is not None else ""
        raise ValueError(f"there are no commands{of} from position {stretch[0]} to {stretch[1]} to be written as tests")
    scenarios = [scenario for _, scenario in sorted(found, key=itemgetter(0))]
    about = f"What a log has from position {stretch[0]} to {stretch[1]}, as tests."
    return pytest_module(scenarios, decider=place, about=about)


def _require_kinds(name: Any, decider: Any, most: Any) -> None:
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name must be text, not {name!r}")
    if decider is not None and not isinstance(decider, str):
        raise TypeError(f"decider must say where the decider is, as in 'shop.returns:RETURNS', not {decider!r}")
    if isinstance(most, bool) or not hasattr(most, "__index__"):
        raise TypeError(f"most must be a whole number, not {most!r}")
    if most < 1:
        raise ValueError(f"most must be a number from 1, not {most}")


def _stretch(timeline: "Timeline[Any]", first: int, last: int | None) -> tuple[int, int]:
    """Return two positions of events; 1 and 0 for all of a log without any."""
    stop = len(timeline) if last is None else timeline._n(last, "last", first=1)
    return (timeline._n(first, "first", first=1) if len(timeline) or first != 1 else 1), stop


def _keys(timeline: "Timeline[Any]", stretch: tuple[int, int]) -> Iterator[str]:
    """Give the keys of the entities in a stretch, each once: those with events first."""
    seen: set[str] = set()
    for recorded in timeline.events(*stretch):
        key = timeline.decider.key_in(recorded.stream_id)
        if key not in seen:
            seen.add(key)
            yield key
    first, last = stretch
    begins = timeline.time_of(first - 1) if first > 1 else None
    ends = timeline.time_of(last) if last < len(timeline) else None
    for timed in timeline.commands:  # what was refused about entities that have no event in the stretch
        about = timeline.decider.key_of(timed.command)
        in_time = (begins is None or timed.at >= begins) and (ends is None or timed.at <= ends)
        if in_time and isinstance(about, str) and about not in seen:
            seen.add(about)
            yield about


def _selected(timeline: "Timeline[Any]", key: str, stretch: tuple[int, int]) -> list[Asked]:
    """Return the commands about an entity whose events begin in a stretch, and the refused ones among them."""
    history = history_of(timeline, key)
    if history is None:
        raise ValueError(
            f"tests need commands, and the decider of {timeline.decider.name} has no `command_of` that tells which "
            "command an event answers to: give the timeline the commands that were given, as commands="
        )
    first, last = stretch
    end = last + 1 if last == len(timeline) else last  # what was refused at the very end belongs to the last stretch

    def belongs(asked: Asked) -> bool:
        if asked.positions:
            return first <= asked.positions[0] <= last
        # Else the command does not fit the log, or cannot be decided at all.
        says = asked.was is not None and not asked.was.events and not asked.was.failure
        return says and first - 1 <= asked.place[0] < end

    return [asked for asked in history.asked if belongs(asked)]


def _before(timeline: "Timeline[Any]", key: str, first: Asked) -> list[int]:
    """Return the positions of an entity's events before a command; those of the command before it are all given."""
    return timeline.positions(key, at=first.positions[0] - 1 if first.positions else first.place[0])


def _scenario(
    timeline: "Timeline[Any]", key: str, before: list[int], selected: list[Asked], name: str | None
) -> Scenario:
    given = tuple(recorded.event for recorded in events_at(timeline, before))
    key_of = timeline.decider.key_of
    steps = tuple(
        ScenarioStep(
            asked.command,
            asked.at,
            asked.events,
            None if asked.events or asked.was is None else asked.was.rejection,
            asked.key if key_of(asked.command) is None else None,
        )
        for asked in selected
    )
    comment = "" if _holds(timeline.decider, key, given, steps) else _FAILS
    return Scenario(name or _named(timeline.decider.name, key, steps), given, steps, comment)


def _holds(decider: Decider[Any], key: str, given: Iterable[Any], steps: Iterable[ScenarioStep]) -> bool:
    """Tell whether a test passes."""
    reducer: DeciderReducer[Any, Any] = DeciderReducer(decider)
    try:
        facts = [(decider.stream_id(key), version, event) for version, event in enumerate(given, start=1)]
        state = reducer.replay(reducer.initial_state(), facts)
        for step in steps:
            answer = answer_to(reducer, state, step.command, at=step.at, ids=OneId(key))
            state = answer.state
            if (answer.events, answer.rejection) != (step.events, step.rejection):
                return False
    except Exception:  # noqa: BLE001 - whatever it is, the test meets it too
        return False
    return True


def _named(noun: str, key: str, steps: Iterable[ScenarioStep]) -> str:
    """Return what a test is about: `order-1 OrderPlaced then OrderShipped`."""
    words = [
        " ".join(type(event).__name__ for event in step.events)
        or f"{type(step.command).__name__} {'refused' if step.rejection is not None else 'without event'}"
        for step in steps
    ]
    more = " and so on" if len(words) > _WORDS else ""
    about = key if key.startswith(noun) else f"{noun} {key}"
    return f"{about} {' then '.join(words[:_WORDS])}{more}"
