"""What one entity can do, found out once: each command on each value that the entity can have.

A decider knows one entity only. So what a command leads to hangs on the value of its entity alone, and a state of all
entities is a row of small numbers, the numbers of their values. A command is decided once for each value, however many
states there are that the value occurs in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from orderlab.core.decider import DeciderReducer
from orderlab.exploration.playing import play
from orderlab.exploration.searching.sameness import hashable

Move = tuple[int, int]
"""What is added to a state by a command that causes something, and the number of that command."""

Row = tuple[tuple[Move, ...], int, int]
"""What can be done with an entity that has some value: the moves, and how many commands are refused and quiet."""


class Way(NamedTuple):
    """What a command makes of a value: the number of the value after it, and how many events that took."""

    value: int
    events: int


class Failure(NamedTuple):
    """A command that something was raised at, and what."""

    command: int
    failure: str


@dataclass(slots=True, eq=False)
class Slot:
    """All that can become of one entity.

    Args:
        reducer: The domain's reducer.
        key: The entity's key.
        alone: A state with this entity at most.
        commands: The commands about it: their numbers, they themselves, and when they are decided.

    Attributes:
        shift: How many bits of a state are below its number.
        bits: How many bits its number has.
        rows: By the number of a value, what can be done then, as far as it was decided.
    """

    reducer: DeciderReducer[Any, Any]
    key: str
    alone: Any
    commands: Sequence[tuple[int, Any, datetime]]
    shift: int = 0
    bits: int = 1
    rows: list[Row] = field(default_factory=list)
    _states: list[Any] = field(default_factory=list)
    _numbers: dict[Any, int] = field(default_factory=dict)
    _ways: list[dict[int, Way]] = field(default_factory=list)
    _counts: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._number_in(self.alone)

    @property
    def mask(self) -> int:
        """The bits of its number."""
        return (1 << self.bits) - 1

    def entity(self, value: int) -> Any:
        """Return the entity with a number."""
        return self.reducer.entity(self._states[value], self.key)[0]

    def way(self, value: int, command: int) -> Way:
        """Return what a command makes of a value."""
        return self._ways[value][command]

    def decide(self) -> dict[int, Failure]:
        """Decide every command on the values that are new; return, by value, the first that something was raised at."""
        failures = {}
        for value in range(len(self._ways), len(self._states)):
            ways: dict[int, Way] = {}
            refused = quiet = 0
            for number, command, at in self.commands:
                step = play(self.reducer, self._states[value], command, at=at)
                if step.failure:
                    failures.setdefault(value, Failure(number, step.failure))
                elif step.events:
                    ways[number] = Way(self._number_in(step.state), len(step.events))
                elif step.rejection is not None:
                    refused += 1
                else:
                    quiet += 1
            self._ways.append(ways)
            self._counts.append((refused, quiet))
        return failures

    def needs(self) -> int:
        """Return how many bits the numbers of its values have by now."""
        return max(len(self._states) - 1, 1).bit_length()

    def place(self, shift: int, bits: int) -> None:
        """Give it these bits of a state."""
        if (shift, bits) != (self.shift, self.bits):
            self.rows.clear()
        self.shift, self.bits = shift, bits

    def fill(self) -> None:
        """Make the rows of the values that were decided since."""
        for value in range(len(self.rows), len(self._ways)):
            moves = tuple((way.value - value << self.shift, number) for number, way in self._ways[value].items())
            self.rows.append((moves, *self._counts[value]))

    def _number_in(self, state: Any) -> int:
        """Return the number of the value that the entity has in a state, a new one if it was not met before."""
        entity = self.reducer.entity(state, self.key)[0]
        number = self._numbers.setdefault((type(entity), hashable(entity)), len(self._states))
        if number == len(self._states):
            self._states.append(state)
        return number


def placed(slots: Sequence[Slot]) -> Callable[[int], int] | None:
    """Give the slots as many bits as they need; return what makes an old state a new one, or None if none changes."""
    before = [(slot.shift, slot.mask) for slot in slots]
    wanted = [max(slot.bits, slot.needs()) for slot in slots]
    shift = 0
    for slot, bits in zip(slots, wanted, strict=True):
        slot.place(shift, bits)
        shift += bits
    after = [slot.shift for slot in slots]
    if before == [(slot.shift, slot.mask) for slot in slots]:
        return None
    moved = list(zip(before, after, strict=True))
    return lambda state: sum((state >> old & mask) << new for (old, mask), new in moved)
