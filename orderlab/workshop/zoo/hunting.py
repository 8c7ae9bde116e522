"""Let a test loose on the zoo: how many of the faulty ones does it catch, and does it leave the healthy one alone?"""

from collections.abc import Callable
from typing import Any

from orderlab.workshop.zoo.attempt import attempt
from orderlab.workshop.zoo.hunt import Hunt
from orderlab.workshop.zoo.specimen import KINDS, Specimen


def hunt_in(specimens: tuple[Specimen, ...], test: Callable[[Any], Any], kind: str, seconds: float) -> Hunt:
    """Run a test on the healthy ones and on every specimen of a kind; see `orderlab.workshop.zoo.hunt`."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    if not callable(test):
        raise TypeError(f"test must be a function of one argument, the {kind} that it tests, not {test!r}")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise ValueError(f"seconds must be a number above 0, not {seconds!r}")
    hunted = tuple(each for each in specimens if each.kind == kind)
    returned = None
    for healthy in {id(each.healthy): each.healthy for each in hunted}.values():
        made = attempt(test, healthy, seconds)
        if not made.passed:
            return Hunt(kind, hunted, problem=made.error or f"it did not come to an end within {seconds:g} s")
        returned = made.returned
    attempts = [(each, attempt(test, each.faulty, seconds)) for each in hunted]
    return Hunt(
        kind,
        hunted,
        caught=tuple(each for each, made in attempts if made.error),
        endless=tuple(each for each, made in attempts if made.is_endless),
        returned=returned,
    )
