"""A decider that stands every log: what its domain cannot fold becomes a state of its own, which says why.

A run that shows a mistake often has a log that its domain would never have written, or rules that raise. Time travel
folds the log and tries every rule; with the domain itself it could not open just those runs that are worth opening.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from orderlab.core.decider import Decider
from orderlab.core.errors import CorruptStream
from orderlab.exploration.playing import told
from orderlab.timeline.fields import own_fields, same
from orderlab.timeline.machine.samples import CannotMake
from orderlab.timeline.machine.statemachine import StateMachine

CANNOT_FOLLOW = "cannot follow"
"""The name of the state of an entity whose events cannot follow one another."""


@dataclass(frozen=True, slots=True)
class StartsAs:
    """What a run begins with, where only the state is known: stands for the events that led to it."""

    key: str
    entity: Any


class CannotFollow(Mapping[str, Any]):
    """An entity whose events cannot follow one another: what it was until then, with the problem.

    A mapping of the entity's own fields, so that whatever shows what an event changed shows the problem and nothing
    else.

    Args:
        problem: Why.
        event: The first event that cannot follow.
        last: What the entity was until then.
        later: How many events came after that.
    """

    __slots__ = ("_fields", "event", "last", "later", "problem")

    def __init__(self, problem: str, event: Any, last: Any, later: int = 0) -> None:
        self.problem, self.event, self.last, self.later = problem, event, last, later
        after = {"events_after_it": later} if later else {}
        self._fields = {"problem": problem, **after, **(own_fields(last) or {})}

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CannotFollow) and self._fields == other._fields

    def __hash__(self) -> int:
        return hash((self.problem, self.later))

    def __repr__(self) -> str:
        return f"<CannotFollow {self.problem}>"


@dataclass(frozen=True, slots=True)
class Raises:
    """Refused, where the domain has no answer: it raises instead.

    Args:
        key: The key of the entity.
        problem: What is raised.
    """

    key: str
    problem: str


@dataclass(frozen=True, slots=True)
class Break:
    """A place at which a log breaks: an entity, and the event that cannot follow."""

    entity: Any
    event: Any


def breaks_of(decider: Decider[Any], facts: Iterable[tuple[str, Any]]) -> tuple[Break, ...]:
    """Return where a log breaks, at the most once for each entity.

    Args:
        decider: The decider.
        facts: Keys and events in their order.
    """
    entities: dict[str, Any] = {}
    broken: dict[str, Break] = {}
    for key, event in facts:
        if key in broken:
            continue
        before = entities.get(key)
        if isinstance(event, StartsAs):
            entities[key] = event.entity
        elif _problem(decider, before, event) is None:
            entities[key] = decider.evolve(before, event)
        else:
            broken[key] = Break(before, event)
    return tuple(broken.values())


def patient(decider: Decider[Any], breaks: Iterable[Break]) -> Decider[Any]:
    """Return a decider that does the same, but goes on where a log breaks, and refuses what it has no answer to.

    Anywhere else it folds as the domain does, so that of a changed past it is still said what cannot follow.

    Args:
        decider: The domain.
        breaks: Where the log breaks.
    """
    known = tuple(breaks)

    def decide(command: Any, entity: Any, *, key: str, at: Any) -> Any:
        if isinstance(entity, CannotFollow):
            return Raises(key, entity.problem)
        try:
            decided = decider.decide(command, entity, key=key, at=at)
            for event in decided if isinstance(decided, tuple) else ():
                entity = _evolved(decider, entity, event)
        except Exception as error:  # noqa: BLE001 - that it raises is what the run shows
            return Raises(key, told(error))
        return decided

    def evolve(entity: Any, event: Any) -> Any:
        if isinstance(event, StartsAs):
            return event.entity
        if isinstance(entity, CannotFollow):
            return CannotFollow(entity.problem, entity.event, entity.last, entity.later + 1)
        problem = _problem(decider, entity, event)
        if problem is not None and any(same(each.entity, entity) and same(each.event, event) for each in known):
            return CannotFollow(problem, event, entity)
        return _evolved(decider, entity, event)

    def state_name(entity: Any) -> str:
        if isinstance(entity, CannotFollow):
            return CANNOT_FOLLOW
        try:
            return decider.state_of(entity)
        except Exception:  # noqa: BLE001 - a faulty domain; its log can be looked at all the same
            return "none" if entity is None else type(entity).__name__

    return replace(
        decider,
        decide=decide,
        evolve=evolve,
        key_of=lambda action: action.key if isinstance(action, StartsAs | Raises) else decider.key_of(action),
        events=(*decider.events, StartsAs),
        rejections=(*decider.rejections, Raises),
        state_name=state_name,
        command_of=None if decider.command_of is None else lambda event: _command_of(decider, event),
    )


@lru_cache(maxsize=64)
def can_be_tried(decider: Decider[Any]) -> bool:
    """Tell whether every rule of a decider can be tried without anything being raised, as time travel tries them."""
    try:
        StateMachine.of(decider)
    except CannotMake:  # then time travel does without
        return True
    except Exception:  # noqa: BLE001 - a rule raises
        return False
    return True


def _evolved(decider: Decider[Any], entity: Any, event: Any) -> Any:
    after = decider.evolve(entity, event)
    if after is None:
        raise CorruptStream(f"evolve returns None after {type(event).__name__}")
    return after


def _problem(decider: Decider[Any], entity: Any, event: Any) -> str | None:
    """Return why an event cannot follow; None if it can."""
    try:
        _evolved(decider, entity, event)
    except Exception as error:  # noqa: BLE001 - whatever it is, time travel would meet it too
        return told(error)
    return None


def _command_of(decider: Decider[Any], event: Any) -> Any:
    return None if isinstance(event, StartsAs) or decider.command_of is None else decider.command_of(event)
