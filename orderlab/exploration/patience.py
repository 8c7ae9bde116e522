"""A decider that stands every log: what its domain cannot fold becomes a state of its own, which says why.

A run that shows a mistake often has a log that its domain would never have written, or rules that raise. Time travel
folds and tries every rule; with the domain itself it could not open just those runs that are worth opening.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from orderlab.core.decider import Decider
from orderlab.timeline.machine.samples import CannotMake
from orderlab.timeline.machine.statemachine import StateMachine

CANNOT_FOLLOW = "cannot follow"
"""The name of the state of an entity whose events cannot follow one another."""


@dataclass(frozen=True, slots=True)
class StartsAs:
    """What a run begins with, where only the state is known: stands for the events that led to it."""

    key: str
    entity: Any


@dataclass(frozen=True, slots=True)
class CannotFollow:
    """An entity whose events cannot follow one another.

    Args:
        problem: Why.
        event: The first event that cannot follow.
        last: What the entity was until then.
        later: How many events came after that.
    """

    problem: str
    event: Any
    last: Any
    later: int = 0


@dataclass(frozen=True, slots=True)
class Raises:
    """Refused, where the domain has no answer: it raises instead.

    Args:
        key: The key of the entity.
        problem: What is raised.
    """

    key: str
    problem: str


def stands(decider: Decider[Any], facts: Iterable[tuple[str, Any]]) -> bool:
    """Tell whether a decider folds events, by key, and can be tried out whole.

    Args:
        decider: The decider.
        facts: Keys and events in their order.
    """
    entities: dict[str, Any] = {}
    try:
        for key, event in facts:
            entities[key] = decider.evolve(entities.get(key), event)
            decider.state_of(entities[key])
        return None not in entities.values() and _can_be_tried(decider)
    except Exception:  # noqa: BLE001 - whatever it is, time travel would meet it too
        return False


def patient(decider: Decider[Any]) -> Decider[Any]:
    """Return a decider that does the same wherever that can be done, and raises nothing."""

    def decide(command: Any, entity: Any, *, key: str, at: Any) -> Any:
        if isinstance(entity, CannotFollow):
            return Raises(key, entity.problem)
        try:
            return decider.decide(command, entity, key=key, at=at)
        except Exception as error:  # noqa: BLE001 - that it raises is what the run shows
            return Raises(key, _told(error))

    def evolve(entity: Any, event: Any) -> Any:
        if isinstance(event, StartsAs):
            return event.entity
        if isinstance(entity, CannotFollow):
            return replace(entity, later=entity.later + 1)
        try:
            after = decider.evolve(entity, event)
        except Exception as error:  # noqa: BLE001 - the same
            return CannotFollow(_told(error), event, entity)
        return CannotFollow("evolve returns None", event, entity) if after is None else after

    def state_name(entity: Any) -> str:
        if isinstance(entity, CannotFollow):
            return CANNOT_FOLLOW
        try:
            return decider.state_of(entity)
        except Exception:  # noqa: BLE001 - the same
            return type(entity).__name__

    return replace(
        decider,
        decide=decide,
        evolve=evolve,
        key_of=lambda action: action.key if isinstance(action, StartsAs | Raises) else decider.key_of(action),
        events=(*decider.events, StartsAs),
        rejections=(*decider.rejections, Raises),
        state_name=state_name,
        states=decider.states,
        command_of=None if decider.command_of is None else lambda event: _command_of(decider, event),
    )


def _command_of(decider: Decider[Any], event: Any) -> Any:
    return None if isinstance(event, StartsAs) or decider.command_of is None else decider.command_of(event)


@lru_cache(maxsize=64)
def _can_be_tried(decider: Decider[Any]) -> bool:
    """Tell whether every rule of a decider can be tried without anything being raised."""
    try:
        StateMachine.of(decider)
    except CannotMake:  # then time travel does without
        return True
    except Exception:  # noqa: BLE001 - a rule raises
        return False
    return True


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
