"""One kind of mistake, kept where it can be looked at: a faulty domain or event store beside the healthy one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from inspect import getsource
from typing import Any, Literal

from orderlab.drawing import tables
from orderlab.drawing.svg import escape
from orderlab.exploration.distinction import Distinction
from orderlab.exploration.distinguish import distinguish

Kind = Literal["decider", "reducer", "event store"]

KINDS: tuple[Kind, ...] = ("decider", "reducer", "event store")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Specimen:
    """A mistake that people make, as code that makes it.

    Args:
        name: What it is called: `ships-a-cancelled-order`.
        mistake: What is wrong with it and what comes of that, one sentence.
        kind: What it is: a decider, a reducer, or what opens event stores.
        faulty: The one with the mistake.
        healthy: The one without.
        written: The functions or classes in which the mistake is made, for reading.
        commands: What tells the two apart, among other commands; None for event stores, which have operations.
    """

    name: str
    mistake: str
    kind: Kind
    faulty: Any
    healthy: Any
    written: tuple[Callable[..., Any], ...]
    commands: tuple[Any, ...] | None = None

    @property
    def source(self) -> str:
        """The Python in which the mistake is made."""
        return "\n\n".join(getsource(each) for each in self.written)

    def distinction(self) -> Distinction:
        """Return the shortest run on which it differs from the healthy one."""
        return _distinction(self)

    def __repr__(self) -> str:
        return f"<Specimen {self.name}, {'an event store' if self.kind == 'event store' else f'a {self.kind}'}>"

    def __str__(self) -> str:
        return f"{self.name}: {self.mistake}"

    def _repr_html_(self) -> str:
        told = tables.fields({"name": self.name, "kind": self.kind, "mistake": self.mistake})
        return f"{told}<pre>{escape(self.source)}</pre>{self.distinction()._repr_html_()}"


@cache
def _distinction(specimen: Specimen) -> Distinction:
    labels = "the faulty one", "the healthy one"
    return distinguish(specimen.faulty, specimen.healthy, specimen.commands, labels=labels)
