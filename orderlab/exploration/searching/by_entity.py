"""The quick search, for a decider that is lifted as it is: states are numbers, and each decision is taken once.

States are the same if their entities are. How many events an entity has had does not tell them apart, for a decider
does not see it: a book that was lent and returned is where it was before.
"""

from collections.abc import Sequence
from typing import Any

from orderlab.collector import collector_resting
from orderlab.core.decider import DeciderReducer
from orderlab.exploration.searching.answering import Answering
from orderlab.exploration.searching.found import Found, Questions
from orderlab.exploration.searching.given import Given
from orderlab.exploration.searching.slots import Failure, Slot, placed
from orderlab.exploration.searching.watching import Watch
from orderlab.orders.reducer import OrderReducer

_EXACTLY = (DeciderReducer, OrderReducer)
"""The reducers of which it is known that they show a decider one entity, and change no other."""


class EntitySearch:
    """A breadth-first search through the states of a lifted decider.

    Args:
        reducer: The domain's reducer.
        start: The state to begin with.
        given: The commands.
        slots: What can become of each entity that they are about.
        unkeyed: How many commands are refused and how many are quiet in every state, for their key is no text.
    """

    def __init__(
        self,
        reducer: DeciderReducer[Any, Any],
        start: Any,
        given: Given,
        slots: Sequence[Slot],
        unkeyed: tuple[int, int],
    ) -> None:
        self._reducer, self._start, self._given = reducer, start, given
        self._slots, self._unkeyed = slots, unkeyed
        self._slot_of = {number: slot for slot in slots for number in slot.commands}

    @classmethod
    def of(cls, reducer: Any, start: Any, given: Given) -> "EntitySearch | None":
        """Return such a search, or None where it would not be right."""
        if type(reducer) not in _EXACTLY or given.function is not None:
            return None
        about: dict[str, list[int]] = {}
        unkeyed, answering = [0, 0], Answering(reducer)
        for number in range(len(given.listed)):
            command, at = given.fresh(number)
            try:
                key = reducer.decider.key_of(command)
            except Exception:  # noqa: BLE001 - a faulty domain: the other search tells it by the run that shows it
                return None
            if isinstance(key, str):
                about.setdefault(key, []).append(number)
                continue
            if key is None:  # one is drawn, in each state another, and nobody knows what is said to that one
                return None
            # It is no key that an entity could have, so what is said to it is always the same.
            came = answering.to(start, command, at)
            if came.failure or came.events or given.is_changed(number, command):
                return None
            unkeyed[not came.is_refused] += 1
        slots = []
        for key, commands in about.items():
            entity, version = reducer.entity(start, key)
            slots.append(Slot(reducer, answering, key, entity, version, given, commands))
        return cls(reducer, start, given, slots, (unkeyed[0], unkeyed[1]))

    def run(self, found: Found, questions: Questions, watch: Watch) -> None:
        """Search until an end, a bound, or something that does not hold."""
        with collector_resting():
            self._run(found, questions, watch)

    def _run(self, found: Found, questions: Questions, watch: Watch) -> None:
        if not questions.ask(found, 0, self._start):
            return
        seen, level, objects = {0}, [0], [self._start]
        first = 0
        while not found.why_not:
            if len(found.levels) - 1 == watch.bounds.depth:
                found.why_not = watch.bounds.deep(len(level))
                return
            failing = {slot: failures for slot in self._slots if (failures := slot.decide(found, watch))}
            if found.why_not:
                return
            convert = placed(self._slots)
            if convert is not None:
                level, seen = list(map(convert, level)), set(map(convert, seen))
            for slot in self._slots:
                slot.fill()
            if failing:
                self._fail(found, level, first, failing)
                return
            after = self._expanded(found, level, first, seen, watch)
            first += len(level)
            if not after:
                return
            found.levels.append(len(after))
            if questions.are_open:
                objects = self._made(found, level, objects)
                self._ask(found, questions, objects, watch)
                if found.broken is not None:
                    return
            level = after

    def _expanded(self, found: Found, level: list[int], first: int, seen: set[int], watch: Watch) -> list[int]:
        """Try everything on all states of a level; return the states that are new."""
        layout = [(slot.shift, slot.mask, slot.rows) for slot in self._slots]
        room = watch.bounds.states - found.states
        parents, moved = found.parents.append, found.moves.append
        after: list[int] = []
        transitions = refused = quiet = ends = 0
        for place, state in enumerate(level):
            before = transitions
            for shift, mask, rows in layout:
                moves, refusals, silences = rows[state >> shift & mask]
                refused += refusals
                quiet += silences
                transitions += len(moves)
                for change, command in moves:
                    reached = state + change
                    if reached not in seen:
                        if not room:
                            found.why_not = watch.bounds.full()
                            break
                        room -= 1
                        seen.add(reached)
                        after.append(reached)
                        parents(first + place)
                        moved(command)
            if found.why_not:
                break
            if transitions == before:
                ends += 1
            if not place & 1023:
                found.transitions += transitions
                transitions = 0
                if watch.is_over(found):
                    found.why_not = watch.bounds.late()
                    break
        tried = place + 1
        found.transitions += transitions
        found.refused += refused + tried * self._unkeyed[0]
        found.quiet += quiet + tried * self._unkeyed[1]
        found.ends += ends
        return after

    def _made(self, found: Found, level: list[int], objects: list[Any]) -> list[Any]:
        """Return the states of the last level, made from those of the one before, which has these numbers."""
        reducer, after = self._reducer, list[Any]()
        first = found.states - found.levels[-1]
        beginning = first - len(level)
        for number in range(first, found.states):
            place = found.parents[number] - beginning
            slot = self._slot_of[found.moves[number]]
            entity, events = slot.after(level[place] >> slot.shift & slot.mask, found.moves[number])
            version = reducer.entity(objects[place], slot.key)[1] + events
            after.append(reducer.with_entity(objects[place], slot.key, entity, version))
        return after

    def _ask(self, found: Found, questions: Questions, objects: list[Any], watch: Watch) -> None:
        """Ask what is asked of each state of the last level."""
        for number, state in enumerate(objects, found.states - len(objects)):
            if not questions.ask(found, number, state):
                return
            if watch.is_over(found):
                found.why_not = watch.bounds.late()
                return

    def _fail(self, found: Found, level: list[int], first: int, failing: dict[Slot, dict[int, Failure]]) -> None:
        """Note the first state of a level in which the domain breaks a promise."""
        place, failure = next(
            (place, failures[value])
            for place, state in enumerate(level)
            for slot, failures in failing.items()
            if (value := state >> slot.shift & slot.mask) in failures
        )
        found.fails((*found.path(first + place), failure.command), failure.failure, failure.name)
