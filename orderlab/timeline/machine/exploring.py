"""Find out what a decider does by running it: every command on every entity that can be found, breadth first."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from orderlab.core.decider import Decider
from orderlab.timeline.machine.found import Seen, first_ranked
from orderlab.timeline.machine.naming import namer_of
from orderlab.timeline.machine.samples import NOON

TIMES = tuple(NOON + timedelta(days=days) for days in (0, 1, 20, 400))
"""When commands are decided: a rule may ask how long ago something was."""

_NEXT_OF_A_KIND = 4
"""How many entities of a kind that was met often are followed at each further depth: a counter goes on counting."""

_MOST_AT_A_DEPTH = 250
_MOST_ASKED_AT_A_DEPTH, _LEAST_AT_A_DEPTH = 8_000, 24
"""How many commands are tried at a depth on all entities together, unless that left fewer than so many of them."""

_MOST_NAMES = 100
"""How many states are met that nobody said there are: a name may hold a number, and there is no end of numbers."""


class Hop(NamedTuple):
    """One event that a command caused: where it led from, and where to."""

    source: str
    event: str
    target: str


class Decision(NamedTuple):
    """What a decider said to one command, and the entity after it."""

    hops: tuple[Hop, ...]
    rejection: str | None
    entity: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a decider said to commands of one type in one state.

    Args:
        targets: The states that such a command can lead to.
        rejections: The types of the rejections it can get.
        is_quiet: Such a command can be accepted without any event.
    """

    targets: tuple[str, ...] = ()
    rejections: tuple[str, ...] = ()
    is_quiet: bool = False


class Exploration:
    """A walk through a domain, from no entity to all that its commands make of it.

    Entities that answer every command alike are of one kind. Of each kind some are followed, and then a few at each
    further depth; so a walk through endless balances ends, and one that counts to a limit finds the limit.

    Args:
        decider: The domain.
        depth: How many commands in a row are tried.
        representatives: How many entities of each kind are followed.
        named: The names of the states there should be, however many.

    Attributes:
        names: The names of the states that were reached, in that order.
        ways: By source, command and target, the events that led that way.
        answers: By state and command, what was said.
        is_complete: Nothing that was found was left aside.
    """

    def __init__(self, decider: Decider[Any], *, depth: int, representatives: int, named: Collection[str] = ()) -> None:
        self._decider = decider
        self._name_of = namer_of(decider)
        self._named = frozenset(named)
        self._depth = depth
        self._representatives = representatives
        self.names: dict[str, None] = {self._name_of(None): None}
        self.ways: dict[tuple[str, str, str], dict[str, None]] = {}
        self.answers: dict[tuple[str, str], Answer] = {}
        self.is_complete = True

    def walk(self, key: str, commands: Sequence[Any]) -> None:
        """Try all commands on all that can be found under one key, beginning with nothing."""
        # One without a key asks for a new entity, and meets none.
        known = [command for command in commands if self._decider.key_of(command) == key]
        seen, kinds = Seen(), Counter[Any]()
        level: list[Any] = [None]
        for _ in range(self._depth):
            here, follow = Counter[Any](), Counter[str]()
            found: list[Any] = []
            for entity in level:
                kind, after = self._look(key, entity, commands if entity is None else known, kinds)
                fresh = [each for each in after if seen.adds(each)]
                kinds[kind] += 1
                here[kind] += 1
                if kinds[kind] > self._representatives and here[kind] > _NEXT_OF_A_KIND:
                    self.is_complete &= not fresh
                else:
                    found += fresh
            ranked = []
            for entity in found:
                name = self._name_of(entity)
                follow[name] += 1
                if follow[name] <= _MOST_AT_A_DEPTH and self._takes(name):
                    ranked.append((follow[name], entity))
            level = first_ranked(ranked, max(_MOST_ASKED_AT_A_DEPTH // max(len(known), 1), _LEAST_AT_A_DEPTH))
            self.is_complete &= len(level) == len(found)
            if not level:
                return
        self.is_complete = False

    def _look(self, key: str, entity: Any, commands: Sequence[Any], kinds: "Counter[Any]") -> tuple[Any, list[Any]]:
        """Try all commands on an entity; return the kind that it is of, and what it becomes."""
        state = self._name_of(entity)
        decisions = [self._decide(command, entity, key, TIMES[0]) for command in commands]
        kind = (state, tuple((decision.hops, decision.rejection) for decision in decisions))
        after, is_often_met = [], kinds[kind] >= _NEXT_OF_A_KIND
        for command, decision in zip(commands, decisions, strict=True):
            self._note(state, type(command).__name__, decision)
            after.append(decision.entity)
            if not is_often_met:
                for later in self._decided_later(command, entity, key, decision):
                    self._note(state, type(command).__name__, later)
                    after.append(later.entity)
        return kind, [each for each in after if each is not None]

    def _decided_later(self, command: Any, entity: Any, key: str, decision: Decision) -> Iterator[Decision]:
        """Yield what is said to the same command at other times, where it is not the same."""
        said = {decision[:2]}
        for at in TIMES[1:]:
            later = self._decide(command, entity, key, at)
            if later[:2] not in said:
                said.add(later[:2])
                yield later

    def _decide(self, command: Any, entity: Any, key: str, at: Any) -> Decision:
        """Decide, and evolve by what was decided; what either of them raises says which command it was."""
        try:
            decided = self._decider.decide(command, entity, key=key, at=at)
            if isinstance(decided, self._decider.rejections):
                return Decision((), type(decided).__name__, None)
            if not isinstance(decided, tuple) or not all(isinstance(event, self._decider.events) for event in decided):
                raise TypeError(f"decide must return a tuple of events or one rejection, not {decided!r}")
            hops = []
            after, source = entity, self._name_of(entity)
            for event in decided:
                after = self._decider.evolve(after, event)
                if after is None:
                    raise TypeError(f"evolve must return the entity after {event!r}, not None")
                target = self._name_of(after)
                hops.append(Hop(source, type(event).__name__, target))
                source = target
            return Decision(tuple(hops), None, after)
        except Exception as error:
            error.add_note(f"{command!r} was tried on {entity!r}; what is tried can be chosen, by commands=")
            raise

    def _takes(self, name: str) -> bool:
        """Take in the name of a state, unless there are too many already."""
        if name not in self.names and (name in self._named or len(self.names) < _MOST_NAMES):
            self.names[name] = None
        return name in self.names

    def _note(self, state: str, command: str, decision: Decision) -> None:
        """Write down where a decision led."""
        for source, event, target in decision.hops:
            if not self._takes(target):
                self.is_complete = False
                return
            self.ways.setdefault((source, command, target), {}).setdefault(event)
        said = self.answers.get((state, command), Answer())
        targets = {**dict.fromkeys(said.targets), **({decision.hops[-1].target: None} if decision.hops else {})}
        rejections = {**dict.fromkeys(said.rejections), **({decision.rejection: None} if decision.rejection else {})}
        is_quiet = said.is_quiet or not (decision.hops or decision.rejection)
        self.answers[state, command] = Answer(tuple(targets), tuple(rejections), is_quiet)
