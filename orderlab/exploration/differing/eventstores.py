"""Look for the shortest script of operations to which two event stores answer differently."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.exploration.differing.answers import NOTHING, Difference, Labels
from orderlab.exploration.differing.canon import canon
from orderlab.exploration.differing.fields import FieldDifference, first_difference
from orderlab.exploration.differing.opening import reopener
from orderlab.exploration.differing.operations import APPENDS, OPERATIONS, Operation
from orderlab.exploration.differing.scripts import OpenEventStore, Session
from orderlab.exploration.differing.storeanswers import Refused, StoreAnswer
from orderlab.exploration.differing.tries import LOOKS, writes_after

Script = tuple[Operation, ...]
Writes = Callable[[Script], Iterable[Operation]]


@dataclass(frozen=True, slots=True)
class FoundScript:
    """What came of looking.

    Args:
        script: The shortest script on which the two differ; empty if they do not.
        difference: What differs first in what is answered to the last operation.
        scripts: How many scripts of writes were done on both.
        compared: How many answers were compared.
        depth: How many writes the longest had.
        complete: Whether all scripts up to the bound were done.
        silent: The operation that neither answers; empty if there is none.
    """

    script: Script
    difference: Difference
    scripts: int
    compared: int
    depth: int
    complete: bool
    silent: str = ""


class Scripts:
    """The search over scripts: writes of every kind one after the other, and after each script every look at the log.

    Args:
        one: Opens the one event store.
        other: Opens the other.
        operations: The operations to try; the usual ones if None.
        labels: What the two are called.
    """

    def __init__(
        self, one: OpenEventStore, other: OpenEventStore, operations: Sequence[Operation] | None, labels: Labels
    ) -> None:
        self.openers = one, other
        self.labels = labels
        reopen = reopener(one) is not None and reopener(other) is not None
        self.looks: Script = LOOKS
        self.writes: Writes = lambda script: writes_after(script, reopen=reopen)
        if operations is not None:
            given = tuple(each for each in operations if isinstance(each, APPENDS))
            self.looks = tuple(each for each in operations if not isinstance(each, APPENDS))
            self.writes = lambda script: given
        self.compared = 0
        self.silent: Operation | None = None

    async def search(self, depth: int, scripts: int) -> FoundScript:
        """Do all scripts, the shortest first, so that the first difference is on a shortest one."""
        level: list[Script] = [()]
        done = 0
        for length in range(depth + 1):
            by_looking: tuple[Script, Difference] | None = None
            for script in level:
                if done >= scripts:
                    return FoundScript((), NOTHING, done, self.compared, length, complete=False)
                done += 1
                differing, what = await self._difference(script)
                if what and (self.silent or len(differing) == len(script)):
                    return FoundScript(differing, what, done, self.compared, length, complete=False)
                if self.silent:
                    return FoundScript(
                        (), NOTHING, done, self.compared, length, complete=False, silent=str(self.silent)
                    )
                by_looking = by_looking or ((differing, what) if what else None)
            if by_looking is not None:
                return FoundScript(*by_looking, done, self.compared, length, complete=False)
            if length < depth:
                level = [(*script, write) for script in level for write in self.writes(script)]
        return FoundScript((), NOTHING, done, self.compared, depth, complete=True)

    async def _difference(self, script: Script) -> tuple[Script, Difference]:
        """Return the beginning of a script, or the script with a look after it, that shows a difference."""
        async with Session.on(self.openers[0]) as one, Session.on(self.openers[1]) as other:
            for number, operation in enumerate((*script, *self.looks), start=1):
                self.compared += 1
                what = self._told(await one.do(operation), await other.do(operation))
                if one.is_silent or other.is_silent:  # whatever is asked after it is waited for in vain as well
                    self.silent = operation
                    return (script[:number] if number <= len(script) else (*script, operation)), what
                if not what:
                    continue
                if number <= len(script):
                    return script[:number], what
                short = (*script, operation)
                alone = await self._last(short)  # unless a look changed something, it needs none of those before it
                return (short, alone) if alone else ((*script, *self.looks[: number - len(script)]), what)
        return (), NOTHING

    async def _last(self, script: Script) -> Difference:
        async with Session.on(self.openers[0]) as one, Session.on(self.openers[1]) as other:
            what = NOTHING
            for operation in script:
                what = self._told(await one.do(operation), await other.do(operation))
            return what

    def _told(self, one: StoreAnswer, other: StoreAnswer) -> Difference:
        if canon(one) == canon(other):
            return NOTHING
        if type(one) is not type(other) or isinstance(one, Refused):
            return Difference(f"{self.labels[0]} answers {one} where {self.labels[1]} answers {other}")
        found = first_difference(one, other, "")
        assert found is not None
        field = FieldDifference(found.field.lstrip("."), found.one, found.other)
        return Difference(field.sentence(self.labels), field)


def require_operations(operations: Any) -> tuple[Operation, ...]:
    """Return operations that somebody gives, or refuse what is none."""
    given = tuple(operations) if isinstance(operations, Iterable) else (operations,)
    for each in given:
        if not isinstance(each, OPERATIONS):
            names = ", ".join(kind.__name__ for kind in OPERATIONS)
            raise TypeError(f"commands for event stores must be operations ({names}), not {each!r}")
    return given
