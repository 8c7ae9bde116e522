"""What a search through all states found, and how it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from orderlab.drawing import tables
from orderlab.exploration.searching.predicates import quoted
from orderlab.exploration.trace import Trace
from orderlab.timeline.unknown import counted


@dataclass(frozen=True, slots=True, repr=False)
class Explored:
    """All that a search through the states of a domain found; made by `explore`.

    Args:
        name: The domain.
        states: How many states there are, that of the beginning included; those that are folded count once.
        transitions: How many commands cause something, counted in each state.
        refused: How many are refused, counted likewise.
        quiet: How many are accepted and cause nothing.
        levels: How many states are reached by so many commands at the least: by none, by one, ….
        ends: How many states there are in which no command causes anything.
        why_not: Why the search was not exhaustive, as a sentence; empty if it was.
        counterexample: The shortest run in which something does not hold; None if there is none.
        broken: The name of what does not hold in it; empty if there is none.
        never: The names of what should happen sometimes, and did not.
        reached: By the name of what should happen sometimes, the shortest run in which it did.
        seconds: How long it took.
    """

    name: str
    states: int
    transitions: int
    refused: int
    quiet: int
    levels: tuple[int, ...]
    ends: int
    why_not: str = ""
    counterexample: Trace | None = None
    broken: str = ""
    never: tuple[str, ...] = ()
    reached: Mapping[str, Trace] = field(default_factory=dict, hash=False)
    seconds: float = field(default=0.0, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reached", MappingProxyType(dict(self.reached)))

    def __reduce__(self) -> tuple[Any, ...]:  # a mapping that cannot be changed cannot be pickled either
        values = [getattr(self, name) for name in self.__dataclass_fields__]
        return Explored, tuple(dict(each) if isinstance(each, MappingProxyType) else each for each in values)

    @property
    def depth(self) -> int:
        """How many commands in a row it takes to reach the farthest state."""
        return len(self.levels) - 1

    @property
    def exhaustive(self) -> bool:
        """Whether every state was found and every command tried in each."""
        return not self.why_not

    @property
    def holds(self) -> bool:
        """Whether all that was asked held in what was explored: nothing was broken, and nothing is missing."""
        return self.counterexample is None and not self.never

    @property
    def tried(self) -> int:
        """How many commands were tried, counted in each state."""
        return self.transitions + self.refused + self.quiet

    def sentences(self) -> tuple[str, ...]:
        """Return all of it, in sentences."""
        said = []
        if self.counterexample is not None:
            said.append(self.counterexample.title)
        elif not self.exhaustive:
            said.append(f"It is not exhaustive: {self.why_not}.")
        else:
            said.append("It is exhaustive: there are no other states, and every command was tried in each.")
        far = "" if self.exhaustive else " in what was explored"
        said += [f"{quoted(name)} never happens{far}." for name in self.never]
        said += [
            f"{quoted(name)} happens, after {counted(len(trace), 'command')} at the earliest."
            for name, trace in self.reached.items()
        ]
        return tuple(said)

    def __repr__(self) -> str:
        if self.counterexample is not None:
            end = f"broken after {counted(len(self.counterexample), 'command')}: {self.broken}"
        else:
            end = "exhaustive" if self.exhaustive else "not exhaustive"
        never = f", never: {', '.join(self.never)}" if self.never else ""
        return (
            f"<Explored {self.name}: {counted(self.states, 'state')}, {counted(self.transitions, 'transition')}, "
            f"{self.refused:,} refused, depth {self.depth}, {end}{never}>"
        )

    def _repr_html_(self) -> str:
        shown = tables.fields(
            {
                "states": self.states,
                "transitions": self.transitions,
                "refused": self.refused,
                "without effect": self.quiet,
                "depth": self.depth,
                "states where all ends": self.ends,
            }
        )
        told = "".join(f"<p>{tables.cell(sentence)}</p>" for sentence in self.sentences())
        return shown + told + ("" if self.counterexample is None else self.counterexample._repr_html_())
