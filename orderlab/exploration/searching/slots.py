"""What one entity can do, found out once: each command on each value that the entity can have.

A decider knows one entity only. So what a command leads to hangs on the value of its entity alone, and a state of all
entities is a row of small numbers, the numbers of their values. A command is decided once for each value, however many
states there are that the value occurs in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orderlab.core.decider import DeciderReducer
from orderlab.exploration.differing.canon import canon
from orderlab.exploration.searching.answering import Answering
from orderlab.exploration.searching.found import NO_COMMAND_IS_CHANGED, NOTHING_IS_CHANGED, NOTHING_IS_RAISED, Found
from orderlab.exploration.searching.given import Given
from orderlab.exploration.searching.sameness import Numbering, is_settled
from orderlab.exploration.searching.watching import Watch

Move = tuple[int, int]
"""What is added to a state by a command that causes something, and the number of that command."""

Row = tuple[tuple[Move, ...], int, int]
"""What can be done with an entity that has some value: the moves, and how many commands are refused and quiet."""


After = tuple[int, int]
"""What a command makes of a value: the number of the value after it, and how many events that takes."""


class Failure(NamedTuple):
    """A command at which the domain breaks a promise, and what it raised."""

    command: int
    failure: str
    name: str = NOTHING_IS_RAISED


@dataclass(slots=True, eq=False)
class Slot:
    """All that can become of one entity.

    Args:
        reducer: The domain's reducer.
        answering: What has its commands decided.
        key: The entity's key.
        entity: The entity at the beginning; None if there is none.
        version: Its version.
        given: All commands.
        commands: The numbers of those about it.

    Attributes:
        shift: How many bits of a state are below its number.
        bits: How many bits its number has.
        rows: By the number of a value, what can be done then, as far as it was decided.
    """

    reducer: DeciderReducer[Any, Any]
    answering: Answering
    key: str
    entity: Any
    version: int
    given: Given
    commands: Sequence[int]
    shift: int = 0
    bits: int = 1
    rows: list[Row] = field(default_factory=list)
    _values: list[tuple[Any, int]] = field(default_factory=list)
    _numbers: Numbering = field(default_factory=Numbering)
    _after: list[dict[int, After]] = field(default_factory=list)
    _counts: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._number_of(self.entity, self.version)

    @property
    def mask(self) -> int:
        """The bits of its number."""
        return (1 << self.bits) - 1

    def after(self, value: int, command: int) -> tuple[Any, int]:
        """Return what a command makes of the entity with a number, and how many events that takes."""
        number, events = self._after[value][command]
        return self._values[number][0], events

    def decide(self, found: Found, watch: Watch) -> dict[int, Failure]:
        """Decide every command on the values that are new; return, by value, the first that breaks a promise.

        When the time is over meanwhile, that is found, and what was decided of the last value is of no use.
        """
        failures: dict[int, Failure] = {}
        for value in range(len(self._after), len(self._values)):
            state, after, entity = self._alone(value), dict[int, After](), self._values[value][0]
            before = None if is_settled(entity) else canon(entity)
            refused = quiet = 0
            for number in self.commands:
                if watch.is_over(found):
                    found.why_not = watch.bounds.late()
                    return {}
                command, at = self.given.fresh(number)
                came = self.answering.to(state, command, at)
                if self.given.is_changed(number, command):
                    failures.setdefault(value, Failure(number, "", NO_COMMAND_IS_CHANGED))
                elif before is not None and before != canon(entity):
                    failures.setdefault(value, Failure(number, "", NOTHING_IS_CHANGED))
                elif came.failure:
                    failures.setdefault(value, Failure(number, came.failure))
                elif came.events:
                    after[number] = self._number_of(*self.reducer.entity(came.state, self.key)), came.events
                elif came.is_refused:
                    refused += 1
                else:
                    quiet += 1
            self._after.append(after)
            self._counts.append((refused, quiet))
        return failures

    def needs(self) -> int:
        """Return how many bits the numbers of its values have by now."""
        return max(len(self._values) - 1, 1).bit_length()

    def place(self, shift: int, bits: int) -> None:
        """Give it these bits of a state."""
        if (shift, bits) != (self.shift, self.bits):
            self.rows.clear()
        self.shift, self.bits = shift, bits

    def fill(self) -> None:
        """Make the rows of the values that were decided since."""
        for value in range(len(self.rows), len(self._after)):
            moves = tuple(
                ((reached - value) << self.shift, number) for number, (reached, _) in self._after[value].items()
            )
            self.rows.append((moves, *self._counts[value]))

    def _number_of(self, entity: Any, version: int) -> int:
        """Return the number of a value, a new one if it was not met before."""
        number = self._numbers.of(entity)
        if number == len(self._values):
            self._values.append((entity, version))
        return number

    def _alone(self, value: int) -> Any:
        """Return a state with this entity only."""
        entity, version = self._values[value]
        empty = self.reducer.initial_state()
        return empty if entity is None else self.reducer.with_entity(empty, self.key, entity, version)


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
