"""The zoo: faulty deciders, reducers and event stores, each with a mistake that people make; write the test for it.

from orderlab.workshop import zoo

def test(decider):
assert decider.evolve(None, placed).version == 1

zoo.hunt(test, "decider")
"""

from collections.abc import Callable
from typing import Any

from orderlab.workshop.zoo import deciding, eventstores, evolving, reducers
from orderlab.workshop.zoo.hunt import Hunt
from orderlab.workshop.zoo.hunting import hunt_in
from orderlab.workshop.zoo.specimen import Specimen

__all__ = ["ZOO", "Hunt", "Specimen", "hunt", "specimen"]

ZOO: tuple[Specimen, ...] = (
    *deciding.SPECIMENS,
    *evolving.SPECIMENS,
    *reducers.SPECIMENS,
    *eventstores.SPECIMENS,
)
"""All specimens, by kind and then from the mistakes that are met first to those that are met last."""


def specimen(name: str) -> Specimen:
    """Return the specimen with this name.

    Raises:
        KeyError: There is none; the names are said.

    >>> specimen("never-conflicts")
    <Specimen never-conflicts, an event store>
    """
    for each in ZOO:
        if each.name == name:
            return each
    raise KeyError(f"there is no specimen {name!r}; there are {', '.join(each.name for each in ZOO)}")


def hunt(test: Callable[[Any], Any], kind: str = "decider", *, seconds: float = 5.0) -> Hunt:
    """Run a test on the healthy one and on every faulty one of a kind, and count those that it catches.

    A faulty one is caught when the test fails or raises on it; the healthy one must pass, or nothing can be said.

    Args:
        test: A function, also an async one, of what is tested: a decider, a reducer, or what opens a fresh event store
            when it is called.
        kind: `decider`, `reducer` or `event store`.
        seconds: How long it may take on each; what takes longer is ended, and has caught nothing.

    Raises:
        TypeError: The test is no function.
        ValueError: There is no such kind, or no such time.
    """
    return hunt_in(ZOO, test, kind, seconds)
