"""The facts of a changed past: its events folded by `evolve`, and what can no longer follow left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from orderlab.core.errors import CorruptStream
from orderlab.timeline.reading import events_at
from orderlab.timeline.whatif.asked import Place
from orderlab.timeline.whatif.changes import Changes
from orderlab.timeline.whatif.insertions import Insertion
from orderlab.timeline.whatif.lanes import CANNOT_FOLLOW, DROPPED, FAILS, FOLLOWS, REFUSED, Lane, LaneStep, in_words
from orderlab.timeline.whatif.redeciding import OneId, tried

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class _Fact:
    place: Place
    position: int | None
    key: str
    event: Any
    change: str


def facts_lane(
    timeline: "Timeline[Any]", keys: Sequence[str], changes: Changes, insertions: Sequence[Insertion]
) -> Lane:
    """Fold the changed events of some entities.

    A fact that cannot follow (`evolve` raises `CorruptStream`, or fails on a state that it never had to meet) is left
    out, and the others go on without it. A command that is put in brings about the facts that it leads to on the facts
    before it.
    """
    folding = _Folding(timeline)
    changed: list[_Fact | Insertion] = [*_facts(timeline, keys, changes), *insertions]
    changed.sort(key=lambda each: each.place)
    steps = [folding.inserted(each) if isinstance(each, Insertion) else folding.step(each) for each in changed]
    return Lane("facts", tuple(steps), MappingProxyType({key: folding.entities.get(key) for key in keys}))


def _facts(timeline: "Timeline[Any]", keys: Sequence[str], changes: Changes) -> list[_Fact]:
    facts = []
    for key in keys:
        for recorded in events_at(timeline, timeline.positions(key)):
            position = recorded.position
            place, change = (changes.place_of(position), 0, 0), changes.mark_of([position])
            event = changes.edit[position] if change == "edited" else recorded.event
            about = str(timeline.decider.key_of(event)) if change == "edited" else key
            facts.append(_Fact(place, position, about, event, change))
    return facts


class _Folding:
    """Entities while they are folded."""

    def __init__(self, timeline: "Timeline[Any]") -> None:
        self.entities: dict[str, Any] = {}
        self._versions: dict[str, int] = {}
        self._reducer, self._decider = timeline.reducer, timeline.decider

    def step(self, fact: _Fact) -> LaneStep:
        """Take in one fact, or mark it."""
        before = self._name(fact.key)
        step = LaneStep(
            fact.position,
            fact.key,
            type(fact.event).__name__,
            fact.event,
            DROPPED if fact.change == "dropped" else FOLLOWS,
            "",
            before,
            before,
            fact.change,
            was="" if fact.position is None else FOLLOWS,
        )
        if fact.change == "dropped":
            return step
        reason = self._take(fact.key, fact.event)
        if reason is None:
            return replace(step, after=self._name(fact.key), events=(fact.event,))
        return replace(step, outcome=CANNOT_FOLLOW, reason=reason, differs=fact.change != "inserted")

    def inserted(self, insertion: Insertion) -> LaneStep:
        """Take in a fact that is put in, or those that a command leads to."""
        if insertion.event is not None:
            return self.step(_Fact(insertion.place, None, insertion.key, insertion.event, "inserted"))
        before, reducer = self._name(insertion.key), self._reducer
        state = reducer.initial_state()
        if insertion.key in self.entities:
            version = self._versions[insertion.key]
            state = reducer.with_entity(state, insertion.key, self.entities[insertion.key], version)
        answer = tried(reducer, state, insertion.command, at=insertion.at, ids=OneId(insertion.key))
        for event in answer.events:
            self._take(insertion.key, event)
        what, outcome = type(insertion.command).__name__, FOLLOWS if answer.events else answer.outcome
        reason = "brings about " + ", ".join(type(event).__name__ for event in answer.events) if answer.events else ""
        if outcome == FAILS:
            reason = answer.failure
        if outcome == REFUSED:
            reason = in_words(answer.rejection, insertion.key)
        after = self._name(insertion.key)
        return LaneStep(
            None, insertion.key, what, insertion.command, outcome, reason, before, after, "inserted", "", answer.events
        )

    def _take(self, key: str, event: Any) -> str | None:
        """Fold an event, or say why it cannot follow."""
        try:
            self.entities[key] = self._decider.evolve(self.entities.get(key), event)
        except CorruptStream as error:
            if self._decider.states:  # the domain's own words for a state say more than a text about values
                return f"the {self._decider.name} is {self._name(key)} by then"
            return str(error)
        except Exception as error:  # noqa: BLE001 - a changed past is not what evolve was written for; it is told of
            return f"evolve fails on it with {type(error).__name__}: {error}"
        self._versions[key] = self._versions.get(key, 0) + 1
        return None

    def _name(self, key: str) -> str:
        return self._decider.state_name(self.entities.get(key))
