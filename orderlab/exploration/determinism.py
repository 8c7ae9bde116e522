"""Find out whether a function always gives the same: call it in worlds that differ in all but its arguments.

A reducer that reads the clock, draws a number or follows the order of a set gives another result when a log is replayed
tomorrow. That is hard to see by reading, and easy to see by asking in another world.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.worlds.comparing import Difference, difference, outcome_of
from orderlab.exploration.worlds.packing import packed
from orderlab.exploration.worlds.visiting import Calls, NoAnswer, visited
from orderlab.exploration.worlds.world import CHANCE, CLOCK, ELSEWHERE, HASH_SEED, HERE, ZONE, World, one_part_of

SECOND_CALL, SOMETHING_ELSE = "second call", "something else"

_WHY = {
    CLOCK: "it reads the wall clock",
    ZONE: "it depends on the time zone",
    HASH_SEED: "it depends on the hash seed, as the order of a set does",
    CHANCE: "it draws random numbers or ids",
    SECOND_CALL: "a second call gives something else, so it changes something shared",
    SOMETHING_ELSE: "it gives something else even where clock, zone, hash seed and chance are the same",
}


@dataclass(frozen=True, slots=True, repr=False)
class Determinism(AsTable):
    """What was found out about a function.

    Args:
        function: Its name.
        is_deterministic: Whether it gave the same in all worlds, and twice in each.
        outcome: What it came to at first, in a few words.
        difference: The first difference by its path, in one sentence; empty if there is none.
        depends_on: Which parts of a world matter; none if there is no difference.
    """

    function: str
    is_deterministic: bool
    outcome: str
    difference: str = ""
    depends_on: tuple[str, ...] = ()

    @property
    def world(self) -> str:
        """What it depends on: `wall clock`, `time zone`, `hash seed`, `random numbers`, `second call`; else empty."""
        return " and ".join(self.depends_on)

    @property
    def why(self) -> str:
        """What it does, in words; empty if it is deterministic."""
        return " and ".join(_WHY[each] for each in self.depends_on)

    def __repr__(self) -> str:
        if self.is_deterministic:
            same = f"raises the same, {raised}," if (raised := self._raised) else "gives the same"
            return f"{self.function} {same} in every world that was tried"
        return f"{self.function} is not deterministic: {self.why}. {self.difference}"

    @property
    def _raised(self) -> str:
        return self.outcome.removeprefix("raises ") if self.outcome.startswith("raises ") else ""

    def __bool__(self) -> bool:
        return self.is_deterministic


def check_determinism(function: Callable[..., Any], *arguments: Any, seconds: float = 10) -> Determinism:
    """Call a function in fresh interpreters with another clock, zone, hash seed and chance, and twice in each; compare.

    Results are compared part by part. The order of a set or of a persistent map is no difference, that of a list or a
    dictionary is. An error that is raised is a result too. No proof, but what people get wrong is found.

    Args:
        function: What to call; also a lambda, or a function of a notebook. Of a coroutine function, what it returns;
            of a generator, what it yields.
        *arguments: What to call it with.
        seconds: How long it may take in a world.

    Raises:
        TypeError: The function or an argument cannot be sent to another interpreter, or a result cannot be compared;
            or `seconds` is no number.
        ValueError: `seconds` is not more than zero.
        TimeoutError: It took too long.
        RuntimeError: It ended its interpreter.

    >>> check_determinism(sorted, ["b", "a"])
    sorted gives the same in every world that was tried
    """
    if not callable(function):
        raise TypeError(f"function must be something to call, not {function!r}: hand over the function, not its result")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"seconds must be a number, not {seconds!r}")
    if not 0 < seconds < inf:
        raise ValueError(f"seconds must be more than zero, not {seconds!r}")
    name = getattr(function, "__name__", None) or type(function).__name__
    data = packed(function, arguments)
    try:
        return _found_out(name, data, seconds)
    except NoAnswer as silence:
        text = f"{name} {silence}"
        if "did not end" in text:
            raise TimeoutError(text) from None
        raise (RuntimeError if "ended its interpreter" in text else TypeError)(text) from None


def _found_out(name: str, data: bytes, seconds: float) -> Determinism:
    here, *elsewhere = visited(data, (HERE, *ELSEWHERE), seconds=seconds, later=True)
    outcome = outcome_of(here[0])
    first, second, *later = here
    if later and difference(first, second) is None and (found := difference(second, later[0])) is not None:
        return Determinism(name, False, outcome, _sentence(found, "at first", "a second later"), (CLOCK,))
    for world, there in zip(ELSEWHERE, elsewhere, strict=True):
        found = difference(here[0], there[0])
        if found is not None:
            parts = _parts_that_matter(data, here, world, seconds)
            return Determinism(name, False, outcome, _sentence(found, "in one world", "in another"), parts)
    found = next((each for calls in (here, *elsewhere) if (each := difference(*calls[:2])) is not None), None)
    if found is not None:
        return Determinism(name, False, outcome, _sentence(found, "at the first call", "at the second"), (SECOND_CALL,))
    return Determinism(name, True, outcome)


def _parts_that_matter(data: bytes, here: Calls, other: World, seconds: float) -> tuple[str, ...]:
    """Return the parts of a world that make the difference: changed one at a time, and none at all."""
    parts = one_part_of(other)
    again, *changed = visited(data, (HERE, *parts.values()), seconds=seconds)
    if difference(here[0], again[0]) is not None:
        return (SOMETHING_ELSE,)
    mattering = [part for part, calls in zip(parts, changed, strict=True) if difference(here[0], calls[0]) is not None]
    return tuple(mattering or parts)  # else only together, and there is no telling which


def _sentence(found: Difference, one: str, other: str) -> str:
    return f"{found.path}: {found.one} {one}, {found.other} {other}."
