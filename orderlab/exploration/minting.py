"""An exercise made of a run: what comes of each command?"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace
    from orderlab.grading.exercise import Exercise


def exercise_of(trace: "Trace", number: str, title: str | None) -> "Exercise":
    """Return an exercise that asks what comes of each command."""
    raise ValueError
